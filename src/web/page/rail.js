// The rail: channels with what is unread, and who one acts as.

import { $, avatar, clean, el, icon } from "./dom.js";

/** Somebody whom config does not know, to see how signalbox answers strangers. */
const STRANGER = { id: "stranger", name: "A stranger", roles: ["not in config"] };

export class Rail {
  constructor(context, { channel, person }) {
    Object.assign(this, { context, channel, person });
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
    if (open) $("rail").querySelector("[aria-current], button")?.focus();
    else if ($("rail").contains(document.activeElement)) $("menu").focus();
  }

  drawChannels(channels, current) {
    const focused = document.activeElement?.closest("#channels button")?.dataset.channel;
    $("channels").replaceChildren(...channels.map(({ name, messages, mentions }) => {
      const unread = name !== current && (messages || mentions);
      const words = unread ? `, ${messages} unread${mentions ? `, ${mentions} for you` : ""}` : "";
      return el("li", {}, el("button", {
        type: "button", class: `channel${unread ? " unread" : ""}`, "data-channel": name, "aria-current": name === current ? "page" : null,
        "aria-label": `${name}${words}`, onclick: () => { this.drawer(false); this.channel(name); },
      }, icon("hash"), el("span", { class: "channel-name" }, clean(name)),
      unread ? el("span", { class: `badge${mentions ? " for-me" : ""}` }, mentions || messages) : ""));
    }));
    if (focused) $("channels").querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
    const count = channels.reduce((n, c) => n + (c.name === current ? 0 : c.mentions || c.messages), 0);
    document.title = `${count ? `(${count}) ` : ""}#${current} · signalbox`;
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
