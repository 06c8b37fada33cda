// Relative times stay true: every 15 seconds each <time> is written anew by the same rule as on the server.

const EVERY_MS = 15_000;

export function span(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const minutes = Math.floor(seconds / 60), hours = Math.floor(seconds / 3600), days = Math.floor(seconds / 86_400);
  const pair = (big, unit, small, smallUnit) => (small === 0 || big >= 10 ? `${big} ${unit}` : `${big} ${unit} ${small} ${smallUnit}`);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${minutes} min`;
  if (seconds < 86_400) return pair(hours, "h", minutes % 60, "min");
  if (seconds < 60 * 86_400) return pair(days, "d", hours % 24, "h");
  if (seconds < 730 * 86_400) return `${Math.floor(days / 30)} mo`;
  return `${Math.floor(days / 365)} y`;
}

function relative(delta) {
  if (Math.abs(delta) < 10_000) return "just now";
  return delta < 0 ? `${span(-delta)} ago` : `in ${span(delta)}`;
}

// The server's clock as seen from here, so that a wrong desktop clock does not invent deadlines; a demo's may run faster.
let skew = 0, pace = 1;
const began = Date.now();
function serverTime(meta) {
  const there = Date.parse(meta?.content ?? "");
  pace = Number(meta?.dataset.pace ?? 1);
  if (Number.isNaN(there)) return;
  const offset = there - began;
  skew = Math.abs(offset) > 2_000 ? offset : 0;
}
const serverNow = () => began + skew + (Date.now() - began) * pace;

export function refreshTimes(root = document) {
  const now = serverNow();
  for (const element of root.querySelectorAll("time[datetime]:not([data-fixed])")) {
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    const delta = at - now;
    const clock = element.closest(".clock");
    let text;
    if (element.hasAttribute("data-left")) {
      text = delta >= 0 ? `${span(delta)} left` : `${span(-delta)} over`;
      if (delta < 0 && clock && !clock.classList.contains("passed")) {
        clock.classList.remove("running", "near");
        clock.classList.add("passed");
      }
    } else if (element.hasAttribute("data-since")) text = span(-delta);
    else if (clock) continue;
    else text = relative(delta);
    if (element.textContent !== text) element.textContent = text;
  }
}

export function startTimes() {
  // A page brought back from the browser's memory was rendered a while ago and says nothing about now.
  if (performance.getEntriesByType("navigation")[0]?.type !== "back_forward") serverTime(document.querySelector("meta[name=now]"));
  // A page brought back knows nothing of how far a faster clock has run on.
  else if (document.querySelector("meta[name=now][data-pace]")) location.reload();
  refreshTimes();
  setInterval(() => { if (!document.hidden) refreshTimes(); }, Math.max(1_000, EVERY_MS / pace));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refreshTimes(); });
}
