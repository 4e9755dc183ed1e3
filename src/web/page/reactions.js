// Reactions under a message, and the row of signs to add one.

import { clean, el } from "./dom.js";

/** Offered at once, with the words that screen readers say. */
export const QUICK = [
  ["✅", "turn a key"], ["❌", "reject"], ["👀", "looking"], ["📌", "pin to the timeline"], ["👍", "agree"], ["🎉", "celebrate"],
];

const word = (emoji) => QUICK.find(([e]) => e === emoji)?.[1];

/** Chips with counts and names; a click joins in or leaves. */
export function chips(entry, context, react) {
  if (!entry.reactions?.length) return "";
  return el("ul", { class: "reactions", "aria-label": "Reactions" }, ...entry.reactions.map(({ emoji, people }) => {
    const mine = people.includes(context.me);
    const who = people.map((id) => clean(context.name(id))).join(", ");
    return el("li", {}, el("button", {
      class: `chip${mine ? " mine" : ""}`, type: "button", "aria-pressed": mine, "data-who": who, "data-emoji": emoji, "data-focus": `chip-${emoji}`,
      "aria-label": `${emoji} ${people.length}, by ${who}. ${mine ? "Take yours off" : "Add yours"}`,
      onclick: () => react(emoji, !mine),
    }, el("span", { class: "emoji" }, clean(emoji)), el("span", { class: "count" }, people.length)));
  }));
}

/** The tools that appear beside the message one is at. */
export function palette(entry, context, react) {
  return QUICK.map(([emoji]) => {
    const mine = entry.reactions?.some((r) => r.emoji === emoji && r.people.includes(context.me)) ?? false;
    return el("button", {
      class: "tool", type: "button", "data-react": emoji, "data-roving": true, "data-focus": `react-${emoji}`, "aria-pressed": mine,
      "aria-label": `React with ${emoji}, ${word(emoji)}`, title: word(emoji),
      onclick: () => react(emoji, !mine),
    }, emoji);
  });
}
