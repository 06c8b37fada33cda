// Replacing parts of a page by name or by key, so that cursor, selection, focus, open panels and typed text stay.

import { get } from "./trust.js";
import { refreshTimes } from "./time.js";

// Somebody is writing in it: never pull the text away.
function busy(element) {
  const focus = document.activeElement;
  if (element.contains(focus) && focus.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")) return true;
  return [...element.querySelectorAll("textarea, input[type=text], input:not([type])")].some((field) => field.value !== field.defaultValue);
}

// What a panel is recognised by, wherever it stands in the fresh page.
const mark = (element, index) => element.id || element.dataset.panel || `${element.className}:${element.closest("[data-key]")?.dataset.key ?? index}`;

// What somebody opened or closed by hand stays so; else the server knows better, as for a panel that was empty.
document.addEventListener("click", (event) => {
  const summary = event.target.closest("summary");
  if (summary) summary.parentElement.dataset.byHand = "";
});

function keepOpen(old, fresh) {
  if (old.dataset.byHand === undefined) return;
  fresh.open = old.open;
  fresh.dataset.byHand = "";
}

export function replace(old, fresh) {
  const selector = "details";
  const were = new Map([...old.querySelectorAll(selector)].map((item, index) => [mark(item, index), item]));
  fresh.querySelectorAll(selector).forEach((item, index) => {
    const was = were.get(mark(item, index));
    if (was) keepOpen(was, item);
  });
  if (old.matches("details")) keepOpen(old, fresh);
  for (const box of old.querySelectorAll("input[type=checkbox]:checked")) {
    const same = fresh.querySelector(`input[type=checkbox][name="${CSS.escape(box.name)}"][value="${CSS.escape(box.value)}"]`);
    if (same) same.checked = true;
  }
  if (old.classList.contains("cursor")) fresh.classList.add("cursor");
  const cursor = old.querySelector(".cursor")?.dataset.key;
  if (cursor) fresh.querySelector(`[data-key="${CSS.escape(cursor)}"]`)?.classList.add("cursor");
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const again = focus && (focus.id ? `#${CSS.escape(focus.id)}` : focus.getAttribute("href") ? `[href="${CSS.escape(focus.getAttribute("href"))}"]` : null);
  old.replaceWith(fresh);
  if (again) fresh.querySelector(again)?.focus({ preventScroll: true });
  refreshTimes(fresh.parentElement ?? document);
}

// Fetch a page and swap every [data-region] both sides have. Returns whether anything was left alone because it is in use.
export async function refreshRegions(url, only) {
  const page = await get(url);
  if (!page) { location.reload(); return false; }
  let held = false;
  for (const fresh of page.querySelectorAll("[data-region]")) {
    const name = fresh.dataset.region;
    if (only && !only.includes(name)) continue;
    const old = document.querySelector(`[data-region="${CSS.escape(name)}"]`);
    if (!old) continue;
    if (busy(old)) { held = true; continue; }
    replace(old, fresh);
  }
  const seq = page.querySelector("[data-ticket]")?.dataset.seq;
  const here = document.querySelector("[data-ticket]");
  if (seq && here) here.dataset.seq = seq;
  for (const input of page.querySelectorAll("input[name=version]")) {
    for (const own of document.querySelectorAll("[data-ticket] input[name=version]")) own.value = input.value;
    break;
  }
  document.dispatchEvent(new CustomEvent("midwatch:refreshed"));
  return held;
}

// Fetch one row and replace it by its key; a row that is gone leaves with its cursor moved on.
export async function refreshRow(key) {
  const old = document.querySelector(`[data-live-rows] > [data-key="${CSS.escape(key)}"]`);
  if (!old) return false;
  const url = old.parentElement.dataset.liveRows.replace("{key}", encodeURIComponent(key));
  const fresh = (await get(url))?.querySelector("[data-key]");
  if (!fresh) {
    if (old.classList.contains("cursor")) (old.nextElementSibling ?? old.previousElementSibling)?.classList.add("cursor");
    old.remove();
    return true;
  }
  fresh.classList.add("fresh");
  replace(old, fresh);
  return true;
}
