// Short messages after an act.

const STAYS_MS = 6000;

export function toast(text, undo) {
  const place = document.querySelector("[data-toasts]");
  if (!place) return;
  const box = document.createElement("div");
  box.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  if (undo) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = undo;
    const button = document.createElement("button");
    button.className = "plain";
    button.textContent = "Undo";
    form.append(button);
    box.append(form);
  }
  place.append(box);
  setTimeout(() => box.remove(), STAYS_MS);
}

export function startToasts() {
  for (const box of document.querySelectorAll("[data-toasts] .toast")) setTimeout(() => box.remove(), STAYS_MS);
  const kept = sessionStorage.getItem("toast");
  if (kept) {
    sessionStorage.removeItem("toast");
    const { text, undo } = JSON.parse(kept);
    toast(text, undo);
  }
}

// Show the message on the page we are about to go to.
export function toastThere(text, undo) {
  sessionStorage.setItem("toast", JSON.stringify({ text, undo }));
}
