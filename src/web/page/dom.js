// Builds elements. Data becomes text nodes and checked attributes only; nothing here parses markup.

/** `el("button", { class: "x", type: "button", onclick }, "Label", child)` */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-")) node.setAttribute(name, String(value));
    else if (value === false) continue;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((c) => c !== undefined && c !== null && c !== false));
  return node;
}

export const $ = (id) => document.getElementById(id);

/** Without characters that only disturb: controls, and marks that turn the direction of all that follows. */
export function clean(text) {
  return String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "");
}

const SVG = "http://www.w3.org/2000/svg";

/** A line drawing of 24 by 24 that takes the text's colour. Paths are ours, never data. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-7z",
  reply: "M4 5h16v11H9l-5 4z",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M3 15h16",
  theme: "M12 4v-2M12 22v-2M4 12H2M22 12h-2M6 6L4.5 4.5M19.5 19.5L18 18M6 18l-1.5 1.5M19.5 4.5L18 6M12 7a5 5 0 100 10 5 5 0 000-10z",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 100 6 3 3 0 000-6z",
  key: "M14 10a4 4 0 10-3.5 4L13 16.500v2h2v2h4v-3.500l-5.300-5.300A4 4 0 0014 10zM9 9h.01",
};

/** Two letters for a person. */
export function initials(name) {
  const words = clean(name).trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [...words[0]][0] + [...words.at(-1)][0] : [...(words[0] ?? "?")].slice(0, 2).join("");
  return letters.toUpperCase();
}

export function avatar(id, name) {
  let hash = 0;
  for (const c of id) hash = (hash * 33 + c.codePointAt(0)) % 9973;
  // The golden angle keeps neighbours apart.
  const hue = Math.round(hash * 137.508) % 360;
  const node = el("span", { class: "avatar", "aria-hidden": "true" }, initials(name));
  node.style.setProperty("--hue", hue);
  return node;
}

let nth = 0;
/** An id for `aria-` references that no other element has. */
export const unique = (what) => `${what}-${++nth}`;

/** Shows a short notice; an error stays longer. */
export function toast(text, kind = "error") {
  const node = el("p", { class: `toast ${kind}` }, clean(text));
  $("toasts").append(node);
  setTimeout(() => node.remove(), kind === "error" ? 8000 : 4000);
}

/** Tells those who hear the page. */
export function announce(text) {
  const box = $("announce");
  box.append(el("p", {}, clean(text).slice(0, 300)));
  while (box.childElementCount > 5) box.firstElementChild.remove();
}
