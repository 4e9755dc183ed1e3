// Talks to signalbox. Acts carry an id that stays the same when they are tried again, so nothing happens twice.

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    throw new ApiError(0, "signalbox does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, body.error ?? `signalbox answered ${response.status}.`);
  return body;
}

export function get(path, query = {}) {
  const known = Object.entries(query).filter(([, v]) => v !== undefined && v !== null);
  const text = new URLSearchParams(known).toString();
  return ask(text ? `${path}?${text}` : path);
}

export function send(path, body) {
  return ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Unique for ever. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "page-" + Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Sends an act; what may have got lost on the way is sent once more under the same id. */
export async function act(path, body) {
  const whole = { id: newId(), ...body };
  try {
    return await send(path, whole);
  } catch (error) {
    if (error.status !== 0 && error.status !== 503) throw error;
    await new Promise((done) => setTimeout(done, 700));
    return send(path, whole);
  }
}

/** Live changes from a revision on. The browser reconnects by itself and says how far it got. */
export function live(viewer, since, { message, clock, up, down }) {
  let source;
  let last = since;
  let closed = false;
  let timer;
  const open = () => {
    source = new EventSource(`/api/stream?${new URLSearchParams({ as: viewer, since: last })}`);
    source.addEventListener("open", up);
    source.addEventListener("message", (event) => {
      last = Number(event.lastEventId) || last;
      message(JSON.parse(event.data));
    });
    source.addEventListener("clock", (event) => clock(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      if (closed) return;
      down();
      // A refused connection is not tried again by the browser.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(again, 1500);
    });
  };
  /** Asks first, since a stream does not say why it was refused: after a restart with another key only a reload helps. */
  const again = () => get("/api/clock").then(() => closed || open(), (error) => {
    if (error.status === 401) location.reload();
    else if (!closed) timer = setTimeout(again, 1500);
  });
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    source.close();
  };
}
