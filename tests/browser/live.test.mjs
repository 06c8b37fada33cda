// What others do appears by itself, and only to whom it concerns; palette and theme.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Midwatch, press } from "./midwatch.mjs";

let midwatch, ada, ben, number;

before(async () => {
  midwatch = await Midwatch.start();
  ada = await midwatch.setUp();
  ben = await midwatch.invite(ada, "Ben Analyst", "ben@example.org", "analyst");
  await ada.goto("/tickets/new");
  await ada.fill("#f-title", "Strange lights in the harbour network");
  await press(ada, "Control+Enter");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  number = ada.url().match(/MW-\d+/)[0];
});
after(() => midwatch?.stop());

test("a change shows on another's open page without a reload, and what they type stays", async () => {
  await ben.goto(`/tickets/${number}`);
  await ben.fill("#note", "I am writing this while");
  await ada.goto(`/tickets/${number}`);
  await press(ada, "a");
  await ben.locator(".timeline", { hasText: "acknowledged the ticket" }).waitFor();
  assert.equal(await ben.inputValue("#note"), "I am writing this while");
  await ben.fill("#note", "");
});

test("a new ticket appears in an open queue, and a row changes in place", async () => {
  await ben.goto("/tickets");
  await ada.goto("/tickets/new");
  await ada.fill("#f-title", "A second one");
  await press(ada, "Control+Enter");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  const second = ada.url().match(/MW-\d+/)[0];
  const row = ben.locator(`tr[data-key="${second}"]`);
  await row.waitFor();
  await ada.goto(`/tickets/${second}/move_phase`);
  await press(ada, "Control+Enter");
  await ada.locator("[name=to]").focus();
  await press(ada, "Control+Enter");
  await row.filter({ hasText: "Analysis" }).waitFor();
});

test("who signs out elsewhere hears no more", async () => {
  const page = await midwatch.window();
  await page.goto("/login");
  await page.fill("[name=login]", "ben@example.org");
  await page.fill("[name=password]", "a lantern on the night pier");
  await page.click("main button[type=submit]");
  await page.waitForURL(`${midwatch.url}/`);
  await page.goto("/tickets");
  const ended = page.waitForEvent("requestfinished", { predicate: (r) => r.url().includes("/live"), timeout: 30_000 });
  await page.request.post("/logout", { headers: { Origin: midwatch.url, "Sec-Fetch-Site": "same-origin" }, maxRedirects: 0 });
  await ended;
});

test("the palette goes anywhere and the theme stays", async () => {
  await ada.goto("/");
  await press(ada, "Control+k");
  await ada.locator("dialog.palette[open]").waitFor();
  await ada.keyboard.type("procedures");
  await press(ada, "Enter");
  await ada.waitForURL("**/procedures");
  await press(ada, "Control+k");
  await ada.locator("dialog.palette[open]").waitFor();
  await ada.keyboard.type(number);
  await press(ada, "Enter");
  await ada.waitForURL(`**/tickets/${number}`);
  await press(ada, "g", "q");
  await ada.waitForURL("**/tickets");
  await press(ada, "?");
  await ada.locator("dialog[open]", { hasText: "Next, previous row" }).waitFor();
  await press(ada, "Escape");
  await ada.click(".me summary");
  const kept = ada.waitForResponse("**/account/theme");
  await ada.click(".me button[value=dark]");
  await kept;
  await ada.goto("/templates");
  assert.equal(await ada.getAttribute("html", "data-theme"), "dark");
  assert.deepEqual([...ada.wrong, ...ben.wrong], []);
});
