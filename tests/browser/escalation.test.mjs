// Escalation as people meet it: a page shows by itself and is answered by keyboard, pages are silenced, a policy is edited.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Midwatch, press } from "./midwatch.mjs";

let midwatch, ada;

async function open(title) {
  await ada.goto("/tickets/new");
  await ada.fill("#f-title", title);
  await press(ada, "Control+Enter");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  return ada.url().match(/MW-\d+/)[0];
}

before(async () => {
  midwatch = await Midwatch.start();
  ada = await midwatch.setUp();
});
after(() => midwatch?.stop());

test("the owner is paged while they look, and acknowledges by a key", async () => {
  await open("Strange lights in the harbour network");
  await ada.getByText("You are paged (level 1), because it was opened").waitFor();
  await press(ada, "a");
  await ada.getByText("Somebody is on it: nobody is paged.").waitFor();
  assert.equal(await ada.getByText("You are paged").count(), 0);
});

test("help is asked for by a key, with the reason", async () => {
  await press(ada, "e");
  await ada.fill("#why-escalate", "Two sites are down");
  await ada.getByRole("button", { name: "Page the next level" }).click();
  await ada.locator(".timeline", { hasText: "asked for the next level" }).waitFor();
  await ada.locator(".timeline .entry", { hasText: "because somebody asked for help" }).waitFor();
});

test("pages are silenced for a while, and it is not an acknowledgement", async () => {
  await open("Planned restart of the gateway");
  await ada.getByText("You are paged (level 1)").waitFor();
  await ada.locator(".paging summary.button", { hasText: "Snooze" }).click();
  await ada.fill("#why-snooze", "The restart is planned");
  await ada.locator(".paging form", { has: ada.locator("#why-snooze") }).getByRole("button").click();
  await ada.getByText("Pages are silent for now.").waitFor();
  assert.ok(await ada.getByRole("button", { name: /^Acknowledge/ }).isVisible());
  await ada.getByRole("button", { name: "End snooze" }).click();
  await ada.locator(".timeline", { hasText: "ended the snooze" }).waitFor();
});

test("a policy that waits for nothing is refused at the field, and what was typed is kept", async () => {
  await ada.goto("/policies/new?from=pol_shipped_critical");
  await ada.fill("[name=name]", "Night shift");
  await ada.fill("#level-1-wait", "0");
  await ada.locator(".ticket-side button[value=save]").click();
  await ada.locator("#e-level-1-wait", { hasText: "The wait of level 2 is 1 to 10080 minutes, not 0." }).waitFor();
  assert.equal(await ada.inputValue("[name=name]"), "Night shift");
  await ada.fill("#level-1-wait", "7");
  await ada.locator(".ticket-side button[value=save]").click();
  await ada.waitForURL(/\/policies\/pol_/);
  await ada.getByText("7 min later: the lead of the team.").waitFor();
  // Refusing answers with a status that the console reports; nothing else went wrong.
  assert.deepEqual(ada.wrong.filter((w) => !w.includes("422")), []);
});
