// Times as people read them, in the policy's zone.

let zone = "UTC";
let shift = 0;
let format = make("UTC");

function make(timeZone) {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone, weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
}

/** An IANA name, or a fixed offset such as `+03:00`, which not every browser knows as a zone. */
export function setZone(name) {
  if (name === zone) return;
  const offset = /^([+-])(\d\d):?(\d\d)?$/.exec(name);
  try {
    format = make(offset ? "UTC" : name);
    shift = offset ? (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0)) * 60_000 : 0;
    zone = name;
  } catch {
    format = make("UTC");
    shift = 0;
    zone = "UTC";
  }
}

function parts(at) {
  const out = {};
  for (const { type, value } of format.formatToParts(new Date(new Date(at).getTime() + shift))) out[type] = value;
  return out;
}

/** `10:05` */
export function clock(at) {
  const p = parts(at);
  return `${p.hour}:${p.minute}`;
}

/** `Mon 4 Jan` */
export function day(at) {
  const p = parts(at);
  return `${p.weekday} ${p.day} ${p.month}`;
}

/** `Mon 4 Jan 10:05` */
export const moment = (at) => `${day(at)} ${clock(at)}`;

/** `Mon 4 Jan 2027 10:05 (+03:00)` for those who want to know exactly. */
export const full = (at) => `${day(at)} ${parts(at).year} ${clock(at)} (${zone})`;
