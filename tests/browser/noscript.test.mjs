// Everything that matters works without script: open, acknowledge, note, refuse and keep, close.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Midwatch } from "./midwatch.mjs";

let midwatch, ada;

before(async () => {
  midwatch = await Midwatch.start();
  ada = await midwatch.setUp({ javaScriptEnabled: false });
});
after(() => midwatch?.stop());

test("a ticket is opened, acknowledged, noted and closed without script", async () => {
  await ada.goto("/tickets/new");
  await ada.fill("[name=title]", "Paper and pencil");
  await ada.fill("[name=description]", "Seen without script");
  await ada.click("button.open-it");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  const number = ada.url().match(/MW-\d+/)[0];
  await ada.getByText(`${number} opened.`).waitFor();
  await ada.click("button:has-text('Acknowledge')");
  await ada.getByText("acknowledged the ticket").waitFor();
  await ada.fill("[name=text]", "A note by plain post");
  await ada.click("button:has-text('Add note')");
  await ada.locator(".timeline", { hasText: "A note by plain post" }).waitFor();

  await ada.click("a:has-text('Close')");
  await ada.selectOption("[name=outcome]", "benign");
  // Spaces satisfy the browser, not the rule.
  await ada.fill("[name=summary]", "   ");
  await ada.fill("[name=lessons]", "Lessons are kept");
  await ada.click("main form button.primary");
  await ada.getByText("This must be given.").waitFor();
  assert.equal(await ada.inputValue("[name=lessons]"), "Lessons are kept", "what was typed is kept");
  assert.equal(await ada.inputValue("[name=outcome]"), "benign");
  await ada.fill("[name=summary]", "It was the tide.");
  await ada.click("main form button.primary");
  await ada.waitForURL(`**/tickets/${number}`);
  await ada.locator(".steps .current", { hasText: "Closed" }).waitFor();
});

test("rows of a template are added and saved without script", async () => {
  await ada.goto("/templates/new");
  await ada.fill("[name=title]", "Tide gauge");
  await ada.click("button[value=add-field]");
  await ada.fill("[name=field-0-label]", "Level");
  await ada.click("button[value=add-field]");
  assert.equal(await ada.inputValue("[name=field-0-label]"), "Level");
  await ada.fill("[name=field-1-label]", "Harbour");
  await ada.click("button[value=up-field-1]");
  assert.equal(await ada.inputValue("[name=field-0-label]"), "Harbour");
  await ada.click("button.primary[value=save]");
  await ada.waitForURL("**/templates/tide_gauge");
});
