// The wire between the console and the desk's HTTP API: calls, the event stream, and the outbox
// that repeats a reply until the desk said yes. Nothing here touches the page.

const BASE = "/api/desk";
const CALL_TIMEOUT_MS = 15_000;
// The desk sends a comment every 15 s; after three of them missing the line is dead, whatever
// the browser believes.
const STREAM_SILENCE_MS = 45_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

let csrf = "";

/** The desk answered, and the answer is no. */
export class Refused extends Error {
  constructor(status, error, retryAfter) {
    super(error.message || `The server answered ${status}.`);
    this.status = status;
    this.code = error.code || "error";
    this.hint = error.hint || "";
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get passing() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** No answer at all: no network, or no server. */
export class Unreachable extends Error {}

export function setCsrf(token) {
  csrf = token;
}

export function newId() {
  return crypto.randomUUID
    ? crypto.randomUUID()
    : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function call(method, path, body) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), CALL_TIMEOUT_MS);
  let response;
  let answer = {};
  try {
    response = await fetch(BASE + path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: abort.signal,
    });
    const text = await response.text();
    if (text) answer = parse(text) ?? {};
  } catch {
    throw new Unreachable("There is no connection to the server.");
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw refusal(response, answer);
  return answer;
}

function refusal(response, answer) {
  return new Refused(response.status, answer.error ?? {}, Number(response.headers.get("Retry-After")) || 0);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);

// ── the stream ──

/**
 * Follow a stream of server-sent events for as long as needed, over every break.
 *
 * @param path () => string: asked anew at every connection, so that it can carry the last seq
 * @param on {event(name, data), up(), down(retryInMs), refused(Refused)}
 * @returns {stop(), retry()}
 */
export function follow(path, on) {
  let stopped = false;
  let tries = 0;
  let abort = null;
  let wake = null;

  const pause = (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const listen = async () => {
    abort = new AbortController();
    let silence = 0;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), STREAM_SILENCE_MS);
    };
    heard();
    try {
      const response = await fetch(BASE + path(), {
        credentials: "same-origin",
        cache: "no-store",
        headers: { Accept: "text/event-stream" },
        signal: abort.signal,
      });
      if (!response.ok) throw refusal(response, parse(await response.text()) ?? {});
      tries = 0;
      on.up();
      for await (const { name, data } of eventsOf(response.body, heard)) {
        if (stopped) return;
        on.event(name, data);
      }
    } finally {
      clearTimeout(silence);
    }
  };

  const run = async () => {
    while (!stopped) {
      try {
        await listen();
      } catch (error) {
        if (stopped) return;
        if (error instanceof Refused && !error.passing) {
          stopped = true;
          on.refused(error);
          return;
        }
      }
      if (stopped) return;
      const step = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
      tries += 1;
      // Half of the pause is chance, so that all consoles don't come back in the same moment.
      const ms = step / 2 + (Math.random() * step) / 2;
      on.down(ms);
      await pause(ms);
    }
  };
  run();
  return {
    stop() {
      stopped = true;
      abort?.abort();
      wake?.();
    },
    retry() {
      wake?.();
    },
  };
}

/** The events in a text/event-stream body. `heard` is called for every sign of life. */
async function* eventsOf(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let name = "message";
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (data.length) {
            const parsed = parse(data.join("\n"));
            if (parsed !== undefined) yield { name, data: parsed };
          }
          name = "message";
          data = [];
        } else if (line.startsWith("event:")) {
          name = line.slice(6).trim();
        } else if (line.startsWith("data:")) {
          data.push(line.slice(5).trimStart());
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// ── the outbox ──

/**
 * Replies and notes on their way. Each keeps its `client_id` until the desk has accepted it, so
 * that repeating it can't double it; each survives a reload of the page. What was refused stays,
 * with the reason, until the agent decides.
 *
 * An item is {clientId, conversation, command, text, at, status: "sending"|"retrying"|"accepted"|
 * "refused", seq?, error?}.
 */
export class Outbox {
  #items = [];
  #key;
  #changed;
  #loggedOut;
  #busy = new Set();
  #wakers = new Set();
  #stopped = false;

  constructor(login, { changed, loggedOut }) {
    this.#key = `deskhand.outbox.${login}`;
    this.#changed = changed;
    this.#loggedOut = loggedOut;
    this.#items = parse(sessionStorage.getItem(this.#key) ?? "[]") ?? [];
    for (const item of this.#items) this.#drain(item.conversation);
  }

  of(conversation) {
    return this.#items.filter((item) => item.conversation === conversation);
  }

  /** How many texts the desk does not have yet. */
  get waiting() {
    return this.#items.filter((item) => item.status !== "accepted").length;
  }

  send(conversation, command, text) {
    this.#items.push({ clientId: newId(), conversation, command, text, at: Date.now(), status: "sending" });
    this.#save(conversation);
    this.#drain(conversation);
  }

  /** The log shows it now, or the agent gave it up. */
  drop(clientId) {
    const item = this.#items.find((one) => one.clientId === clientId);
    if (!item) return;
    this.#items = this.#items.filter((one) => one !== item);
    this.#save(item.conversation);
  }

  /** Forget what the log has shown up to `seq`. */
  shown(conversation, seq) {
    for (const item of this.of(conversation)) {
      if (item.status === "accepted" && item.seq <= seq) this.drop(item.clientId);
    }
  }

  retryNow() {
    for (const wake of [...this.#wakers]) wake();
  }

  stop() {
    this.#stopped = true;
    this.retryNow();
  }

  forget() {
    this.stop();
    sessionStorage.removeItem(this.#key);
  }

  #save(conversation) {
    if (!this.#stopped) sessionStorage.setItem(this.#key, JSON.stringify(this.#items));
    this.#changed(conversation);
  }

  #set(item, change) {
    Object.assign(item, change);
    this.#save(item.conversation);
  }

  // One conversation's texts go out one after the other: their order is their meaning.
  async #drain(conversation) {
    if (this.#busy.has(conversation)) return;
    this.#busy.add(conversation);
    let tries = 0;
    try {
      for (;;) {
        const item = this.of(conversation).find((one) => one.status === "sending" || one.status === "retrying");
        if (!item || this.#stopped) return;
        try {
          const { seq } = await post(`/conversations/${encodeURIComponent(conversation)}/commands`, {
            client_id: item.clientId,
            command: item.command,
            text: item.text,
          });
          tries = 0;
          this.#set(item, { status: "accepted", seq });
        } catch (error) {
          if (this.#stopped) return;
          if (error instanceof Refused && error.status === 401) {
            this.#loggedOut();
            return;
          }
          if (error instanceof Refused && !error.passing) {
            this.#set(item, { status: "refused", error: [error.message, error.hint].filter(Boolean).join(" ") });
            continue;
          }
          this.#set(item, { status: "retrying" });
          const step = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
          tries += 1;
          await this.#pause(Math.max(step, (error.retryAfter ?? 0) * 1_000));
        }
      }
    } finally {
      this.#busy.delete(conversation);
    }
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wakers.add(done);
    });
  }
}
