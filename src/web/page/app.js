// Puts the page together: who acts, which channel is shown, and what changes live.

import { act, get, live, send } from "./api.js";
import { Clock } from "./clock.js";
import { Composer } from "./composer.js";
import { askLine, confirm, fill } from "./dialog.js";
import { $, announce, toast } from "./dom.js";
import { spoken } from "./entry.js";
import { Feed } from "./feed.js";
import { Rail } from "./rail.js";

const names = new Map();
const context = { me: null, name: (id) => names.get(id) ?? id, goto: (channel) => show(channel), unfolded: new Set() };
const page = { channel: null, channels: [], people: [], thread: null, stop: null, late: null, drafts: new Map(), seen: new Map(), turn: 0 };

const remember = (key, value) => {
  try {
    if (value !== undefined) sessionStorage.setItem(`signalbox.${key}`, value);
    return sessionStorage.getItem(`signalbox.${key}`);
  } catch {
    return null;
  }
};

const acts = { react, press, thread: openThread };
const feed = new Feed($("messages"), $("scroller"), context, acts);
const threadFeed = new Feed($("thread-messages"), $("thread-scroller"), context, { react, press });
const rail = new Rail(context, { channel: show, person: become });
const clock = new Clock(() => [feed, threadFeed].forEach((f) => f.redrawAll()));
const composer = new Composer($("composer"), "composer-text", "Message", context, (text) => say(text, null));
const threadComposer = new Composer($("thread-composer"), "thread-text", "Reply", context, (text) => say(text, page.thread));

/** The key stands behind `#` in the address; it becomes a cookie and leaves the address. `as` names who acts at first. */
async function enter() {
  const said = new URLSearchParams(location.hash.slice(1));
  const key = said.get("key");
  if (said.get("as")) remember("person", said.get("as"));
  if (key) history.replaceState(null, "", location.pathname);
  if (key) await send("/api/session", { key });
}

async function start() {
  try {
    await enter();
    await become(remember("person"));
  } catch (error) {
    if (error.status !== 401) throw error;
    const key = await askLine("signalbox console", "Key", `${error.message} You can also paste the address here.`, "Open");
    if (key) location.hash = `key=${encodeURIComponent(key.split("key=").at(-1))}`;
    location.reload();
  }
}

/** Acts as this person from now on; as the first one when nobody is named. */
async function become(person) {
  page.stop?.();
  const turn = ++page.turn;
  const known = person ?? "";
  let state = await get("/api/state", { as: known || "-" });
  if (!known) state = await get("/api/state", { as: state.people[0]?.id ?? "stranger" });
  if (turn !== page.turn) return;
  context.me = known || (state.people[0]?.id ?? "stranger");
  remember("person", context.me);
  names.clear();
  names.set("stranger", "A stranger");
  for (const p of state.people) names.set(p.id, p.name);
  page.people = state.people;
  page.channels = state.channels;
  $("org").textContent = state.name || "signalbox";
  clock.set(state.clock);
  rail.drawPeople(state.people, context.me);
  $("app").hidden = false;
  page.stop = live(context.me, state.rev, { message: changed, clock: (view) => clock.set(view), up, down });
  closeThread(false);
  const wanted = page.channel ?? remember("channel");
  await show(state.channels.some((c) => c.name === wanted) ? wanted : state.channels[0].name);
}

function up() {
  $("live").textContent = "Live";
  $("live").className = "live up";
  $("lost").hidden = true;
}

function down() {
  $("live").textContent = "Reconnecting";
  $("live").className = "live down";
  $("lost").textContent = "The connection to signalbox is lost. What is shown may be old; trying again…";
  $("lost").hidden = false;
}

async function show(name) {
  if (page.channel) page.drafts.set(page.channel, composer.value);
  const other = page.channel !== name;
  if (other) closeThread(false);
  page.channel = name;
  remember("channel", name);
  $("channel-title").textContent = `#${name}`;
  $("messages").setAttribute("aria-label", `Messages in #${name}`);
  composer.label(`Message #${name}`, context.name(context.me));
  composer.value = page.drafts.get(name) ?? "";
  rail.drawChannels(page.channels, name);
  const turn = page.turn;
  const late = (page.late = []);
  try {
    const loaded = await get(`/api/channels/${encodeURIComponent(name)}`, { as: context.me, limit: 80 });
    if (turn !== page.turn || page.channel !== name) return;
    const unread = page.channels.find((c) => c.name === name)?.messages ?? 0;
    const ids = loaded.messages.filter((m) => m.from !== context.me).map((m) => Number(m.id));
    feed.reset(loaded.messages, unread && unread < ids.length ? ids.at(-unread - 1) : null);
    // What came live while it was loading may be newer than what was loaded.
    for (const entry of late) if (entry.channel === name && !entry.thread) feed.upsert(entry);
    page.late = null;
    $("older").hidden = !loaded.more;
    empty();
    markRead();
    $("newest").hidden = true;
    if (other && !matchMedia("(pointer: coarse)").matches) composer.text.focus({ preventScroll: true });
  } catch (error) {
    failed(error);
  }
}

function empty() {
  $("empty").hidden = feed.entries.size > 0;
  $("empty").textContent = `Nothing was said in #${page.channel} yet. Type / to see what signalbox can do.`;
}

