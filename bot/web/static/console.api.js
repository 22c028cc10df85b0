// The wire between our pages and the HTTP API: calls (the desk's, and by `apiAt` any other's), files
// and the event stream of the desk. Nothing here touches the page.

const BASE = "/api/desk";
const CALL_TIMEOUT_MS = 15_000;
const UPLOAD_TIMEOUT_MS = 120_000;
// The desk sends a comment every 15 s; after three of them missing the line is dead, whatever
// the browser believes.
const STREAM_SILENCE_MS = 45_000;
export const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

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

/** What went wrong, and what to do if the server said so, in one line. */
export const inWords = (error) => [error.message, error.hint].filter(Boolean).join(" ");

export function setCsrf(token) {
  csrf = token;
}

export function newId() {
  return crypto.randomUUID
    ? crypto.randomUUID()
    : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function call(method, url, body, patience = CALL_TIMEOUT_MS) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), patience);
  let response;
  let answer = {};
  try {
    response = await fetch(url, {
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

export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The calls of the API below `base`: {get(path), post(path, body, patience in ms)}. */
export const apiAt = (base) => ({
  get: (path) => call("GET", base + path),
  post: (path, body = {}, patience) => call("POST", base + path, body, patience),
});

export const { get, post } = apiAt(BASE);

// ── files ──

const pathOf = (conversation) => `${BASE}/conversations/${encodeURIComponent(conversation)}`;

export const fileUrl = (conversation, id) => `${pathOf(conversation)}/files/${encodeURIComponent(id)}`;
export const transcriptUrl = (conversation) => `${pathOf(conversation)}/transcript`;

/**
 * Send a file; unlike fetch, this kind of request tells how far it is. The same `item.key` again is
 * the same file.
 *
 * @param item {key, name, blob}; gets `request`, which can be aborted
 * @returns the file as the desk keeps it: {id, name, type, size}
 */
export function sendFile(conversation, item, progress) {
  const about = new URLSearchParams({ name: item.name, client_id: item.key });
  return sendBody(`${pathOf(conversation)}/files?${about}`, item, progress, UPLOAD_TIMEOUT_MS);
}

/** The same to any address of ours: `item.blob` as the body; `patience` in ms. */
export function sendBody(url, item, progress, patience) {
  return new Promise((resolve, reject) => {
    const request = (item.request = new XMLHttpRequest());
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.timeout = patience;
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onloadend = () => {
      const answer = parse(request.responseText || "{}") ?? {};
      if (request.status === 201 || request.status === 202) resolve(answer);
      else if (request.status) reject(new Refused(request.status, answer.error ?? {}, 0));
      else reject(new Unreachable("It did not get through."));
    };
    request.send(item.blob);
  });
}

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
