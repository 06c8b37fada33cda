// The main job by keyboard alone: from a log excerpt to a closed ticket, through two pairs of hands.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Midwatch, fixture, press, tabTo } from "./midwatch.mjs";

let midwatch, ada, ben;

before(async () => {
  midwatch = await Midwatch.start();
  ada = await midwatch.setUp();
  ben = await midwatch.invite(ada, "Ben Analyst", "ben@example.org", "analyst");
});
after(() => midwatch?.stop());

test("a ticket goes from a log excerpt to its close by keyboard alone", async () => {
  const log = await fixture("sshd-auth.log");
  await ada.goto("/");
  await press(ada, "n");
  await ada.waitForURL("**/tickets/new");
  await tabTo(ada, "[data-filter-tiles]");
  await ada.keyboard.type("suspicious log");
  await press(ada, "Enter");
  await ada.waitForURL("**/tickets/new?template=suspicious_log_activity");
  await tabTo(ada, "#f-title");
  await ada.keyboard.type("Password spray against the bastion, one success");
  await tabTo(ada, "#f-description");
  // Pasting is one act of the keyboard, too.
  await ada.keyboard.insertText(log);
  await tabTo(ada, '[id="f-fields.source"], [name="fields.source"], main form input[required]:placeholder-shown, [name^="fields."][required]');
  for (const field of await ada.$$('main form [name^="fields."][required]')) {
    await field.focus();
    const tag = await field.evaluate((e) => e.tagName);
    if (tag === "SELECT") await press(ada, "ArrowDown");
    else await ada.keyboard.type("bastion1, auth.log");
  }
  await press(ada, "Control+Enter");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  const number = ada.url().match(/MW-\d+/)[0];
  assert.match(await ada.innerText("main"), /Ada Admin/, "the person on duty owns it from the first moment");

  await press(ada, "a");
  await ada.getByText(`${number}: acknowledged`).waitFor();
  await ada.locator(".timeline", { hasText: "acknowledged the ticket" }).waitFor();

  await press(ada, "m");
  await ada.keyboard.type("m.keller signed in from an address not seen before. **Session ended.**");
  await press(ada, "Control+Enter");
  await ada.locator(".timeline strong", { hasText: "Session ended." }).waitFor();
  await press(ada, "Escape");

  await press(ada, "h");
  await ada.waitForURL(`**/tickets/${number}/offer_handoff`);
  assert.match(await ada.inputValue("[name=situation]"), /Password spray/, "the brief is drafted from the ticket");
  await tabTo(ada, "[name=to]");
  await ada.keyboard.type("Ben");
  await press(ada, "Control+Enter");
  await ada.waitForURL(`**/tickets/${number}`);
  await ada.getByText("offered to Ben Analyst").first().waitFor();
  assert.match(await ada.innerText(".head-facts"), /Ada Admin/, "the giver stays responsible");

  await ben.goto("/");
  await ben.getByText("Ada Admin offers you this ticket").waitFor();
  await press(ben, "j", "Enter");
  await ben.waitForURL(`**/tickets/${number}`);
  await ben.getByText("stays responsible until you accept").waitFor();
  await press(ben, "a");
  await ben.locator(".head-facts", { hasText: "Ben Analyst" }).waitFor();

  for (const phase of ["Analysis", "Containment", "Eradication", "Recovery"]) {
    await press(ben, "p");
    await ben.waitForURL(`**/tickets/${number}/move_phase`);
    assert.equal(await ben.locator("[name=to] option:checked").innerText(), phase, "the next phase is proposed");
    await tabTo(ben, "[name=to]");
    await press(ben, "Control+Enter");
    await ben.waitForURL(`**/tickets/${number}`);
    await ben.locator(".steps .current", { hasText: phase }).waitFor();
  }

  await tabTo(ben, "#file");
  await ben.setInputFiles("#file", { name: "auth.log", mimeType: "text/plain", buffer: Buffer.from(log) });
  await tabTo(ben, "#file-d");
  await ben.keyboard.type("The log of the night, from bastion1");
  await press(ben, "Enter");
  await ben.locator(".timeline", { hasText: "attached “auth.log” as evidence" }).waitFor();

  await press(ben, "Escape", "c");
  await ben.waitForURL(`**/tickets/${number}/close`);
  await ben.getByText("Required task is open").first().waitFor();
  const lacking = await ben.locator(".consequences .blocks", { hasText: "The template asks for" }).count();
  if (lacking > 0) {
    await ben.goto(`/tickets/${number}/set_fields`);
    for (const field of await ben.$$('main form [name^="fields."]')) {
      const [tag, type, value] = await field.evaluate((e) => [e.tagName, e.type, e.value]);
      if (tag === "SELECT" && !value) await field.selectOption({ index: 1 });
      else if (type === "radio" && value === "yes") await field.check();
      else if (type === "datetime-local" && !value) await field.fill("2026-07-01T03:04");
      else if (type === "number" && !value) await field.fill("3");
      else if (["text", "textarea"].includes(type) && !value) await field.fill("As the log shows.");
    }
    await ben.locator("main form [name^='fields.']").first().focus();
    await press(ben, "Control+Enter");
    await ben.waitForURL(`**/tickets/${number}`);
    await press(ben, "c");
    await ben.waitForURL(`**/tickets/${number}/close`);
  }
  await tabTo(ben, "[name=outcome]");
  await ben.keyboard.type("True");
  await tabTo(ben, "[name=summary]");
  await ben.keyboard.type("A spray found one password. Changed, sessions ended, second factor set.");
  await tabTo(ben, "[name=skip_tasks_because]");
  await ben.keyboard.type("Done before this ticket existed.");
  await press(ben, "Control+Enter");
  await ben.waitForURL(`**/tickets/${number}`);
  await ben.locator(".steps .current", { hasText: "Closed" }).waitFor();

  const story = await ben.innerText(".timeline");
  for (const line of ["opened the ticket", "acknowledged the ticket", "offered", "accepted", "moved from Detection to Analysis", "moved from Eradication to Recovery", "attached “auth.log” as evidence", "closed the ticket as true positive"]) assert.ok(story.includes(line), `the timeline tells: ${line}\n${story}`);
  assert.deepEqual([...ada.wrong, ...ben.wrong], []);
});

test("a refused form says what is missing and keeps what was typed", async () => {
  await ada.goto("/tickets/new");
  await ada.fill("#f-title", "Only a title");
  await press(ada, "Control+Enter");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  const number = ada.url().match(/MW-\d+/)[0];
  await ada.goto(`/tickets/${number}/move_phase`);
  await ada.selectOption("[name=to]", "analysis");
  await press(ada, "Control+Enter");
  await ada.waitForURL(`**/tickets/${number}`);
  await ada.goto(`/tickets/${number}/move_phase`);
  await ada.selectOption("[name=to]", "detection");
  await ada.click("main form button.primary");
  await ada.locator(".problem", { hasText: "needs a reason" }).waitFor();
  assert.equal(await ada.inputValue("[name=to]"), "detection");
});
