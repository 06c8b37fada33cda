// Entry: everything here makes a page that already works nicer; nothing here is needed to act.

import { startBell } from "./bell.js";
import { startCopy } from "./copy.js";
import { startForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { refreshRegions } from "./regions.js";
import { startTimes } from "./time.js";
import { startToasts } from "./toast.js";
import { parse } from "./trust.js";

const YEAR = 31_536_000;
// Loaded when first asked for.
const openPalette = async () => (await import("./palette.js")).openPalette();

const remember = (name, value) => { document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`; };

function startFrame() {
  const palette = document.querySelector("[data-palette]");
  if (palette) { palette.hidden = false; palette.addEventListener("click", openPalette); }
  const fold = document.querySelector("[data-rail]");
  if (fold) {
    fold.hidden = false;
    fold.addEventListener("click", () => {
      const narrow = document.documentElement.classList.toggle("rail-narrow");
      remember("rail", narrow ? "narrow" : "wide");
    });
  }
  // Shown at once; the post remembers it for the account.
  document.querySelector("[data-theme-switch]")?.addEventListener("submit", (event) => {
    const theme = event.submitter?.value;
    if (!theme) return;
    event.preventDefault();
    document.documentElement.dataset.theme = theme;
    for (const button of event.target.querySelectorAll("[name=theme]")) button.setAttribute("aria-pressed", String(button.value === theme));
    fetch(event.target.action, { method: "POST", body: new URLSearchParams({ theme, next: location.pathname }), headers: { "X-Requested-With": "midwatch" }, credentials: "same-origin" }).catch(() => {});
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  const filters = document.querySelector("[data-fold-narrow]");
  if (filters && matchMedia("(max-width: 1100px)").matches) filters.open = false;
}

function startBulk() {
  const bulk = document.querySelector("[data-bulk]");
  if (!bulk) return;
  const count = bulk.querySelector("[data-bulk-count]");
  const update = () => {
    const chosen = document.querySelectorAll('input[name="ticket"]:checked').length;
    bulk.classList.toggle("idle", chosen === 0);
    count.textContent = chosen === 1 ? "1 ticket selected" : `${chosen} tickets selected`;
  };
  document.addEventListener("change", (event) => { if (event.target.name === "ticket") update(); });
  document.addEventListener("midwatch:refreshed", update);
  update();
}

function startNewTicket() {
  const form = document.querySelector("[data-new-ticket]");
  if (!form) return;
  const filter = form.querySelector("[data-filter-tiles]");
  filter.hidden = false;
  filter.addEventListener("input", () => {
    for (const tile of form.querySelectorAll(".tile")) tile.hidden = !tile.textContent.toLowerCase().includes(filter.value.toLowerCase());
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    form.querySelector(".tile:not([hidden])")?.click();
  });
  // Severity by the rules and the coming owner follow what is chosen; what is pasted is not sent for that.
  let wait = 0;
  form.addEventListener("change", () => {
    clearTimeout(wait);
    wait = setTimeout(async () => {
      const some = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && (name.startsWith("fields.") || ["template", "severity", "team"].includes(name)));
      try {
        const answer = await fetch(form.dataset.livePreview, { method: "POST", body: new URLSearchParams(some), headers: { "X-Requested-With": "midwatch" }, credentials: "same-origin" });
        const fresh = answer.ok && parse(await answer.text()).querySelector('[data-region="coming"]');
        const old = document.querySelector('[data-region="coming"]');
        if (fresh && old) old.replaceWith(fresh);
      } catch { /* What stands there stays. */ }
    }, 150);
  });
  startFound(form);
  // Choosing another template keeps what was typed: it travels through the session of this tab alone.
  const KEY = "new-ticket";
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-keep-form]")) sessionStorage.setItem(KEY, JSON.stringify([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["template", "template_version", "idempotency_key"].includes(name))));
  });
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  for (const [name, value] of JSON.parse(kept ?? "[]")) {
    const field = form.elements[name];
    if (field instanceof HTMLInputElement && ["checkbox", "radio", "file"].includes(field.type)) continue;
    if (field && "value" in field && value) field.value = value;
  }
}

// What the text holds is looked up while nobody types; opening never waits for it.
function startFound(form) {
  let wait = 0;
  let newest = 0;
  const look = async () => {
    clearTimeout(wait);
    const mine = ++newest;
    const some = ["template", "title", "description"].map((name) => [name, form.elements[name]?.value ?? ""]);
    try {
      const answer = await fetch(form.dataset.livePreview, { method: "POST", body: new URLSearchParams(some), headers: { "X-Requested-With": "midwatch" }, credentials: "same-origin" });
      const fresh = answer.ok && parse(await answer.text()).querySelector('[data-region="found"]');
      const old = document.querySelector('[data-region="found"]');
      // Only the newest answer counts, and a button about to be pressed stays under the finger.
      if (fresh && old && mine === newest && !old.contains(document.activeElement)) old.replaceWith(fresh);
    } catch { /* What stands there stays. */ }
  };
  form.addEventListener("input", (event) => {
    if (!["title", "description"].includes(event.target.name)) return;
    clearTimeout(wait);
    wait = setTimeout(look, 500);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-look]");
    if (!button) return;
    event.preventDefault();
    button.blur();
    look();
  });
  if (form.elements.description?.value) look();
}

function startRegionLinks() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-region-link]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const region = link.closest("[data-region]").dataset.region;
    try {
      await refreshRegions(link.href, [region]);
      history.replaceState(null, "", link.href);
    } catch { location.assign(link.href); }
  });
}

startTimes();
startToasts();
startFrame();
startForms();
startKeys(openPalette);
startCopy();
startBulk();
startNewTicket();
startRegionLinks();
startBell();
startLive();
// Fetched while nobody waits, so that the first key typed into it is not lost.
(globalThis.requestIdleCallback ?? setTimeout)(() => import("./palette.js"));
