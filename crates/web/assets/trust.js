// The one place where text of the server becomes elements: a Trusted Types policy of our own, nothing else may parse HTML.

const policy = globalThis.trustedTypes?.createPolicy("midwatch", { createHTML: (text) => text });

// Parse a fragment the server rendered (and escaped). Scripts inside a template never run.
export function parse(text) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(text) : text;
  return template.content;
}

// Get a page or fragment of our own server as elements; null when it is gone or hidden from us.
export async function get(url) {
  const answer = await fetch(url, { headers: { "X-Requested-With": "midwatch" }, credentials: "same-origin" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return parse(await answer.text());
}

// Make an element with attributes and children; text stays text.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
