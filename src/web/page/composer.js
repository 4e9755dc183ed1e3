// The box in which one types, with completion of commands.

import { get } from "./api.js";
import { clean, el, icon, unique } from "./dom.js";

const MOST = 40_000;

/** `send(text)` resolves when it is done; the text comes back into the box when it fails. */
export class Composer {
  constructor(parent, id, label, context, send) {
    Object.assign(this, { context, send, shown: [], at: -1, asked: 0, history: [], past: null, busy: false });
    const list = unique("suggestions");
    this.text = el("textarea", {
      id, rows: 1, "aria-label": label, placeholder: label, maxlength: MOST, "aria-autocomplete": "list", "aria-controls": list, "aria-haspopup": "listbox",
      autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "send",
      oninput: () => this.changed(), onkeydown: (event) => this.key(event), onblur: () => this.hide(),
    });
    this.popup = el("ul", { id: list, class: "suggestions", role: "listbox", "aria-label": "Completions", hidden: true });
    this.button = el("button", { class: "send", type: "button", "aria-label": "Send", onclick: () => this.submit() }, icon("send"));
    this.hint = el("p", { class: "composer-hint" }, "Type / for commands. Enter sends, Shift+Enter starts a new line.");
    parent.append(this.popup, el("div", { class: "composer-box" }, this.text, this.button), this.hint);
    parent.classList.add("composer");
  }

  /** `as`: who says it, shown where the rail is out of sight too. */
  label(text, as) {
    this.text.placeholder = as ? `${text} as ${as}` : text;
    this.text.setAttribute("aria-label", text);
  }

  get value() {
    return this.text.value;
  }

  set value(text) {
    this.text.value = text;
    this.grow();
  }

  grow() {
    this.text.style.height = "auto";
    // Nothing has a height while it is hidden.
    if (this.text.scrollHeight) this.text.style.height = `${Math.min(this.text.scrollHeight, 220)}px`;
  }

  changed() {
    this.grow();
    this.past = null;
    const text = this.value;
    if (!text.startsWith("/") || text.includes("\n") || text.length > 500) return this.hide();
    const nth = ++this.asked;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      try {
        const found = await get("/api/complete", { as: this.context.me, text });
        if (nth === this.asked && document.activeElement === this.text) this.show(found);
      } catch {
        this.hide();
      }
    }, 40);
  }

  show(found) {
    this.shown = found.slice(0, 25);
    this.at = -1;
    this.popup.replaceChildren(...this.shown.map((s, n) => el("li", {
      id: `${this.popup.id}-${n}`, role: "option", "aria-selected": false,
      onmousedown: (event) => { event.preventDefault(); this.accept(n); },
    }, el("span", { class: "suggestion-label" }, clean(s.label)), el("span", { class: "suggestion-help" }, clean(s.help)))));
    this.popup.hidden = this.shown.length === 0;
  }

  hide() {
    this.asked++;
    clearTimeout(this.timer);
    this.popup.hidden = true;
    this.at = -1;
    this.text.removeAttribute("aria-activedescendant");
  }

  mark(at) {
    this.at = (at + this.shown.length) % this.shown.length;
    [...this.popup.children].forEach((node, n) => {
      node.setAttribute("aria-selected", n === this.at);
      if (n === this.at) {
        node.scrollIntoView({ block: "nearest" });
        this.text.setAttribute("aria-activedescendant", node.id);
      }
    });
  }

  accept(n) {
    this.value = this.shown[n].insert;
    this.text.setSelectionRange(this.value.length, this.value.length);
    this.hide();
    this.text.focus();
    this.changed();
  }

  key(event) {
    const open = !this.popup.hidden;
    const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;
    const take = (what) => { event.preventDefault(); event.stopPropagation(); what(); };
    if (open && plain && event.key === "ArrowDown") return take(() => this.mark(this.at + 1));
    if (open && plain && event.key === "ArrowUp") return take(() => this.mark(this.at < 0 ? -1 : this.at - 1));
    if (open && plain && event.key === "Tab") return take(() => this.accept(Math.max(0, this.at)));
    if (open && event.key === "Escape") return take(() => this.hide());
    if (event.key === "Enter" && plain) {
      // Only a line that was chosen is taken; a command that is typed to its end is sent.
      return take(() => (open && this.at >= 0 ? this.accept(this.at) : this.submit()));
    }
    if (plain && event.key === "ArrowUp" && (this.value === "" || this.past !== null)) return this.recall(event, -1);
    if (plain && event.key === "ArrowDown" && this.past !== null) return this.recall(event, 1);
  }

  recall(event, step) {
    const to = (this.past ?? this.history.length) + step;
    if (to < 0 || this.history.length === 0) return;
    event.preventDefault();
    this.value = this.history[to] ?? "";
    this.past = to >= this.history.length ? null : to;
    this.hide();
  }

  async submit() {
    const text = this.value;
    if (this.busy || text.trim() === "") return;
    this.hide();
    this.busy = true;
    this.button.disabled = true;
    this.value = "";
    const sent = await this.send(text);
    this.busy = false;
    this.button.disabled = false;
    if (sent) {
      this.history.push(text);
      this.history = this.history.slice(-50);
    } else if (this.value === "") {
      this.value = text;
    }
    this.past = null;
    this.text.focus();
  }
}
