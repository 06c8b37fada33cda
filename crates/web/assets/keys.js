// The keyboard: a cursor over rows, one letter for each act, g and a letter to go.

import { act } from "./forms.js";
import { get } from "./trust.js";
import { refreshTimes } from "./time.js";

const CHORD_MS = 1200;
let chord = 0;

const rows = () => [...document.querySelectorAll("[data-list] [data-key][data-href]")].filter((row) => row.offsetParent !== null);
export const current = () => document.querySelector("[data-list] .cursor");

function put(row) {
  if (!row) return;
  current()?.classList.remove("cursor");
  row.classList.add("cursor");
  row.scrollIntoView({ block: "nearest" });
  const head = row.getBoundingClientRect().top;
  if (head < 120) scrollBy(0, head - 120);
  (row.querySelector("[data-open]") ?? row).focus?.({ preventScroll: true });
  if (drawerOpen()) preview(row);
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  put(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))]);
}

const drawer = () => document.querySelector("[data-drawer]");
const drawerOpen = () => drawer() && !drawer().hidden;
let wanted = "";

async function preview(row) {
  const place = drawer();
  if (!place || !row) return;
  wanted = row.dataset.key;
  const fragment = await get(`/tickets/${encodeURIComponent(wanted)}/preview`).catch(() => null);
  // The cursor may have moved on meanwhile.
  if (!fragment || wanted !== row.dataset.key) return;
  place.replaceChildren(fragment);
  place.hidden = false;
  document.querySelector("[data-queue]")?.classList.add("with-drawer");
  refreshTimes(place);
  showClose();
}

function closeDrawer() {
  if (!drawerOpen()) return false;
  drawer().hidden = true;
  wanted = "";
  document.querySelector("[data-queue]")?.classList.remove("with-drawer");
  return true;
}

function showClose() {
  const button = document.querySelector("[data-close-preview]");
  if (button) button.hidden = false;
}

const visible = (element) => element && element.offsetParent !== null;

// The act of a letter: on the row under the cursor first, then on the page.
async function press(key) {
  const row = current();
  const own = [...(row?.querySelectorAll(`[data-hotkey="${CSS.escape(key)}"]`) ?? [])].find(visible);
  if (own) { own.click(); return true; }
  const number = row?.matches("[data-href^='/tickets/']") ? row.dataset.key : "";
  if (number) {
    if (key === "a") {
      const next = rows()[rows().indexOf(row) + 1];
      if (row.dataset.accept && (await act(row.dataset.accept)) && next?.isConnected) put(next);
      return true;
    }
    if (key === "e") { location.assign(`/tickets/${number}/escalate`); return true; }
    if (key === "h") { location.assign(`/tickets/${number}/offer_handoff`); return true; }
    if (key === "p") { location.assign(`/tickets/${number}/move_phase`); return true; }
  }
  const element = [...document.querySelectorAll(`[data-hotkey="${CSS.escape(key)}"]`)].find(visible);
  if (!element) return false;
  if (element.matches("input, textarea, select")) element.focus(); else element.click();
  return true;
}

function help() {
  let dialog = document.querySelector("dialog.help-dialog");
  if (dialog) { dialog.showModal(); return; }
  get("/help").then((page) => {
    const list = page?.querySelector("[data-keys-help] .keys");
    if (!list) { location.assign("/help"); return; }
    dialog = document.createElement("dialog");
    dialog.className = "help-dialog";
    dialog.setAttribute("aria-label", "Keyboard");
    const title = document.createElement("h2");
    title.textContent = "Keyboard";
    dialog.append(title, list);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
  }).catch(() => location.assign("/help"));
}

export function startKeys(openPalette) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); openPalette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      const menu = document.querySelector("details[data-menu][open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
      else if (field) field.blur();
      else closeDrawer();
      return;
    }
    if (field) return;
    if (chord && Date.now() - chord < CHORD_MS) {
      chord = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); return; }
    }
    const row = current();
    switch (event.key) {
      case "j": case "ArrowDown": if (event.key === "ArrowDown" && !row) return; event.preventDefault(); move(1); return;
      case "k": case "ArrowUp": if (event.key === "ArrowUp" && !row) return; event.preventDefault(); move(-1); return;
      case "Enter": if (row && !event.target.closest("button, summary, a:not([data-open])")) { event.preventDefault(); location.assign(row.dataset.href); } return;
      case "x": { const box = row?.querySelector("input[type=checkbox]"); if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); } return; }
      case "v": if (row) { event.preventDefault(); if (drawerOpen()) closeDrawer(); else preview(row); } return;
      case "g": chord = Date.now(); return;
      case "/": { const box = document.querySelector("#search"); if (box) { event.preventDefault(); box.focus(); box.select(); } return; }
      case "?": event.preventDefault(); help(); return;
    }
    if (/^[a-z]$/.test(event.key)) {
      const known = document.querySelector(`[data-hotkey="${event.key}"]`) || (row && "aehp".includes(event.key));
      if (known) { event.preventDefault(); press(event.key); }
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) { event.preventDefault(); help(); }
    if (event.target.closest("[data-close-preview]")) closeDrawer();
    const row = event.target.closest("tr[data-key], .tcard[data-key]");
    if (row && !event.target.closest("a, button, input, label, select, summary")) { put(row); if (drawer()) preview(row); }
  });
  document.addEventListener("midwatch:refreshed", () => { if (!current() && rows().length && chord === -1) put(rows()[0]); });
  showClose();
}
