// A Midwatch of its own for each test file: the real executable in a folder of its own, set up by its link as a person would.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const PASSWORD = "a lantern on the night pier";
const fixtures = new URL("../../fixtures/", import.meta.url);

export const fixture = (name) => readFile(new URL(name, fixtures), "utf8");

/// Group A of the hostile input: text that wants to become markup or script.
export async function hostileTexts() {
  const spelled = (input) => {
    if (typeof input === "string") return input.startsWith("base64:") ? Buffer.from(input.slice(7), "base64").toString("utf8") : input;
    if (input.repeat) return spelled(input.repeat[0]).repeat(input.repeat[1]);
    if (input.concat) return input.concat.map(spelled).join("");
    return undefined;
  };
  const all = JSON.parse(await fixture("hostile.json")).filter((c) => c.group === "A" && c.input !== undefined);
  return all.map((c) => ({ id: c.id, text: spelled(c.input) })).filter((c) => typeof c.text === "string" && c.text.trim());
}

export class Midwatch {
  /// Starts the server; `mode` is `serve` or `demo`, `flags` are more of the command line.
  static async start(mode = "serve", ...flags) {
    const binary = process.env.MIDWATCH_BIN;
    assert.ok(binary, "MIDWATCH_BIN must name the executable; cargo xtask browser sets it");
    const data = await mkdtemp(join(tmpdir(), "midwatch-browser-"));
    const child = spawn(binary, [mode, "--listen", "127.0.0.1:0", "--data", data, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    const said = [];
    const want = mode === "demo" ? /ready: (http\S+)/ : /(http\S+\/setup\?token=\S+)/;
    const found = await new Promise((resolve, reject) => {
      const hear = (line) => {
        said.push(line);
        const match = line.match(want);
        if (match) resolve(match[1]);
      };
      createInterface(child.stdout).on("line", hear);
      createInterface(child.stderr).on("line", hear);
      child.on("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said.join("\n")}`)));
    });
    const browser = await chromium.launch({
      executablePath: process.env.MIDWATCH_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-background-networking"],
    });
    return Object.assign(new Midwatch(), { child, data, browser, link: found, url: new URL(found).origin });
  }

  async stop() {
    await this.browser.close();
    const gone = new Promise((resolve) => this.child.on("exit", resolve));
    this.child.kill("SIGTERM");
    await gone;
    await rm(this.data, { recursive: true, force: true });
  }

  /// A window of its own, with everything that went wrong in it.
  async window(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: this.url, ...options });
    const page = await context.newPage();
    const wrong = [];
    page.on("console", (m) => { if (m.type() === "error") wrong.push(`${page.url()}: ${m.text()}`); });
    page.on("pageerror", (e) => wrong.push(`${page.url()}: ${e.message}`));
    page.on("dialog", async (d) => { wrong.push(`${page.url()}: dialog ${d.message()}`); await d.dismiss(); });
    return Object.assign(page, { wrong });
  }

  /// Sets the desk up through the printed link; the page is signed in as the administrator then.
  async setUp(options) {
    const page = await this.window(options);
    await page.goto(this.link);
    await page.fill("[name=organisation]", "Harbour Works");
    await page.fill("[name=name]", "Ada Admin");
    await page.fill("[name=login]", "ada@example.org");
    await page.fill("[name=time_zone]", "Europe/Berlin");
    await page.fill("[name=password]", PASSWORD);
    await page.click("main button[type=submit]");
    await page.waitForURL(`${this.url}/`);
    return page;
  }

  /// Enters the demo as the first person whose name or role is given.
  async enter(who, options) {
    const page = await this.window(options);
    await page.goto("/login");
    await page.locator(".demo-people button", { hasText: who }).first().click();
    await page.waitForURL(`${this.url}/`);
    return page;
  }

  /// Invites a person through the pages and lets them in through their link, in a window of their own.
  async invite(admin, name, email, role, options) {
    await admin.goto("/people/invite");
    await admin.fill("[name=name]", name);
    await admin.fill("[name=email]", email);
    await admin.selectOption("[name=role]", role);
    await admin.click("main button[type=submit]");
    const link = await admin.getByText(/\/join\?token=/).first().innerText();
    const page = await this.window(options);
    await page.goto(link.trim());
    await page.fill("[name=password]", PASSWORD);
    await page.click("main button[type=submit]");
    await page.waitForURL(`${this.url}/`);
    return page;
  }
}

/// What the API answers to a request from the page, as whoever is signed in there.
export function api(page, method, path, body) {
  return page.evaluate(async ([method, path, body]) => {
    const headers = body ? { "Content-Type": "application/json" } : {};
    const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  }, [method, path, body]);
}

/// Presses keys one after the other, as a person does.
export async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

/// Walks with Tab until `selector` has the focus.
export async function tabTo(page, selector) {
  for (let i = 0; i < 200; i++) {
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${selector} cannot be reached by keyboard on ${page.url()}`);
}
