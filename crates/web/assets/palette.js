// The command palette: go anywhere, do what the page offers, jump to a number, search.

import { make } from "./trust.js";

let dialog, input, list, items = [], at = 0, asked = 0;

function commands() {
  const found = [];
  for (const link of document.querySelectorAll("[data-go]")) found.push({ label: `Go to ${link.querySelector("span").textContent}`, hint: `g ${link.dataset.go}`, run: () => location.assign(link.href) });
  for (const element of document.querySelectorAll("main [data-hotkey], .top [data-hotkey]")) {
    if (element.offsetParent === null) continue;
    const label = element.matches("textarea, input") ? "Write a note" : [...element.childNodes].filter((node) => node.nodeName !== "KBD").map((node) => node.textContent).join("").trim();
    found.push({ label, hint: element.dataset.hotkey, run: () => (element.matches("textarea, input") ? element.focus() : element.click()) });
  }
  for (const link of document.querySelectorAll(".me .menu-body a")) found.push({ label: link.firstElementChild ? link.textContent.replace("?", "").trim() : link.textContent, hint: "", run: () => link.click() });
  return found;
}

const matches = (text, query) => query.toLowerCase().split(/\s+/).every((word) => text.toLowerCase().includes(word));

function show() {
  list.replaceChildren(...items.map((item, index) => {
    const row = make("li", { role: "option", id: `pal-${index}`, "aria-selected": String(index === at) }, make("span", {}, item.label), make("small", {}, item.hint ?? ""));
    row.addEventListener("click", () => run(index));
    return row;
  }));
  input.setAttribute("aria-activedescendant", items.length ? `pal-${at}` : "");
  list.children[at]?.scrollIntoView({ block: "nearest" });
}

function run(index) {
  const item = items[index];
  if (!item) return;
  dialog.close();
  item.run();
}

async function update() {
  const query = input.value.trim();
  const turn = ++asked;
  at = 0;
  items = commands().filter((item) => !query || matches(item.label, query));
  const number = query.match(/^(?:([a-z]{1,8})-)?(\d{1,9})$/i);
  if (number) {
    const name = `${(number[1] ?? "MW").toUpperCase()}-${number[2]}`;
    items.unshift({ label: `Open ${name}`, hint: "Enter", run: () => location.assign(`/tickets/${name}`) });
  } else if (query) items.push({ label: `Search for ${query}`, hint: "", run: () => location.assign(`/search?q=${encodeURIComponent(query)}`) });
  show();
  if (query.length < 2) return;
  try {
    const answer = await fetch(`/search/suggest?q=${encodeURIComponent(query)}`, { credentials: "same-origin", headers: { "X-Requested-With": "midwatch" } });
    if (!answer.ok || turn !== asked) return;
    const found = await answer.json();
    if (turn !== asked) return;
    for (const hit of found) {
      const url = new URL(hit.href, location.href);
      if (url.origin === location.origin) items.push({ label: hit.label, hint: hit.hint, run: () => location.assign(url) });
    }
    show();
  } catch { /* The commands remain usable without suggestions. */ }
}

function build() {
  input = make("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "pal", "aria-label": "Command, ticket number or search", placeholder: "Command, ticket number or search", autocomplete: "off", spellcheck: "false" });
  list = make("ul", { id: "pal", role: "listbox", "aria-label": "Commands" });
  dialog = make("dialog", { class: "palette", "aria-label": "Commands" }, input, list);
  let wait = 0;
  input.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => { wait = 0; update(); }, 60); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); at = (at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % Math.max(1, items.length); show(); }
    if (event.key === "Enter") {
      event.preventDefault();
      // Who types fast means what was typed, not what the list still shows.
      if (wait) { clearTimeout(wait); wait = 0; update(); }
      run(at);
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
}

export function openPalette() {
  if (!dialog) build();
  if (dialog.open) return;
  input.value = "";
  update();
  dialog.showModal();
  input.focus();
}
