// The bell: what is new about me, told as it comes; shown by the browser itself where its owner allowed that.

const HERE = "/me/notices/latest";
const SETTLE_MS = 400;
const NEWEST = "bell-newest";

const ask = async () => {
  const answer = await fetch(HERE, { headers: { "X-Requested-With": "midwatch" }, credentials: "same-origin" });
  return answer.ok ? answer.json() : null;
};

const words = (item) => item.title ? `${item.about}: ${item.title}` : item.about;

function count(bell, unread) {
  const badge = bell.querySelector("[data-bell-count]");
  badge.textContent = unread > 99 ? "99+" : String(unread);
  badge.hidden = unread === 0;
}

// Each is shown once, however many tabs are open: who raises the mark first shows it.
function announce(items) {
  const before = Number(localStorage.getItem(NEWEST) ?? 0);
  const newest = Math.max(before, ...items.map((item) => item.seq));
  localStorage.setItem(NEWEST, String(newest));
  if (before === 0 || globalThis.Notification?.permission !== "granted") return;
  for (const item of items.filter((item) => item.fresh && item.seq > before).reverse()) {
    const shown = new Notification(`${item.ticket} ${words(item)}`, { body: item.why, tag: item.id, icon: "/assets/mark.svg", requireInteraction: item.page });
    shown.addEventListener("click", () => { focus(); location.assign(`/tickets/${item.ticket}`); shown.close(); });
  }
}

function row(item) {
  const link = document.createElement("a");
  link.href = `/tickets/${encodeURIComponent(item.ticket)}`;
  if (item.fresh) link.className = "fresh-notice";
  const head = document.createElement("strong");
  head.textContent = `${item.ticket} ${words(item)}`;
  const more = document.createElement("span");
  more.textContent = `${item.why} `;
  const when = document.createElement("time");
  when.dateTime = item.at;
  when.textContent = item.when;
  more.append(when);
  link.append(head, more);
  return link;
}

function panel(bell, news) {
  const box = document.createElement("div");
  box.className = "menu-body bell-body";
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", "Notifications");
  if (news.items.length === 0) {
    const none = document.createElement("p");
    none.className = "muted pad";
    none.textContent = "Nothing yet. What concerns you stands here.";
    box.append(none);
  }
  box.append(...news.items.map(row));
  const foot = document.createElement("p");
  foot.className = "bell-foot";
  const all = document.createElement("a");
  all.href = "/me/notices";
  all.textContent = "All of them";
  const how = document.createElement("a");
  how.href = "/me/notifications";
  how.textContent = "How I am told";
  foot.append(all, how);
  box.append(foot);
  bell.after(box);
  return box;
}

function startBrowser() {
  const card = document.querySelector("[data-browser-notices]");
  if (!card || !globalThis.Notification) return;
  card.hidden = false;
  const button = card.querySelector("[data-ask-browser]");
  const state = card.querySelector("[data-browser-state]");
  const say = () => {
    button.hidden = Notification.permission !== "default";
    state.textContent = { granted: "Allowed: what arrives is shown.", denied: "Refused. Your browser's settings for this site can change that.", default: "" }[Notification.permission];
  };
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    say();
    if (Notification.permission === "granted") new Notification("Midwatch", { body: "This is how it looks.", icon: "/assets/mark.svg" });
  });
  say();
}

export function startBell() {
  startBrowser();
  const bell = document.querySelector("[data-bell]");
  if (!bell) return;
  let timer = 0, open = null;
  const update = async () => {
    timer = 0;
    try {
      const news = await ask();
      if (!news) return;
      count(bell, news.unread);
      announce(news.items);
    } catch { /* The next news asks again. */ }
  };
  document.addEventListener("midwatch:news", () => { timer ||= setTimeout(update, SETTLE_MS); });
  const close = () => { open?.remove(); open = null; bell.removeAttribute("aria-expanded"); };
  bell.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (open) { close(); return; }
    let news;
    try { news = await ask(); } catch { /* The page of its own says what is wrong. */ }
    if (!news) { location.assign(bell.href); return; }
    open = panel(bell, news);
    bell.setAttribute("aria-expanded", "true");
    open.querySelector("a")?.focus();
    announce(news.items);
    const newest = Math.max(0, ...news.items.map((item) => item.seq));
    if (news.unread > 0) {
      const seen = await fetch("/me/notices/seen", { method: "POST", body: new URLSearchParams({ up_to: newest }), headers: { "X-Requested-With": "midwatch" }, credentials: "same-origin" });
      if (seen.ok) count(bell, 0);
    }
  });
  document.addEventListener("click", (event) => { if (open && !open.contains(event.target) && !bell.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && open) { close(); bell.focus(); } });
  update();
}
