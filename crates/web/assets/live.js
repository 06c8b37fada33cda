// What others do appears by itself: one event stream, rows replaced by key, regions by name.

import { refreshRegions, refreshRow } from "./regions.js";
import { toast } from "./toast.js";
import { get } from "./trust.js";

const SETTLE_MS = 250;
const QUIET_MS = 2_000;

export function startLive() {
  const topics = document.body.dataset.live;
  if (!topics || !globalThis.EventSource) return;
  const state = document.querySelector("[data-live-state]");
  const changed = new Set();
  let timer = 0, trouble = 0, lost = false;

  const apply = async () => {
    timer = 0;
    const keys = [...changed];
    changed.clear();
    const ticket = document.querySelector("[data-live-region]");
    try {
      if (ticket && keys.includes(ticket.dataset.ticket)) {
        const held = await refreshRegions(location.href);
        if (held) toast("This ticket changed while you are writing. Your text is untouched.");
      } else if (document.querySelector('[data-region="needs"]')) {
        await refreshRegions(location.href);
      }
      let unknown = false;
      for (const key of keys) unknown = !(await refreshRow(key)) || unknown;
      // A ticket that is not in the list yet may belong there now.
      if (unknown && document.querySelector("[data-queue]")) await refreshRegions(location.href, ["rows", "board"]);
    } catch {
      // The stream tells when the server is back; then everything is fetched again.
      lost = true;
    }
  };

  let source;
  const everything = () => {
    const here = document.querySelector("[data-ticket]");
    if (here) changed.add(here.dataset.ticket);
    for (const row of document.querySelectorAll("[data-live-rows] > [data-key]")) changed.add(row.dataset.key);
    // Nothing of this name exists: a list that may have grown is fetched anew.
    changed.add("");
    timer ||= setTimeout(apply, SETTLE_MS);
  };

  // Midwatch itself may have acted between the making of the page and the first word of the stream: somebody was paged.
  let fresh = true;
  const catchUp = async () => {
    fresh = false;
    const here = document.querySelector("[data-ticket]");
    if (!here) return;
    const missed = await get(`/tickets/${encodeURIComponent(here.dataset.ticket)}/timeline?after=${here.dataset.seq}`).catch(() => null);
    if (missed?.querySelector(".entry")) everything();
  };

  const connect = () => {
    source = new EventSource(`/live?topics=${encodeURIComponent(topics)}`);
    source.addEventListener("message", (event) => {
      let news;
      try { news = JSON.parse(event.data); } catch { return; }
      if (!news.ticket) return;
      document.dispatchEvent(new CustomEvent("midwatch:news"));
      const here = document.querySelector("[data-ticket]");
      if (here?.dataset.ticket === news.ticket && Number(here.dataset.seq) >= Number(news.seq)) return;
      changed.add(news.ticket);
      timer ||= setTimeout(apply, SETTLE_MS);
    });
    source.addEventListener("resync", everything);
    source.addEventListener("open", () => {
      clearTimeout(trouble);
      trouble = 0;
      if (state) state.hidden = true;
      if (lost) { lost = false; everything(); } else if (fresh) catchUp();
    });
    source.addEventListener("error", () => {
      lost = true;
      trouble ||= setTimeout(() => {
        if (state) { state.textContent = "Reconnecting"; state.title = "What you see may be a little old. Acts are still checked by the server."; state.hidden = false; }
      }, QUIET_MS);
    });
  };
  const leave = () => { source?.close(); source = undefined; clearTimeout(trouble); trouble = 0; lost = true; };

  // A browser has few connections to one server: pages nobody looks at give theirs back, and catch up when looked at.
  if (!document.hidden) connect(); else lost = true;
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); else if (!source) connect(); });
  addEventListener("pagehide", leave);
}
