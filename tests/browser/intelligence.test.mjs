// One walk through what is known: a feed is brought a file, a log is pasted, and each value leads on to tickets, neighbours and the feed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Midwatch } from "./midwatch.mjs";

let midwatch, ada;

before(async () => {
  midwatch = await Midwatch.start();
  ada = await midwatch.setUp();
});
after(() => midwatch?.stop());

const LIST = "night-owl.top\n203.0.113.77\n0.0.0.0/0\ncom\n";
const LOG = "sshd[411]: refused root from 203.0.113.77\ncurl hxxps://cdn[.]night-owl[.]top/gate.php";

/// Opens a ticket from a pasted text; its number.
const open = async (title) => {
  await ada.goto("/tickets/new");
  await ada.fill("[name=title]", title);
  await ada.fill("[name=description]", LOG);
  await ada.waitForFunction(() => document.querySelector('[data-region="found"]')?.textContent.includes("night-owl"));
  const found = await ada.locator('[data-region="found"]').innerText();
  await ada.locator("main form button.primary").first().click();
  await ada.waitForURL(/\/tickets\/MW-\d+$/);
  return [ada.url().match(/MW-\d+/)[0], found];
};

test("a feed is made by form, brought a file, and says what it refused", async () => {
  await ada.goto("/intelligence");
  await ada.locator(".tile", { hasText: "Uploaded files" }).click();
  await ada.fill("[name=name]", "Partners");
  await ada.locator("main form button.primary").click();
  await ada.waitForURL(/\/intelligence\/feeds\/feed_/);
  const bring = ada.locator("form[action$='/upload']");
  const file = (text) => ({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
  await bring.locator("[name=file]").setInputFiles(file('{"type":"bundle","objects":[{'));
  await bring.locator("button").click();
  await bring.locator(".error, .problem").first().waitFor();
  await bring.locator("[name=file]").setInputFiles(file(LIST));
  await bring.locator("button").click();
  await ada.locator("td", { hasText: "line 3" }).waitFor();
  assert.match(await ada.locator("main").innerText(), /0\.0\.0\.0\/0”: it covers far too many addresses/);
});

test("a pasted log leads from ticket to ticket, to a value, and to the feed that knows it", async () => {
  const [first] = await open("Beacon on a jump host");
  const [second, found] = await open("Odd logins");
  assert.match(found, /seen in 1 of/);
  await ada.locator('[data-region="related"]', { hasText: first }).waitFor();
  await ada.locator('[data-region="observables"] a[href="/observables/ipv4/203.0.113.77"]').first().click();
  await ada.locator("h2", { hasText: "Threat intelligence" }).waitFor();
  const pivot = await ada.locator("main").innerText();
  for (const says of [first, second, "Partners", "cdn[.]night-owl[.]top"]) assert.ok(pivot.includes(says), `${says} in ${pivot}`);
  await ada.locator("main a", { hasText: "Partners" }).first().click();
  await ada.waitForURL(/\/intelligence\/feeds\/feed_/);
  await ada.locator("a", { hasText: "All of its indicators" }).click();
  await ada.fill("#i-q", "night-owl[.]top");
  await ada.locator(".seek button").click();
  await ada.locator('a[href="/observables/domain/night-owl.top"]').waitFor();
});

test("nothing complained", () => {
  // The broken file was refused, as it should be.
  assert.deepEqual(ada.wrong.filter((w) => !w.includes("422")), []);
});
