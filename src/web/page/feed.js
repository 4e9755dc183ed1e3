// A list of messages that grows below, changes in place, and never moves what is being read.

import { el } from "./dom.js";
import { draw } from "./entry.js";
import * as time from "./time.js";

/** One line by signalbox, as threads are full of them. */
const brief = ({ message }) => !message.blocks?.length && !message.buttons?.length;
const NEAR = 48;
/** Messages kept in the list while one reads its end; older ones come back by the button above. */
const KEEP = 400;

export class Feed {
  /** `list` is the `ol`, `scroller` the box around it. */
  constructor(list, scroller, context, acts) {
    Object.assign(this, { list, scroller, context, acts, entries: new Map(), nodes: new Map(), active: null, newFrom: null, pressed: null, waiting: new Map(), days: new Map() });
    list.addEventListener("focusin", (event) => this.activate(event.target.closest(".entry")));
    list.addEventListener("keydown", (event) => this.move(event));
    // A redraw between press and release would swallow the click, so it waits for the release.
    list.addEventListener("pointerdown", (event) => (this.pressed = event.target.closest(".entry")));
    for (const end of ["pointerup", "pointercancel"]) {
      window.addEventListener(end, () => setTimeout(() => {
        const node = this.pressed;
        this.pressed = null;
        const entry = node?.isConnected && this.waiting.get(node);
        this.waiting.clear();
        if (entry) this.redraw(node, entry);
      }));
    }
  }

  get lastId() {
    return Math.max(0, ...this.entries.keys());
  }

  get firstId() {
    return this.entries.size ? Math.min(...this.entries.keys()) : null;
  }

  get atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Shows other messages altogether, at their end. */
  reset(entries, newFrom = null) {
    this.entries.clear();
    this.nodes.clear();
    this.days.clear();
    this.list.replaceChildren();
    this.active = null;
    this.newFrom = newFrom;
    this.put(entries);
    this.toEnd();
  }

  /** Older ones above, without a jump. */
  prepend(entries) {
    const before = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.put(entries);
    this.scroller.scrollTop = this.scroller.scrollHeight - before;
  }

  /** Adds or redraws one; says whether it is new. */
  upsert(entry) {
    const known = this.entries.get(Number(entry.id));
    if (known && known.rev >= entry.rev) return false;
    const stay = this.atEnd;
    // Where the first message in sight stands must not change when one above it grows.
    const anchor = stay ? null : this.anchor();
    const top = anchor?.getBoundingClientRect().top;
    this.put([entry]);
    if (stay) {
      if (this.entries.size > KEEP * 1.5) this.trim();
      this.toEnd();
    } else if (anchor) this.scroller.scrollTop += anchor.getBoundingClientRect().top - top;
    return !known;
  }

  trim() {
    for (const id of [...this.entries.keys()].sort((a, b) => a - b).slice(0, -KEEP)) {
      this.nodes.get(id).remove();
      for (const map of [this.entries, this.nodes, this.days]) map.delete(id);
    }
    this.arrange();
    this.trimmed?.();
  }

  anchor() {
    const edge = this.scroller.getBoundingClientRect().top;
    return [...this.nodes.values()].find((n) => n.getBoundingClientRect().bottom > edge + 1);
  }

  put(entries) {
    let grown = false;
    for (const entry of entries) {
      const id = Number(entry.id);
      this.entries.set(id, entry);
      let node = this.nodes.get(id);
      if (!node) {
        node = el("li", { class: "entry", tabindex: "-1", "data-id": id });
        this.nodes.set(id, node);
        this.days.set(id, time.day(entry.created));
        grown = true;
        const next = [...this.nodes.keys()].filter((k) => k > id);
        this.list.insertBefore(node, next.length ? this.nodes.get(Math.min(...next)) : null);
      }
      this.redraw(node, entry);
    }
    if (grown) this.arrange();
  }

  redraw(node, entry) {
    if (node === this.pressed) {
      this.waiting.set(node, entry);
      return;
    }
    const focus = node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const opened = [...node.querySelectorAll("pre")].map((p) => p.scrollTop);
    node.classList.add(entry.from ? "by-person" : "by-app");
    node.classList.toggle("only-me", Boolean(entry.only_for));
    node.replaceChildren(...draw(entry, this.context, this.acts).filter(Boolean));
    node.querySelectorAll("pre").forEach((p, n) => (p.scrollTop = opened[n] ?? 0));
    this.rove(node);
    if (focus) node.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  /** Draws all anew, when names or the zone changed. */
  redrawAll() {
    for (const [id, node] of this.nodes) {
      this.days.set(id, time.day(this.entries.get(id).created));
      this.redraw(node, this.entries.get(id));
    }
    this.arrange();
  }

  /** Days, what is new, and which message follows on the one above. */
  arrange() {
    this.list.querySelectorAll(":scope > .divider").forEach((d) => d.remove());
    let previous = null;
    let marked = false;
    for (const id of [...this.entries.keys()].sort((a, b) => a - b)) {
      const entry = this.entries.get(id);
      const node = this.nodes.get(id);
      let broken = false;
      if (!previous || this.days.get(Number(previous.id)) !== this.days.get(id)) {
        this.list.insertBefore(el("li", { class: "divider day", role: "separator" }, el("span", {}, this.days.get(id))), node);
        broken = true;
      }
      if (!marked && this.newFrom !== null && id > this.newFrom && entry.from !== this.context.me) {
        marked = true;
        if (previous) {
          this.list.insertBefore(el("li", { class: "divider new", role: "separator" }, el("span", {}, "New")), node);
          broken = true;
        }
      }
      const soon = previous && new Date(entry.created) - new Date(previous.created) < 300_000;
      node.classList.toggle("follows", Boolean(!broken && soon && previous.from === entry.from && !entry.only_for === !previous.only_for && (entry.from || (brief(entry) && brief(previous)))));
      previous = entry;
    }
    if (!this.active?.isConnected) this.activate(this.nodes.get(this.lastId) ?? null);
  }

  /** One message at a time is reached by Tab, with its tools; arrows go to the others. */
  activate(node) {
    if (!node || node === this.active) return;
    const before = this.active;
    this.active = node;
    for (const n of [before, node]) if (n) this.rove(n);
  }

  rove(node) {
    const active = node === this.active;
    node.tabIndex = active ? 0 : -1;
    node.classList.toggle("active", active);
    node.querySelectorAll("[data-roving]").forEach((b) => (b.tabIndex = active ? 0 : -1));
  }

  move(event) {
    if (!event.target.classList?.contains("entry")) return;
    const ids = [...this.nodes.keys()].sort((a, b) => a - b);
    const at = ids.indexOf(Number(event.target.dataset.id));
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: ids.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.nodes.get(ids[Math.max(0, Math.min(ids.length - 1, to))]).focus();
  }
}
