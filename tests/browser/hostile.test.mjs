// Text that wants to become script, typed into every field and looked at on every page: it stays text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Midwatch, hostileTexts, press } from "./midwatch.mjs";

let midwatch, ada, texts;

before(async () => {
  midwatch = await Midwatch.start();
  ada = await midwatch.setUp();
  texts = await hostileTexts();
  assert.ok(texts.length > 30, "the list of hostile text is there");
  await ada.exposeFunction("report", (what) => ada.wrong.push(what));
  await ada.addInitScript(() => document.addEventListener("securitypolicyviolation", (e) => globalThis.report(`policy violated: ${e.violatedDirective} ${e.blockedURI}`)));
});
after(() => midwatch?.stop());

const send = (path, form) => ada.request.post(path, { form, headers: { Origin: midwatch.url, "Sec-Fetch-Site": "same-origin" }, maxRedirects: 0 });

test("hostile text stays text on every page", async () => {
  const odd = texts.map((t) => t.text);
  const pages = ["/", "/tickets", "/tickets?view=board", "/record", "/templates", "/procedures", "/search?q=alert"];
  for (const [i, text] of odd.entries()) {
    const opened = await send("/tickets", { title: text.slice(0, 190), description: text, tags: "x" });
    const to = opened.headers().location;
    if (!to) continue;
    pages.push(to);
    for (const [verb, form] of [
      ["note", { text }], ["add_task", { title: text.slice(0, 190) }], ["close", { outcome: "other", summary: text, lessons: text, skip_tasks_because: text.slice(0, 900) }],
    ]) await send(`${to}/${verb}`, form);
    if (i % 8 === 0) await send("/views", { name: text.slice(0, 70), query: "is:open" });
  }
  const all = odd.join("\n\n").slice(0, 19_000);
  const made = await send("/procedures/new", { title: "Hostile words", summary: odd[0], review_every_days: "30", text: all, do: "save" });
  pages.push(made.headers().location);
  const template = await send("/templates/new", {
    do: "save", title: "Hostile words", summary: odd[1], kind: "other/undetermined", default_severity: "low", tlp: "AMBER", pap: "AMBER",
    "field-0-label": odd[0].slice(0, 90), "field-0-help": odd[2], "field-0-kind": "text", "field-0-id": "a", "task-0-title": odd[3], "task-0-help": odd[4], "task-0-phase": "analysis",
  });
  pages.push(template.headers().location, "/templates/hostile_words/edit", "/tickets/new?template=hostile_words");
  for (const text of odd.slice(0, 12)) for (const path of ["/search?q=", "/tickets?q=", "/tickets/new?title="]) pages.push(path + encodeURIComponent(text.slice(0, 300)));

  for (const path of pages) {
    assert.ok(path, "everything was accepted and has a page");
    await ada.goto(path);
    const alien = await ada.evaluate(() => [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on") || /^\s*(javascript|data|vbscript):/i.test(a.value) && ["href", "src", "action", "formaction"].includes(a.name))).map((e) => e.outerHTML.slice(0, 200)));
    assert.deepEqual(alien, [], path);
    const scripts = await ada.evaluate(() => [...document.scripts].map((s) => s.getAttribute("src") ?? "inline"));
    assert.ok(scripts.every((s) => s.startsWith("/assets/")), `${path}: ${scripts}`);
  }
  assert.deepEqual(ada.wrong.filter((w) => !w.includes("status of 4")), [], "no dialog, no violation, no error");
});

test("hostile text pasted by hand and swapped in live stays text", async () => {
  await ada.goto("/tickets/new");
  await ada.fill("#f-title", "Live and hostile");
  await press(ada, "Control+Enter");
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  for (const { text } of texts.slice(0, 12)) {
    await ada.fill("#note", text);
    const sent = ada.waitForResponse((r) => r.url().endsWith("/note"));
    await press(ada, "Control+Enter");
    // What was accepted leaves the box; only then may the next be typed.
    if ((await sent).ok()) await ada.waitForFunction(() => document.querySelector("#note").value === "");
  }
  await ada.locator(".timeline .entry.note").nth(5).waitFor();
  assert.deepEqual(ada.wrong.filter((w) => !w.includes("status of 4")), []);
});
