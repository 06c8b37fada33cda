// A night at the demo's company: a critical ticket climbs while nobody acts, and a shift of five tickets is handed over.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Midwatch, api, press } from "./midwatch.mjs";

let midwatch;

before(async () => { midwatch = await Midwatch.start("demo", "--pace", "60"); });
after(() => midwatch?.stop());

const open = async (page, title, severity) => (await api(page, "POST", "/tickets", { title, severity, description: "Seen on the night pier." })).ticket;

test("nobody acts, and within half a minute the last-resort person is paged", async () => {
  const lead = await midwatch.enter("Lead");
  assert.match(await lead.locator("aside.demo").innerText(), /A minute passes in a second/);
  const number = await open(lead, "Files are being encrypted on files-02", "critical");
  await lead.goto(`/tickets/${number}`);
  const paged = (words) => lead.locator(".timeline .entry.system", { hasText: words });
  await paged("(level 1)").first().waitFor({ timeout: 10_000 });
  // The page hears of it by itself; nobody reloads it.
  await paged("the last resort").first().waitFor({ timeout: 40_000 });
  assert.match(await paged("the last resort").first().innerText(), /Ingrid Solberg/);
  const report = await api(lead, "GET", "/handover/report");
  const climbed = report.escalated.find((e) => e.ticket.number === number);
  assert.equal(climbed.level, 0);
  await lead.goto(`/tickets/${number}`);
  assert.deepEqual(lead.wrong, []);
  await lead.context().close();

  // Everybody who was paged got a letter, and nobody the links of others.
  const ingrid = await midwatch.enter("Ingrid Solberg");
  await ingrid.locator("aside.demo a", { hasText: "letters" }).click();
  await ingrid.waitForURL("**/mailbox");
  const about = ingrid.locator("details.letter", { has: ingrid.locator("summary", { hasText: number }) });
  const own = about.filter({ hasText: "ingrid@kestrel.example" });
  for (let i = 0; i < 20 && await own.count() === 0; i++) {
    // Sending follows the entry at its own pace.
    await ingrid.getByRole("link", { name: "Look again" }).click();
    await ingrid.waitForLoadState();
  }
  await own.first().evaluate((d) => { d.open = true; });
  assert.match(await own.first().innerText(), /Files are being encrypted on files-02/);
  assert.match(await own.first().locator("a", { hasText: "/act/" }).first().getAttribute("href"), /^\/act\/mwo_/);
  const others = about.filter({ hasNotText: "ingrid@kestrel.example" });
  assert.ok(await others.count() > 0, "the owner was paged too");
  assert.equal(await others.locator("a", { hasText: "/act/" }).count(), 0);
  assert.deepEqual(ingrid.wrong, []);
  await ingrid.context().close();
});

test("a shift of five tickets is handed over with a brief each and accepted by keyboard", async () => {
  const lead = await midwatch.enter("Lead");
  const name = await lead.locator(".duty .name").innerText();
  const giver = await midwatch.enter(name);
  const me = (await api(giver, "GET", "/me")).id;
  const numbers = [];
  for (const what of ["jump-01", "vpn-gw", "lt-0388", "files-02", "portal-1"]) {
    const number = await open(giver, `Failed sign-ins on ${what}`, "medium");
    // The watch may have changed just now: a minute passes in a second.
    if ((await api(giver, "GET", `/tickets/${number}`)).owner !== me) await api(giver, "POST", `/tickets/${number}/take`, { reason: "Mine." });
    numbers.push(number);
  }
  await giver.goto("/handover");
  for (const box of await giver.locator("input[name=ticket]").all()) await box.setChecked(numbers.includes(await box.inputValue()));
  const receiver = await giver.locator("[name=to]").evaluate((s) => s.selectedOptions[0].textContent.replace(/ \(.*/, ""));
  assert.notEqual(receiver, "Nobody chosen", "whoever is on call next is proposed");
  await giver.locator(`li[data-key="${numbers[0]}"] summary`).click();
  await giver.fill(`[name="next_steps.${numbers[0]}"]`, "Call the vendor at six.");
  await giver.fill("[name=note]", "Quiet since noon.");
  await giver.locator("h1").click();
  await press(giver, "o");
  await giver.locator(".toast", { hasText: "5 tickets are offered" }).waitFor();
  for (const number of numbers) assert.equal((await api(giver, "GET", `/tickets/${number}`)).owner, me, "the giver stays responsible");

  const taker = await midwatch.enter(receiver);
  await taker.goto("/handover/offered");
  const brief = taker.locator(`li[data-key="${numbers[0]}"]`);
  await brief.getByText("Call the vendor at six.").waitFor();
  assert.match(await brief.locator(".clock").innerText(), /left/);
  await press(taker, "y");
  await taker.locator(".toast", { hasText: "yours now" }).waitFor();
  const them = (await api(taker, "GET", "/me")).id;
  for (const number of numbers) {
    assert.equal((await api(taker, "GET", `/tickets/${number}`)).owner, them);
    const kinds = (await api(taker, "GET", `/tickets/${number}/timeline`)).items.map((e) => e.kind);
    assert.equal(kinds.filter((k) => k === "handoff_accepted").length, 1, "each acceptance is an entry of its own");
  }
  await taker.goto("/handover/report");
  await taker.locator("section", { hasText: "Handoffs" }).getByText("accepted").first().waitFor();
  for (const page of [lead, giver, taker]) assert.deepEqual(page.wrong, []);
});
