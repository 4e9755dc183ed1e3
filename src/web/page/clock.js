// The clock that windows and timers go by; in a demo it can be moved.

import { send } from "./api.js";
import { askLine } from "./dialog.js";
import { $, announce, toast } from "./dom.js";
import * as time from "./time.js";

export class Clock {
  constructor(zoneChanged) {
    this.zoneChanged = zoneChanged;
    this.at = null;
    $("clock-moves").addEventListener("click", (event) => {
      const { span, opening, custom } = event.target.closest("button")?.dataset ?? {};
      if (span) this.move({ span });
      else if (opening) this.move({ next_opening: {} });
      else if (custom) this.other();
    });
    setInterval(() => this.draw(), 1000);
  }

  set(view) {
    const changed = this.view?.zone !== view.zone;
    this.view = view;
    this.at = new Date(view.now).getTime();
    this.since = performance.now();
    time.setZone(view.zone);
    $("clock-moves").hidden = !view.can_advance;
    $("clock-note").textContent = view.can_advance
      ? `Demo time, ${view.zone}${view.pace > 1 ? `. Jobs and bakes run ${view.pace}× faster.` : ""}`
      : view.zone;
    if (changed) this.zoneChanged();
    this.draw();
  }

  now() {
    return this.at + (performance.now() - this.since);
  }

  draw() {
    if (this.at === null) return;
    const now = new Date(this.now()).toISOString();
    const put = (node, text) => node.textContent !== text && (node.textContent = text);
    put($("clock-time"), time.clock(now));
    $("clock-time").setAttribute("datetime", now);
    put($("clock-day"), time.day(now));
    put($("bar-clock"), time.moment(now));
  }

  async other() {
    const span = await askLine("Move the clock forward", "By how much", "Write it like 45m, 3h or 1d. It cannot go back.", "Move");
    if (span) this.move({ span });
  }

  async move(by) {
    try {
      this.set(await send("/api/advance", by));
      announce(`The clock shows ${time.moment(new Date(this.now()).toISOString())}`);
      toast(`The clock shows ${time.moment(new Date(this.now()).toISOString())}`, "note");
    } catch (error) {
      toast(error.message);
    }
  }
}
