// Draws the neutral message. Each piece becomes a text node in its own element, so nothing anybody typed is markup.

import { clean, el, icon, unique } from "./dom.js";
import * as time from "./time.js";

const FOLD_CHARS = 1800;
const FOLD_LINES = 24;
const WORDS = { done: "Done: ", open: "Open: ", running: "Running: ", failed: "Failed: ", warning: "Warning: ", skipped: "Skipped: ", key: "Key: ", bullet: "" };
const SIGNS = { done: "✓", failed: "✕", warning: "!", skipped: "–", bullet: "•" };

/** `context` knows names (`name(id)`), who looks (`me`), how to go to a channel, and which blocks are unfolded. */
export function pieces(text, context) {
  return text.map((p) => piece(p, context));
}

function piece({ piece: kind, of }, context) {
  switch (kind) {
    case "plain": return el("bdi", {}, clean(of));
    case "bold": return el("strong", {}, clean(of));
    case "code": return el("code", {}, clean(of));
    case "person": {
      const name = clean(context.name(of.id));
      if (!of.mention) return el("span", { class: "person" }, name);
      return el("span", { class: `person mention${of.id === context.me ? " to-me" : ""}` }, `@${name}`);
    }
    case "channel":
      return el("button", { class: "channel-link", type: "button", onclick: () => context.goto(of) }, `#${clean(of)}`);
    case "time":
      return el("time", { datetime: of.at, title: time.full(of.at) }, time[of.style === "clock" ? "clock" : of.style === "day" ? "day" : "moment"](of.at));
    case "link": return link(of);
    default: return document.createTextNode("");
  }
}

/** Only addresses of the web can be followed; anything else is shown as it is. */
function link({ text, url }) {
  let parsed = null;
  try {
    parsed = new URL(url);
  } catch {
    // Not an address.
  }
  if (!parsed || !["http:", "https:"].includes(parsed.protocol)) return el("bdi", {}, clean(`${text} (${url})`));
  return el("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer", title: parsed.href }, clean(text));
}

/** A long text in a box that can be opened; which are open survives a redraw. */
export function foldable(node, text, key, context) {
  const lines = text.split("\n").length;
  if (text.length <= FOLD_CHARS && lines <= FOLD_LINES) return node;
  const id = unique("fold");
  node.id = id;
  const size = lines > FOLD_LINES ? `${lines} lines` : `${text.length.toLocaleString("en-GB")} characters`;
  const button = el("button", { class: "fold-button", type: "button", "aria-controls": id, "data-focus": `fold-${key}` });
  const draw = () => {
    const open = context.unfolded.has(key);
    node.classList.toggle("folded", !open);
    button.setAttribute("aria-expanded", open);
    button.textContent = open ? "Show less" : `Show all (${size})`;
  };
  button.addEventListener("click", () => {
    if (!context.unfolded.delete(key)) context.unfolded.add(key);
    draw();
  });
  draw();
  return el("div", { class: "foldable" }, node, button);
}

const length = (text) => text.map(({ of }) => (typeof of === "string" ? of : "x".repeat(12))).join("");

function block({ block: kind, of }, key, context) {
  switch (kind) {
    case "text": return foldable(el("p", { class: "text" }, ...pieces(of, context)), length(of), key, context);
    case "context": return foldable(el("p", { class: "context" }, ...pieces(of, context)), length(of), key, context);
    case "quote": return foldable(el("blockquote", {}, ...pieces(of, context)), length(of), key, context);
    case "code": return foldable(el("pre", { tabindex: "0" }, el("code", {}, clean(of))), of, key, context);
    case "fields":
      return el("dl", { class: "fields" }, ...of.map(([label, value]) =>
        el("div", {}, el("dt", {}, clean(label)), el("dd", {}, ...pieces(value, context)))));
    case "progress": return progress(of);
    case "picture": return el("img", { class: "picture", src: `data:image/png;base64,${of.png}`, alt: clean(of.alt) });
    case "list":
      return el("ul", { class: "lines" }, ...of.map(({ mark, text }) =>
        el("li", { class: `line-${mark}` }, sign(mark), el("span", { class: "line-text" }, ...pieces(text, context)))));
    case "divider": return el("hr", {});
    default: return "";
  }
}

function sign(mark) {
  return el("span", { class: `mark mark-${mark}` },
    mark === "key" ? icon("key") : el("span", { "aria-hidden": "true" }, SIGNS[mark] ?? ""),
    el("span", { class: "sr-only" }, WORDS[mark] ?? ""));
}

function progress({ label, done, of, note, budget }) {
  const share = Math.max(0, Math.min(1, done / Math.max(1, of)));
  const fill = el("span", { class: `fill${budget ? " budget" : ""}${share >= 1 ? " full" : ""}` });
  fill.style.width = `${share * 100}%`;
  return el("div", { class: "progress" },
    el("span", { class: "progress-label" }, clean(label)),
    el("span", { class: "track", role: "progressbar", "aria-label": clean(label) || "Progress", "aria-valuemin": 0, "aria-valuemax": of, "aria-valuenow": Math.min(done, of), "aria-valuetext": clean(budget ? note : `${done} of ${of}. ${note}`) }, fill),
    el("span", { class: "progress-note" }, budget ? "" : `${done}/${of}`, note ? el("span", {}, ` ${clean(note)}`) : ""));
}

/** The card with its buttons; `press(button, index)` is called by a click. */
export function card(message, id, context, press) {
  const buttons = (message.buttons ?? []).map((button, n) =>
    el("button", { class: `btn ${button.style}`, type: "button", "data-focus": `button-${n}-${button.label}`, onclick: (event) => press(button, n, event.currentTarget) }, clean(button.label)));
  return el("div", { class: `card tone-${message.tone}` },
    el("h3", { class: "title" }, ...pieces(message.title, context)),
    ...(message.blocks ?? []).map((b, n) => block(b, `${id}/${n}`, context)),
    buttons.length ? el("div", { class: "buttons", role: "group", "aria-label": "What can be done" }, ...buttons) : "");
}
