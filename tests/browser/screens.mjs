// Takes the pictures of docs/screens from the demo: every page in light and dark, ticket and queue on a phone.
// MIDWATCH_BIN=target/release/midwatch node screens.mjs [name of a picture …]

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Midwatch, api } from "./midwatch.mjs";
import { withPalette } from "./palette.mjs";

const folder = fileURLToPath(new URL("../../docs/screens/", import.meta.url));
await mkdir(folder, { recursive: true });

const only = process.argv.slice(2);
const wanted = (name) => only.length === 0 || only.includes(name);

const midwatch = await Midwatch.start("demo");
try {
  const enter = (who) => midwatch.enter(who);
  // The watch of whoever is on duty is the fullest one.
  const duty = await (async () => {
    const lead = await enter("Lead");
    const name = await lead.locator(".duty .name").innerText();
    return enter(name);
  })();
  const lead = await enter("Lead");
  const reporter = await enter("Reporter");

  await duty.goto("/tickets?q=is:open sort:-updated");
  const open = await duty.locator("tr[data-key]").evaluateAll((rows) => rows.map((r) => r.dataset.key));
  // The longest story makes the best picture.
  let story = open[0], most = 0;
  for (const number of open) {
    await duty.goto(`/tickets/${number}`);
    const entries = await duty.locator(".timeline .entry").count();
    if (entries > most) [story, most] = [number, entries];
  }

  await lead.goto("/policies");
  const policy = await lead.locator("tr[data-key]").first().getAttribute("data-key");
  // A ticket whose page waits for whoever is on duty.
  await duty.goto("/tickets?q=is:open is:unacknowledged owner:me");
  const paged = (await duty.locator("tr[data-key]").evaluateAll((rows) => rows.map((r) => r.dataset.key)))[0] ?? story;

  await lead.goto("/schedules");
  const schedule = await lead.locator("main a[href^='/schedules/sch_']").first().getAttribute("href");
  const admin = await enter("Administrator");
  // A ticket of just now, so that somebody is told of something.
  await api(lead, "POST", "/tickets", { title: "Beacon from a jump host", severity: "critical", description: "jump-01 calls out every sixty seconds." });

  // What intelligence knows of a campaign; the campaign, and what somebody pastes of it a month later.
  const fixture = (name) => readFile(new URL(`../../fixtures/${name}`, import.meta.url), "utf8");
  for (const [name, file] of [["ATT&CK", "enterprise"], ["Harbour ISAC", "partner"]]) {
    await api(lead, "POST", "/feeds", { name, kind: "upload", tlp: "GREEN" });
    const made = (await api(lead, "GET", "/feeds")).items.find((feed) => feed.name === name);
    const body = await fixture(`attack/${file}.json`);
    await lead.evaluate(([id, body]) => fetch(`/api/v1/feeds/${id}/import`, { method: "POST", body, headers: { "content-type": "application/octet-stream" } }), [made.id, body]);
  }
  const first = await api(lead, "POST", "/tickets", { title: "Freight invoices with OysterSync", severity: "high", description: await fixture("indicators/report.md") });
  await api(lead, "POST", "/tickets", { title: "One host asks a panel every minute", severity: "medium", description: "cdn[.]night-owl[.]top since 09:12, by T1071.001." });
  const later = await fixture("indicators/report-later.md");
  const again = await api(lead, "POST", "/tickets", { title: "Customs notice, forwarded", severity: "medium", description: later });

  // Feeds that are well, that lack something and that fail, with what one of them asserts of the campaign.
  const feed = (body) => api(admin, "POST", "/feeds", body);
  await feed({ name: "ThreatFox", kind: "csv", url: "http://127.0.0.1:9999/export/csv/recent/", allow_private: true, mapping: { preset: "threatfox" }, on_hit: "ticket", reliability: "B" });
  await feed({ name: "Ministry TAXII", kind: "taxii", url: "https://taxii.example.org/taxii2/", auth: { kind: "basic", user: "midwatch" }, reliability: "A" });
  await feed({ name: "Old phishing list", kind: "list", url: "https://lists.example.org/phishing.txt", enabled: false });
  await feed({ name: "Sector list", kind: "upload", tlp: "GREEN", reliability: "B", confidence: 80, validity_days: { ipv4: 30, "*": 180 } });
  const sector = (await api(admin, "GET", "/feeds")).items.find((f) => f.name === "Sector list").id;
  const labelled = (await fixture("indicators/report.expected.jsonl")).trim().split("\n").map((line) => JSON.parse(line)).filter((l) => l.as === "expect");
  const pattern = { ipv4: "ipv4-addr:value", domain: "domain-name:value", url: "url:value", md5: "file:hashes.MD5", sha1: "file:hashes.'SHA-1'", sha256: "file:hashes.'SHA-256'", email: "email-addr:value" };
  const quoted = (value) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const at = "2026-10-20T08:00:00Z";
  const objects = labelled.filter((l) => pattern[l.type]).map((l, i) => ({
    type: "indicator", id: `indicator--${i}`, pattern_type: "stix", pattern: `[${pattern[l.type]} = ${quoted(l.value)}]`, created: at, modified: at, valid_from: at,
    confidence: 60 + (i * 7) % 40, name: "OysterSync", labels: [["c2"], ["delivery"], ["payload"]][i % 3] }));
  objects.push({ type: "indicator", id: "indicator--p", pattern_type: "stix", pattern: "[ipv4-addr:value = '0.0.0.0/0']", created: at, modified: at, valid_from: at });
  objects.push({ type: "indicator", id: "indicator--q", pattern_type: "stix", pattern: "[domain-name:value = 'co.uk']", created: at, modified: at, valid_from: at });
  objects.push({ type: "malware", id: "malware--1", name: "OysterSync", is_family: true });
  for (const o of objects.filter((o) => o.type === "indicator")) objects.push({ type: "relationship", id: `relationship--${o.id}`, relationship_type: "indicates", source_ref: o.id, target_ref: "malware--1", created: at, modified: at });
  const brought = await admin.request.post(`/api/v1/feeds/${sector}/import`, { data: Buffer.from(JSON.stringify({ type: "bundle", id: "bundle--1", objects })), headers: { "Content-Type": "application/octet-stream", Origin: midwatch.url, "Sec-Fetch-Site": "same-origin" } });
  if (!brought.ok()) throw new Error(await brought.text());
  // The feed that fails is asked within seconds.
  while (!(await api(admin, "GET", "/feeds")).items.some((f) => f.health.error)) await new Promise((soon) => setTimeout(soon, 500));

  // Sources that report, with what they brought, a rule, and assets that some of it is about.
  await api(admin, "POST", "/assets", { name: "bastion-1", kind: "server", criticality: "critical", environment: "production", identifiers: [{ kind: "hostname", value: "bastion-1" }, { kind: "ip", value: "192.0.2.14" }] });
  await api(admin, "POST", "/assets", { name: "Shop", kind: "application", criticality: "high", environment: "production", identifiers: [{ kind: "hostname", value: "shop.example.com" }] });
  const sources = {};
  for (const [name, more] of [["ElastAlert", { format: "the_hive", open_from: "high" }], ["Alertmanager", { format: "alertmanager", open_from: null, expect_minutes: 1440 }], ["Badge readers", { format: "generic", mapping: { key: "id", title: "text", severity: "level" } }]]) {
    await api(admin, "POST", "/alert_sources", { name, ...more });
    const { id } = (await api(admin, "GET", "/alert_sources")).items.find((s) => s.name === name);
    sources[name] = [id, (await api(admin, "POST", `/alert_sources/${id}/key`, {})).key];
  }
  const bring = async (name, body) => {
    const [id, key] = sources[name];
    const sent = await fetch(`${midwatch.url}/api/v1/intake/${id}`, { method: "POST", headers: { Authorization: `Bearer ${key}` }, body: typeof body === "string" ? body : JSON.stringify(body) });
    if (!sent.ok) throw new Error(await sent.text());
  };
  await api(admin, "POST", "/alert_rules", { name: "Scanner of the auditors", order: 10, when: "alert.title.contains(\"Nessus\")", then: { do: "suppress" }, until: new Date(Date.now() + 20 * 864e5).toISOString(), why: "Ordered for this month.", sample: { alert: { title: "Nessus scan of web-1" } } });
  await api(admin, "POST", "/alert_rules", { name: "Critical assets page at once", order: 20, when: "assets.exists(a, a.criticality == \"critical\") && alert.rank >= 3", then: { do: "open", severity: "critical" }, sample: { alert: { rank: 4 }, assets: [{ criticality: "critical" }] } });
  await bring("ElastAlert", JSON.parse(await fixture("alerts/the_hive/elastalert.json")));
  await bring("ElastAlert", Array.from({ length: 40 }, (_, n) => ({ type: "external", source: "elastalert", sourceRef: `login-${n}`, title: `Failed login of user${n} on vpn-2`, description: `From 198.51.100.${n + 1}.`, severity: 2, tags: ["vpn"] })));
  await bring("ElastAlert", { type: "external", source: "elastalert", sourceRef: "n-1", title: "Nessus scan of web-1", description: "", severity: 3 });
  await bring("ElastAlert", JSON.parse(await fixture("alerts/the_hive/v1.json")));
  await bring("Alertmanager", await fixture("alerts/alertmanager/notification.json"));
  await bring("Badge readers", "door open");
  const counted = async () => (await api(lead, "GET", "/alerts?text=Failed")).items.length >= 40 && (await api(admin, "GET", "/inbound")).items.length > 0;
  while (!(await counted())) await new Promise((soon) => setTimeout(soon, 300));
  const alert = (await api(lead, "GET", "/alerts?text=unknown address")).items[0];
  const rule = (await api(lead, "GET", "/alert_rules")).items[1].id;

  const shots = [
    ["alerts", lead, "/alerts"], ["alert", lead, `/alerts/${alert.id}`], ["all-alerts", lead, "/alerts/all"], ["alert-rules", lead, "/alerts/rules"], ["alert-rule", lead, `/alerts/rules/${rule}`],
    ["alert-sources", lead, "/alerts/sources"], ["alert-source", lead, `/alerts/sources/${sources["Badge readers"][0]}`], ["assets", lead, "/inventory"], ["logs", lead, "/logs"],
    ["feeds", lead, "/intelligence"], ["feed", lead, `/intelligence/feeds/${sector}`], ["indicators", lead, "/intelligence/indicators"], ["warning-lists", lead, "/intelligence/lists?q=8.8.8.8"],
    ["observables", lead, "/observables?kind=domain"], ["pivot", lead, "/observables/domain/oysterbank-static.net"], ["related", lead, `/tickets/${again.ticket}`],
    ["found", lead, "/tickets/new"], ["attack", lead, "/attack"], ["ticket-attack", lead, `/tickets/${first.ticket}/attack`],
    ["oncall", lead, "/oncall"], ["schedule", lead, schedule], ["schedule-edit", lead, `${schedule}/edit`], ["clocks", duty, "/clocks"],
    ["targets", lead, "/settings/targets"], ["regulations", lead, "/settings/regulations"], ["regulation", lead, "/settings/regulations/nis2"],
    ["channels", admin, "/settings/channels"], ["message", lead, "/settings/messages/escalated"], ["rules", duty, "/me/notifications"],
    ["deliveries", lead, "/deliveries"], ["mailbox", admin, "/mailbox"],
    ["my-watch", duty, "/"], ["queue", duty, "/tickets"], ["board", duty, "/tickets?view=board"], ["ticket", duty, `/tickets/${story}`],
    ["handover", duty, "/handover"], ["shift-report", lead, "/handover/report"],
    ["close", duty, `/tickets/${story}/close`], ["new-ticket", duty, "/tickets/new?template=suspicious_log_activity"],
    ["report", reporter, "/report"], ["my-reports", reporter, "/"], ["search", duty, "/search?q=vpn severity>=medium"],
    ["templates", lead, "/templates"], ["template", lead, "/templates/phishing"], ["template-edit", lead, "/templates/phishing/edit"],
    ["policies", lead, "/policies"], ["policy", lead, `/policies/${policy}`], ["policy-edit", lead, `/policies/${policy}/edit`], ["escalation", duty, `/tickets/${paged}`],
    ["procedures", lead, "/procedures"], ["procedure", lead, "/procedures/manual_ticket_creation"], ["procedure-edit", lead, "/procedures/handoff_and_shift_change/edit"],
    ["record", lead, "/record"], ["record-entry", lead, "/record/4000"], ["verify", lead, "/record/verify"], ["people", lead, "/people"], ["teams", lead, "/teams"], ["account", lead, "/account"], ["help", lead, "/help"],
  ];
  const shoot = async (page, name, theme) => {
    await page.context().addCookies([{ name: "theme", value: theme, url: midwatch.url }]);
    await page.reload();
    if (name === "found") {
      await page.fill("[name=description]", later);
      await page.waitForFunction(() => document.querySelector('[data-region="found"]')?.textContent.includes("oysterbank"));
    }
    if (name === "related") await page.evaluate(() => { const panel = document.querySelector('[data-region="related"]'); panel.scrollIntoView(); scrollBy(0, -140); });
    if (name === "ticket-attack") await page.evaluate(() => document.querySelector(".evidence-chain").setAttribute("open", ""));
    if (name === "verify") await page.click("main form button.primary");
    await page.evaluate(() => document.fonts.ready);
    const picture = await page.screenshot({ caret: "hide", animations: "disabled" });
    await writeFile(`${folder}${name}-${theme}.png`, withPalette(picture));
  };
  for (const [name, page, path] of shots.filter(([name]) => wanted(name))) {
    await page.goto(path);
    for (const theme of ["light", "dark"]) await shoot(page, name, theme);
  }
  if (wanted("offered")) {
    // What one hands over, the next finds offered.
    const mine = (await api(duty, "GET", "/handover")).items.filter((i) => !i.offer && i.relief).slice(0, 5);
    await api(duty, "POST", "/handover", { offers: mine.map((i) => ({ ticket: i.ticket, to: mine[0].relief })) });
    const people = (await api(lead, "GET", "/people")).items;
    const next = await enter(people.find((p) => p.id === mine[0].relief).name);
    await next.goto("/handover/offered");
    for (const theme of ["light", "dark"]) await shoot(next, "offered", theme);
  }
  await duty.setViewportSize({ width: 390, height: 844 });
  for (const [name, path] of [["phone-queue", "/tickets"], ["phone-ticket", `/tickets/${story}`], ["phone-escalation", `/tickets/${paged}`], ["phone-oncall", "/oncall"], ["phone-mailbox", "/mailbox"]].filter(([name]) => wanted(name))) {
    await duty.goto(path);
    for (const theme of ["light", "dark"]) await shoot(duty, name, theme);
  }
} finally {
  await midwatch.stop();
}
