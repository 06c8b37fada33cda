// Every page: nothing serious for people who cannot see, point or tell colours apart; light enough; no error in the console.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Midwatch, press } from "./midwatch.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const HEAVIEST = 100_000;

let midwatch, ada, number;

before(async () => {
  midwatch = await Midwatch.start();
  // The check itself is put into the page as text, which the pages' own policy forbids.
  ada = await midwatch.setUp({ bypassCSP: true });
  await ada.goto("/settings/channels/new?kind=mailbox");
  await ada.fill("[name=name]", "Letters on this machine");
  await ada.fill("[name=from]", "midwatch@example.org");
  await ada.click("main form button.primary");
  await ada.waitForURL((url) => url.pathname !== "/settings/channels/new");
  await ada.goto("/tickets/new?template=phishing");
  await ada.fill("#f-title", "A mail that wants a password");
  for (const field of await ada.$$('main form [name^="fields."][required]')) {
    const [tag, type] = await field.evaluate((e) => [e.tagName, e.type]);
    if (tag === "SELECT") await field.selectOption({ index: 1 });
    else if (type === "radio") await field.check();
    else await field.fill("mallory@mail.example");
  }
  await press(ada, "Control+Enter");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  number = ada.url().match(/MW-\d+/)[0];
  await ada.fill("#note", "Look at **this**, [a link](https://a.example) and `code`.");
  await press(ada, "Control+Enter");
  await ada.locator(".timeline strong", { hasText: "this" }).waitFor();
});
after(() => midwatch?.stop());

const pages = () => [
  "/", "/tickets", "/tickets?view=board", "/tickets?q=severity:hgh", "/tickets?q=tag:none", `/tickets/${number}`,
  ...["offer_handoff", "move_phase", "close", "classify", "restrict", "release", "split", "link", "note"].map((verb) => `/tickets/${number}/${verb}`),
  "/tickets/new", "/tickets/new?template=ransomware", "/report", "/search", "/search?q=mail", "/templates", "/templates/phishing", "/templates/phishing/edit", "/templates/new",
  "/policies", "/policies/pol_shipped_high", "/policies/new?from=pol_shipped_high", `/tickets/${number}/snooze`, `/tickets/${number}/escalate`, "/procedures", "/procedures/phishing_response", "/procedures/phishing_response/edit", "/record", "/record/1", "/record/verify", "/help",
  "/people", "/people/invite", "/teams", "/settings", "/account", "/tokens", "/reference",
  "/oncall", "/schedules", "/schedules/new", "/calendars", "/calendars/new", "/clocks", "/settings/targets", "/settings/targets/edit", "/settings/regulations", "/settings/regulations/nis2",
  "/settings/channels", "/settings/channels/new?kind=mail", "/settings/messages", "/settings/messages/escalated", "/deliveries", "/mailbox", "/me/notices", "/me/notifications",
  "/inventory", "/inventory/new", "/inventory/import", "/alerts", "/alerts?state=snoozed", "/alerts/all", "/alerts/rules", "/alerts/rules/new", "/alerts/sources", "/alerts/sources/new",
  "/logs", "/log-reviews", "/log-reviews/new", "/intelligence", "/intelligence/feeds/new?kind=csv", "/intelligence/feeds/new?kind=taxii", "/intelligence/lists", "/intelligence/lists?q=8.8.8.8", "/intelligence/indicators", "/intelligence/indicators?q=nothing", "/observables", "/observables/ignored", "/observables/domain/mail.example", "/attack", "/attack?show=all", "/attack/T1566", `/tickets/${number}/attack`, `/tickets/${number}/observe`, "/no/such/page",
];

for (const [theme, width] of [["light", 1440], ["light", 390], ["dark", 1440], ["dark", 390]]) {
  test(`no page has a serious fault in ${theme} at ${width}`, async () => {
    await ada.setViewportSize({ width, height: 900 });
    await ada.context().addCookies([{ name: "theme", value: theme, url: midwatch.url }]);
    const faults = [];
    for (const path of pages()) {
      await ada.goto(path);
      await ada.evaluate(AXE);
      const found = await ada.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      for (const v of found.violations.filter((v) => ["serious", "critical"].includes(v.impact))) faults.push(`${path}: ${v.id}, ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`);
      const sideways = await ada.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
      if (sideways) faults.push(`${path}: scrolls sideways`);
    }
    assert.deepEqual(faults, []);
  });
}

test("no page is heavy", async () => {
  const heavy = [];
  for (const path of pages().filter((p) => p !== "/reference")) {
    const page = await midwatch.window({ storageState: await ada.context().storageState() });
    let bytes = 0;
    page.on("response", async (response) => {
      if (response.url().includes("/live")) return;
      bytes += Number((await response.request().sizes().catch(() => ({ responseBodySize: 0 }))).responseBodySize);
    });
    await page.goto(path, { waitUntil: "load" });
    await page.evaluate(() => document.fonts.ready);
    if (bytes > HEAVIEST) heavy.push(`${path}: ${bytes} bytes`);
    await page.context().close();
  }
  assert.deepEqual(heavy, []);
});

test("no page complains in the console", async () => {
  // The page that does not exist says so.
  assert.deepEqual(ada.wrong.filter((w) => !w.includes("/no/such/page")), []);
});
