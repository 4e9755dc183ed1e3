// The rail: channels with what is unread, and who one acts as.

import { $, avatar, clean, el, icon } from "./dom.js";

/** Somebody whom config does not know, to see how signalbox answers strangers. */
const STRANGER = { id: "stranger", name: "A stranger", roles: ["not in config"] };

export class Rail {
  constructor(context, { channel, person }) {
    Object.assign(this, { context, channel, person, buttons: new Map() });
    $("menu").append(icon("menu"));
    $("theme").append(icon("theme"));
    $("thread-close").append(icon("close"));
    $("theme").addEventListener("click", toggleTheme);
    $("menu").addEventListener("click", () => this.drawer($("menu").getAttribute("aria-expanded") !== "true"));
    $("scrim").addEventListener("click", () => this.drawer(false));
    $("me").addEventListener("click", () => this.people($("people").hidden));
    $("me").addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        event.preventDefault();
        this.people(true);
      }
    });
    $("people").addEventListener("keydown", (event) => this.choose(event));
    document.addEventListener("click", (event) => {
      if (!event.target.closest(".me")) this.people(false, false);
    });
    $("rail").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && $("people").hidden) this.drawer(false);
    });
  }

  /** On a phone the rail slides in. */
  drawer(open) {
    $("rail").classList.toggle("open", open);
    $("scrim").hidden = !open;
    $("menu").setAttribute("aria-expanded", open);
    if (open) ($("rail").querySelector("[aria-current]") ?? $("theme")).focus();
    else if ($("rail").contains(document.activeElement)) $("menu").focus();
  }

  drawChannels(channels, current) {
    if (channels.map((c) => c.name).join() !== [...this.buttons.keys()].join()) {
      this.buttons = new Map(channels.map(({ name }) => [name, this.channelButton(name)]));
      $("channels").replaceChildren(...[...this.buttons.values()].map((b) => el("li", {}, b)));
    }
    // Changed in place, so that a press is never lost to a redraw.
    for (const { name, messages, mentions } of channels) {
      const button = this.buttons.get(name);
      const unread = name !== current && (messages || mentions);
      button.classList.toggle("unread", Boolean(unread));
      button.setAttribute("aria-label", name + (unread ? `, ${messages} unread${mentions ? `, ${mentions} for you` : ""}` : ""));
      if (name === current) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
      const badge = button.querySelector(".badge");
      badge.hidden = !unread;
      badge.classList.toggle("for-me", mentions > 0);
      badge.textContent = mentions || messages;
    }
    const count = channels.reduce((n, c) => n + (c.name === current ? 0 : c.mentions || c.messages), 0);
    document.title = `${count ? `(${count}) ` : ""}#${current} · signalbox`;
  }

  channelButton(name) {
    const go = () => {
      this.drawer(false);
      this.channel(name);
    };
    return el("button", { type: "button", class: "channel", "data-channel": name, onclick: go },
      icon("hash"), el("span", { class: "channel-name" }, clean(name)), el("span", { class: "badge", hidden: true }));
  }

  drawPeople(people, me) {
    const all = [...people, STRANGER];
    const now = all.find((p) => p.id === me) ?? all[0];
    const line = (p) => [avatar(p.id, p.name), el("span", { class: "who" }, el("strong", {}, clean(p.name)), el("span", { class: "roles" }, clean(p.roles.join(", "))))];
    $("me").replaceChildren(...line(now));
    $("me").setAttribute("aria-label", `You act as ${now.name}, ${now.roles.join(", ")}. Act as somebody else`);
    $("people").replaceChildren(...all.map((p) => el("li", { role: "none" }, el("button", {
      type: "button", role: "menuitemradio", "aria-checked": p.id === me, tabindex: "-1", "data-person": p.id,
      onclick: () => { this.people(false); this.drawer(false); this.person(p.id); },
    }, ...line(p)))));
  }

  people(open, focus = true) {
    if ($("people").hidden === !open) return;
    $("people").hidden = !open;
    $("me").setAttribute("aria-expanded", open);
    if (open) $("people").querySelector("[aria-checked=true]")?.focus();
    else if (focus) $("me").focus();
  }

  choose(event) {
    const items = [...$("people").querySelectorAll("button")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length].focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.people(false);
    } else if (event.key === "Tab") {
      this.people(false, false);
    } else if (event.key.length === 1 && event.key !== " ") {
      items.find((i) => i.querySelector("strong").textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    }
  }
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("signalbox.theme", root.dataset.theme);
  } catch {
    // Kept for this visit only.
  }
}
