// One message in a list: who, when, what, its reactions and its thread.

import { avatar, clean, el, icon } from "./dom.js";
import { card, foldable } from "./neutral.js";
import { chips, palette } from "./reactions.js";
import * as time from "./time.js";

/** `acts`: `react(entry, emoji, added)`, `press(entry, button, action, node)`, `thread(entry)`. */
export function draw(entry, context, acts) {
  const bot = !entry.from;
  const name = bot ? "signalbox" : clean(context.name(entry.from));
  const react = (emoji, added) => acts.react(entry, emoji, added);
  const face = bot ? el("img", { class: "avatar", src: "/icon.svg", alt: "" }) : avatar(entry.from, name);
  const content = bot
    ? card(entry.message, entry.id, context, (button, n, node) => acts.press(entry, button, entry.actions[n], node))
    : foldable(el("p", { class: "typed", dir: "auto" }, clean(entry.typed)), entry.typed, `${entry.id}/typed`, context);
  const meta = el("div", { class: "meta" },
    el("span", { class: "author" }, name),
    bot ? el("span", { class: "app-tag" }, "app") : "",
    el("time", { datetime: entry.created, title: time.full(entry.created) }, time.clock(entry.created)),
    entry.edited ? el("span", { class: "edited", title: `Edited ${time.full(entry.edited)}` }, "edited") : "");
  const private_ = entry.only_for ? el("p", { class: "private" }, icon("eye"), "Only you see this") : "";
  const tools = el("div", { class: "tools", role: "group", "aria-label": `Act on the message by ${name}` },
    ...palette(entry, context, react),
    acts.thread ? el("button", { class: "tool", type: "button", "data-roving": true, "data-focus": "reply", "data-reply": true, "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => acts.thread(entry) }, icon("reply")) : "");
  return [
    face,
    el("div", { class: "body" }, private_, meta, content, chips(entry, context, react), acts.thread ? replies(entry, acts) : ""),
    tools,
  ];
}

function replies(entry, acts) {
  if (!entry.replies) return "";
  const count = entry.replies === 1 ? "1 reply" : `${entry.replies} replies`;
  return el("button", { class: "replies", type: "button", "data-focus": "replies", onclick: () => acts.thread(entry) },
    icon("reply"), el("strong", {}, count), el("span", { class: "last-reply" }, `last ${time.clock(entry.last_reply)}`));
}

/** What a screen reader is told of a new message. */
export function spoken(entry, context) {
  const name = entry.from ? context.name(entry.from) : "signalbox";
  return `${name}: ${entry.text.split("\n")[0]}`;
}
