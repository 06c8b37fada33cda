// Forms sent without leaving the page, drafts kept in the browser, files dropped or pasted; plain posts without script.

import { parse } from "./trust.js";
import { refreshRegions, refreshRow } from "./regions.js";
import { toast, toastThere } from "./toast.js";

const DRAFT = "draft:";

export function startForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-upload]")) { event.preventDefault(); upload(form); }
    else if (form.matches("[data-enhance]")) { event.preventDefault(); send(form, event.submitter); }
  });
  document.addEventListener("input", (event) => {
    const key = event.target.dataset?.draft;
    if (!key) return;
    if (event.target.value) localStorage.setItem(DRAFT + key, event.target.value);
    else localStorage.removeItem(DRAFT + key);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
  restoreDrafts();
  startUploads();
  startPreviews();
}

function restoreDrafts() {
  for (const area of document.querySelectorAll("[data-draft]")) {
    const kept = localStorage.getItem(DRAFT + area.dataset.draft);
    if (kept && !area.value.trim()) area.value = kept;
  }
}

function forgetDrafts(form) {
  for (const area of form.querySelectorAll("[data-draft]")) localStorage.removeItem(DRAFT + area.dataset.draft);
}

let sendings = 0;

// Post a form; resolves to true when the server took it.
export async function send(form, submitter) {
  if (form.dataset.sending) return false;
  const mine = String(++sendings);
  form.dataset.sending = mine;
  submitter?.setAttribute("aria-disabled", "true");
  const data = new FormData(form, submitter?.form === form ? submitter : undefined);
  try {
    return await post(submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href, form, data);
  } catch {
    toast("The server cannot be reached. Nothing was sent; what you typed is kept. Try again.");
    return false;
  } finally {
    if (form.dataset.sending === mine) delete form.dataset.sending;
    submitter?.removeAttribute("aria-disabled");
  }
}

async function post(url, form, data) {
  const multipart = form?.enctype === "multipart/form-data";
  const answer = await fetch(url, {
    method: "POST",
    body: multipart ? data : new URLSearchParams(data),
    headers: { "X-Requested-With": "midwatch", Accept: "application/json, text/html" },
    credentials: "same-origin",
  });
  return settle(answer.status, answer.headers.get("content-type") ?? "", await answer.text(), form);
}

// What an answer means for the page.
async function settle(status, type, text, form) {
  if (type.includes("problem+json") || (status >= 400 && type.includes("json"))) {
    const problem = JSON.parse(text);
    return refuse(form, problem.detail || problem.title, problem.field);
  }
  if (type.includes("json")) {
    const { location: to, toast: words, undo } = JSON.parse(text);
    if (form) { forgetDrafts(form); }
    const here = to && new URL(to, location.href);
    const same = !to || (here.pathname === location.pathname && (document.querySelector("[data-ticket]") || document.querySelector("[data-queue]")));
    if (same && document.querySelector("[data-region], [data-live-rows]")) {
      form?.reset();
      // It is taken: the next may be written and sent while the page catches up.
      if (form) delete form.dataset.sending;
      // What was being written is sent: its part of the page may change.
      if (form?.closest("[data-region]") && form.contains(document.activeElement)) document.activeElement.blur();
      closePreview(form);
      await refreshRegions(location.href);
      const key = form?.action.match(/\/tickets\/([^/]+)\//)?.[1];
      if (key) await refreshRow(key);
      if (words) toast(words, undo);
    } else {
      if (words) toastThere(words, undo);
      if (here) location.assign(here); else location.reload();
    }
    return true;
  }
  if (status === 401) return refuse(form, "You are signed out. Sign in in another tab, then send again; what you typed is kept.");
  const fragment = parse(text);
  const name = form?.getAttribute("action");
  const fresh = name && fragment.querySelector(`form[action="${CSS.escape(name)}"]`);
  if (status === 422 && fresh) {
    form.replaceWith(fresh);
    fresh.querySelector('[aria-invalid="true"]')?.focus();
    return false;
  }
  const words = fragment.querySelector(".problem strong, h1")?.textContent ?? `The server answered ${status}.`;
  const more = fragment.querySelector(".problem p, .remedy")?.textContent ?? "";
  return refuse(form, `${words} ${more}`.trim());
}

// Say what was wrong at the form itself; what was typed stays.
function refuse(form, words, name) {
  if (!form || !form.childElementCount) { toast(words); return false; }
  let box = form.querySelector(":scope > .problem");
  if (!box) {
    box = document.createElement("div");
    box.className = "problem";
    box.setAttribute("role", "alert");
    form.prepend(box);
  }
  box.textContent = words;
  const field = name && [...form.elements].find((e) => e.name === name || e.name === `${name}[]`);
  if (field && field.type !== "hidden") {
    field.setAttribute("aria-invalid", "true");
    field.addEventListener("input", () => field.removeAttribute("aria-invalid"), { once: true });
    field.focus();
  }
  return false;
}

// Send a bare act from the keyboard.
export async function act(url) {
  try {
    const empty = document.createElement("form");
    empty.method = "post";
    empty.action = url;
    return await post(url, empty, new FormData());
  } catch {
    toast("The server cannot be reached. Nothing was sent.");
    return false;
  }
}

function startUploads() {
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const zone = form.closest(".card") ?? form;
  const input = form.querySelector("input[type=file]");
  const take = (files) => { if (files.length) { input.files = files; input.focus(); form.querySelector("[name=description]")?.focus(); } };
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (event) => { if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); zone.classList.add("dropping"); } });
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("dropping"));
  zone.addEventListener("drop", (event) => { if (event.dataTransfer?.files.length) { event.preventDefault(); take(event.dataTransfer.files); } });
  document.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) { event.preventDefault(); take(event.clipboardData.files); } });
}

// XMLHttpRequest, because fetch does not tell how far an upload is.
function upload(form) {
  if (form.dataset.sending || !form.querySelector("input[type=file]").files.length) return;
  form.dataset.sending = "yes";
  const bar = form.querySelector("progress");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "midwatch");
  request.setRequestHeader("Accept", "application/json, text/html");
  bar.hidden = false;
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total; });
  const end = () => { bar.hidden = true; bar.value = 0; delete form.dataset.sending; };
  request.addEventListener("load", async () => { end(); await settle(request.status, request.getResponseHeader("content-type") ?? "", request.responseText, form); });
  request.addEventListener("error", () => { end(); refuse(form, "The upload broke off. Nothing was stored; send it again."); });
  request.send(new FormData(form));
}

function closePreview(form) {
  const box = form?.querySelector("[data-preview-box]");
  if (box) box.hidden = true;
}

// Markdown is rendered and sanitised by the server alone.
function startPreviews() {
  for (const button of document.querySelectorAll("[data-md-preview]")) {
    button.hidden = false;
    button.addEventListener("click", async (event) => {
      const form = button.form;
      const area = form.querySelector("textarea[name=text], textarea[name=body]");
      const box = form.querySelector("[data-preview-box]");
      if (!area || !box) return;
      event.preventDefault();
      try {
        const answer = await fetch(button.dataset.mdPreview, { method: "POST", body: new URLSearchParams({ text: area.value }), headers: { "X-Requested-With": "midwatch" }, credentials: "same-origin" });
        if (!answer.ok) throw new Error();
        box.replaceChildren(parse(await answer.text()));
        box.hidden = false;
      } catch { toast("The preview cannot be made now. Your text is kept."); }
    });
  }
}