async function older() {
  try {
    const loaded = await get(`/api/channels/${encodeURIComponent(page.channel)}`, { as: context.me, limit: 80, before: feed.firstId });
    feed.prepend(loaded.messages);
    $("older").hidden = !loaded.more;
  } catch (error) {
    failed(error);
  }
}

/** One message as it now is. */
function changed(entry) {
  page.late?.push(entry);
  const root = entry.thread ?? entry.id;
  if (page.thread === root) threadFeed.upsert(entry);
  if (entry.channel === page.channel && !entry.thread) {
    const atEnd = feed.atEnd;
    if (feed.upsert(entry)) {
      empty();
      if (entry.from !== context.me) announce(spoken(entry, context));
      if (atEnd || entry.from === context.me || entry.only_for) {
        if (entry.from === context.me || entry.only_for) feed.toEnd();
        markRead();
      } else {
        $("newest").hidden = false;
      }
    }
  } else if (entry.channel === page.channel) {
    markRead();
  } else if (Number(entry.id) > (page.seen.get(entry.channel) ?? 0)) {
    page.seen.set(entry.channel, Number(entry.id));
    countSoon();
  }
  if (!page.channels.some((c) => c.name === entry.channel)) {
    page.channels.push({ name: entry.channel, messages: 0, mentions: 0 });
    countSoon();
  }
}

let counting;
function countSoon() {
  clearTimeout(counting);
  counting = setTimeout(async () => {
    try {
      count(await get("/api/unread", { as: context.me }));
    } catch {
      // Counted again with the next message.
    }
  }, 150);
}

function count(unread) {
  page.channels = page.channels.map((c) => ({ name: c.name, messages: 0, mentions: 0, ...unread[c.name] }));
  rail.drawChannels(page.channels, page.channel);
}

let marking;
function markRead() {
  clearTimeout(marking);
  marking = setTimeout(async () => {
    const upto = Math.max(feed.lastId, threadFeed.lastId);
    if (document.hidden || !upto) return;
    try {
      count(await send("/api/read", { as: context.me, channel: page.channel, upto: String(upto) }));
    } catch {
      // Marked with the next message.
    }
  }, 250);
}

function failed(error) {
  if (error.status === 401) location.reload();
  else toast(error.message);
}

/** Shows what came of an act; a form in the answer opens. */
async function answered(done) {
  for (const entry of [done.posted, ...done.answers]) if (entry) changed(entry);
  if (done.form) await submit(done.form.message, done.form.action, done.form.form);
}

async function say(text, thread) {
  try {
    const done = await act("/api/post", { as: context.me, channel: page.channel, thread, text });
    answered(done).catch(failed);
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}

async function react(entry, emoji, added) {
  try {
    await answered(await act("/api/react", { as: context.me, message: entry.id, emoji, added }));
  } catch (error) {
    failed(error);
  }
}

async function press(entry, button, action, node) {
  const danger = button.style === "danger";
  if (button.confirm && !(await confirm(button.confirm, button.label, danger))) return;
  if (button.form) return submit(entry.id, action, button.form, danger);
  node.setAttribute("aria-busy", "true");
  await click(entry.id, action, {});
  node.removeAttribute("aria-busy");
}

async function submit(message, action, form, danger) {
  const fields = await fill(form, danger);
  if (fields) await click(message, action, fields);
}

async function click(message, action, fields) {
  try {
    await answered(await act("/api/click", { as: context.me, message, action, fields }));
  } catch (error) {
    failed(error);
  }
}

async function openThread(entry) {
  page.thread = entry.id;
  $("thread").hidden = false;
  $("app").classList.add("with-thread");
  $("thread-title").textContent = `Thread in #${page.channel}`;
  threadFeed.reset([entry]);
  threadComposer.label("Reply in this thread", context.name(context.me));
  try {
    const loaded = await get(`/api/channels/${encodeURIComponent(page.channel)}/threads/${entry.id}`, { as: context.me });
    if (page.thread !== entry.id) return;
    const late = [...threadFeed.entries.values()];
    threadFeed.reset([loaded.message, ...loaded.replies]);
    late.forEach((known) => threadFeed.upsert(known));
    threadComposer.text.focus({ preventScroll: true });
  } catch (error) {
    failed(error);
  }
}

function closeThread(focus = true) {
  const id = page.thread;
  page.thread = null;
  $("thread").hidden = true;
  $("app").classList.remove("with-thread");
  threadFeed.reset([]);
  threadComposer.value = "";
  if (focus) feed.nodes.get(Number(id))?.focus({ preventScroll: true });
}

$("thread-close").addEventListener("click", () => closeThread());
$("older").addEventListener("click", older);
feed.trimmed = () => ($("older").hidden = false);
$("newest").addEventListener("click", () => feed.toEnd());
$("scroller").addEventListener("scroll", () => {
  if (feed.atEnd && !$("newest").hidden) {
    $("newest").hidden = true;
    markRead();
  }
});
new ResizeObserver(() => feed.wasAtEnd && feed.toEnd()).observe($("scroller"));
$("scroller").addEventListener("scroll", () => (feed.wasAtEnd = feed.atEnd));
document.addEventListener("visibilitychange", () => document.hidden || (page.channel && markRead()));
window.addEventListener("hashchange", () => location.hash.startsWith("#key=") && location.reload());
$("thread").addEventListener("keydown", (event) => event.key === "Escape" && closeThread());
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog, [role=menu]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    composer.text.focus();
    if (composer.value === "") composer.value = "/";
    composer.changed();
  }
});

start().catch((error) => toast(error.message));
