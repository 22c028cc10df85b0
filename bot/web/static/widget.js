/*
 * Deskhand's chat widget: the customer's side of a conversation, in one file.
 *
 *   <script src="https://desk.example/widget.js" defer data-title="Nordlys Outdoor"
 *     data-accent="#1f5f4f" data-position="right" data-theme="dark" data-greeting="Need a hand?">
 *
 * It talks to the customer API and shows what the log says; rules are the server's business.
 * A Content-Security-Policy needs the gateway in script-src and connect-src (in img-src, if the
 * assistant sends pictures). There is no inline code or style, no eval, no HTML from strings.
 *
 * One of a browser's tabs leads (Web Locks): it alone talks to the gateway, and tells the others
 * over a BroadcastChannel. Without locks (plain http) every tab leads itself.
 */
(() => {
  "use strict";

  const script = document.currentScript || document.querySelector('script[src*="widget.js"]');
  const TAG = "deskhand-chat";
  if (!script || document.querySelector(TAG)) return;

  const option = { title: "Chat with us", accent: "#1f5f4f", position: "right", ...script.dataset };
  const API = new URL("api/chat/", script.src).href;
  const PREFIX = `deskhand:${new URL(API).host}:`;

  const TEXT_LIMIT = 4000; // characters, as on the server
  const COUNTER_AT = 400; // characters left
  // Milliseconds:
  const POST_TIMEOUT = 15_000;
  const SILENCE = 45_000; // of a dead stream; a living one is heard every 15 s
  const PING_EVERY = 20_000; // followers ask whether the leader is alive
  const PING_PATIENCE = 3_000; // a leader that does not answer is replaced
  const TYPING_SHOWN = 5_000;
  const TYPING_EVERY = 3_000;
  const GROUP_GAP = 300_000; // bubbles of one speaker get a new head after it
  const UPLOAD_TIMEOUT = 120_000;

  const FILES_AT_ONCE = 10; // in one message, as on the server
  const THUMBNAIL = 480; // longer side in pixels
  const SHOWN = /^image\/(png|jpeg|gif|webp)$/; // what a browser may draw

  // ---------------------------------------------------------------- storage

  /** A Web Storage area as JSON; what it refuses (blocked, full) is kept in memory. */
  const shelf = (area) => {
    const memory = new Map();
    const attempt = (act) => {
      try {
        return act(window[area]);
      } catch {
        return null;
      }
    };
    return {
      get(key) {
        const raw = memory.get(key) ?? attempt((box) => box.getItem(PREFIX + key));
        try {
          return JSON.parse(raw);
        } catch {
          return null; // written by something else
        }
      },
      set(key, value) {
        const raw = JSON.stringify(value);
        memory.set(key, raw);
        attempt((box) => box.setItem(PREFIX + key, raw) ?? memory.delete(key));
      },
      remove(key) {
        memory.delete(key);
        attempt((box) => box.removeItem(PREFIX + key));
      },
      keys(start) {
        const stored = Object.keys(attempt((box) => box) || {});
        const ours = stored.filter((key) => key.startsWith(PREFIX + start));
        const held = [...memory.keys()].filter((key) => key.startsWith(start));
        return [...ours.map((key) => key.slice(PREFIX.length)), ...held].sort();
      },
      works: () => attempt((box) => box.setItem(PREFIX, "") ?? box.removeItem(PREFIX) ?? true),
    };
  };
  const shared = shelf("localStorage"); // all tabs: session, outbox, what was seen
  const own = shelf("sessionStorage"); // this tab: open or not, draft, last log

  // ---------------------------------------------------------------- what we know

  const NEW_STATE = { state: "bot", agent: null, position: null, assistant: "ready" };
  const model = {
    conversation: null,
    bot: "Assistant",
    log: [], // what the customer may see, by seq
    state: NEW_STATE,
    caughtUp: false, // the first state has come: what follows is news
    link: "new", // then on, off
    trouble: "", // the server's words when it refuses us
    typing: {}, // name and until: an agent writes; heard: one has just spoken
    late: false, // the oldest unsent item has failed
    pending: new Map(), // client_id -> outgoing item, until the log shows it
    complaint: "", // why the last item was refused
    attached: [], // files for the next message, of this tab only
    open: false,
  };
  const lastSeq = () => model.log.at(-1)?.seq || 0;

  const reset = (conversation) => {
    Object.assign(model, { conversation, log: [], state: NEW_STATE, caughtUp: false });
    for (const item of model.pending.values()) item.sent && model.pending.delete(item.id);
  };

  /** Adds the events that we do not have yet. */
  const learn = (events) => {
    for (const event of events) {
      if (event.seq <= lastSeq()) continue;
      model.log.push(event);
      const item = model.pending.get(event.client_id);
      if (item) discard(item);
      if (event.kind === "agent_spoke") model.typing = { heard: Date.now() };
    }
  };

  // ---------------------------------------------------------------- calls to the gateway

  /** POSTs a body, or GETs without; throws an Error with status, wait (ms) and final. */
  const call = async (path, { body, token, signal = AbortSignal.timeout(POST_TIMEOUT) }) => {
    const response = await fetch(API + path, {
      method: body ? "POST" : "GET",
      headers: {
        "Content-Type": "application/json",
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
      signal,
      credentials: "omit",
      cache: "no-store",
    }).catch(() => null);
    if (response?.ok) return response;
    const { error } = (await response?.json().catch(() => null)) || {};
    const status = response?.status || 0;
    throw Object.assign(new Error(`${error?.message || ""} ${error?.hint || ""}`.trim()), {
      status,
      wait: 1000 * response?.headers.get("Retry-After") || 0,
      final: status >= 400 && status < 500 && ![401, 404, 408, 429].includes(status),
    });
  };

  let opening = null;
  /** The session; a new one when there is none or its token is `stale` (it continues the old). */
  const session = (stale) => {
    const stored = shared.get("session");
    if (stored && stored.token !== stale) return stored;
    const page = location.origin + location.pathname; // a query may hold private things
    opening ??= call("session", { body: { token: stale, page } })
      .then((response) => response.json())
      .then((answer) => {
        shared.set("session", answer);
        if (answer.conversation !== model.conversation) {
          if (model.conversation) reconnect(); // the old one is gone
          reset(answer.conversation);
          if (!locks) tell({ type: "moved" });
        }
        model.bot = answer.bot.name;
        publish();
        return answer;
      })
      .finally(() => (opening = null));
    return opening;
  };

  /** The session's token, other than the `stale` one. Only who leads asks for a new one. */
  const tokenNow = async (stale) => {
    for (let tries = 0; !leading && tries < 50; tries++) {
      const { token } = shared.get("session") || {};
      if (token && token !== stale) return token;
      greet();
      await new Promise((done) => setTimeout(done, 100));
    }
    return (await session(stale)).token;
  };
  /** An attempt with the session's token; once more if that is too old, or its chat forgotten. */
  const authorised = async (attempt) => {
    const token = await tokenNow();
    try {
      return await attempt(token);
    } catch (error) {
      if (![401, 404].includes(error.status)) throw error;
      return attempt(await tokenNow(token));
    }
  };

  /** Pauses that `wake` cuts short. */
  const sleeper = () => {
    const self = { wake() {} };
    self.sleep = (ms) =>
      new Promise((done) => {
        self.wake = done;
        if (ms) setTimeout(done, ms);
      });
    self.backOff = (failures, wait = 0) =>
      self.sleep(wait + Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2));
    return self;
  };

  // ---------------------------------------------------------------- outbox

  const shelfKey = ({ at, id }) => `out:${at}:${id}`;
  const keep = (item) => {
    shared.set(shelfKey(item), item);
    model.pending.set(item.id, item);
  };
  const discard = (item) => {
    shared.remove(shelfKey(item));
    model.pending.delete(item.id);
  };
  const loadOutbox = () => {
    for (const item of shared.keys("out:").map(shared.get)) {
      if (!model.pending.has(item.id)) model.pending.set(item.id, item);
    }
  };

  let lastAt = 0;
  const newId = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
  /** Stores something to send: it outlives the page, and is sent until the server says yes. `files`
   * are what the ids in the body stand for. */
  const queue = (path, body = {}, files = []) => {
    lastAt = Math.max(Date.now(), lastAt + 1); // unique, so the order is kept
    const item = { id: newId(), at: lastAt, path, body, files };
    model.complaint = "";
    keep({ ...item, writtenHere: true });
    tell({ type: "queued", item });
    greet();
    render();
  };

  /** The server's answer to an item. A message stays until the log shows it; a refused one goes
   * back into the box. */
  const settled = ({ item, refusal }) => {
    const known = model.pending.get(item.id);
    const message = item.path === "messages";
    shared.remove(shelfKey(item));
    if (known) known.sent = true;
    if (!message || refusal !== undefined) model.pending.delete(item.id);
    if (refusal !== undefined) {
      const ours = message && (known?.writtenHere || !document.hidden);
      if (ours) {
        model.attached.unshift(...(item.files || []).map((file) => ({ ...file, file })));
        write([item.body.text, view.text.value].filter(Boolean).join("\n"));
      }
      model.complaint = refusal || "This could not be sent.";
    }
    render();
  };

  const post = sleeper();
  const sendAll = async (mine) => {
    for (let failures = 0; mine === term;) {
      const item = shared.keys("out:").map(shared.get)[0];
      if (!item) {
        await post.sleep();
        continue;
      }
      const answer = { type: "settled", item };
      try {
        const body = { client_id: item.id, ...item.body };
        await authorised((token) => call(item.path, { body, token }));
      } catch (error) {
        if (mine !== term) return;
        if (!error.final) {
          model.late = true;
          publish();
          await post.backOff(failures++, error.wait);
          continue;
        }
        answer.refusal = error.message;
      }
      failures = 0;
      model.late = false;
      tell(answer);
      settled(answer);
      publish();
    }
  };

  // ---------------------------------------------------------------- files

  const blobs = new Map(); // id -> promise of the file's bytes
  const bytesOf = (id) => {
    if (!blobs.has(id)) {
      const asked = authorised((token) => call(`files/${id}`, { token }));
      blobs.set(id, asked.then((response) => response.blob()));
      blobs.get(id).catch(() => blobs.delete(id));
    }
    return blobs.get(id);
  };

  /** POSTs a file; unlike fetch, this request tells how far it is. */
  const upload = (item, token) =>
    new Promise((done, failed) => {
      const request = (item.request = new XMLHttpRequest());
      const about = new URLSearchParams({ name: item.name, client_id: item.key });
      request.open("POST", `${API}files?${about}`);
      request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      Object.assign(request, { timeout: UPLOAD_TIMEOUT, responseType: "json" });
      request.upload.onprogress = ({ loaded, total }) => {
        item.part = loaded / total;
        render();
      };
      request.onloadend = () => {
        const { status, response } = request;
        if (status === 201) return done(response);
        const { message = "No connection.", hint = "" } = response?.error || {};
        failed(Object.assign(new Error(`${message} ${hint}`.trim()), { status }));
      };
      request.send(item.blob);
    });

  /** Sends an attached file; one that failed can be sent again, and is stored once. */
  const carry = async (item) => {
    Object.assign(item, { trouble: "", part: 0 });
    render();
    try {
      item.file = await authorised((token) => upload(item, token));
      blobs.set(item.file.id, Promise.resolve(item.blob));
    } catch ({ message, status }) {
      item.trouble = message;
      if (status >= 400 && status < 500 && status !== 429) delete item.part; // it stays refused
    }
    saveAttached();
    onInput();
  };
  const saveAttached = () =>
    own.set("attached", model.attached.map(({ file }) => file).filter(Boolean));

  const attach = (files) => {
    for (const blob of files) {
      if (model.attached.length === FILES_AT_ONCE) {
        model.complaint = `A message takes ${FILES_AT_ONCE} files. Send these first.`;
        break;
      }
      const { name, type, size } = blob;
      const item = { key: newId(), name: name || "file", type, size, blob };
      model.attached.push(item);
      const { file_mb: limit } = shared.get("session") || {};
      if (size > limit * 1024 ** 2) item.trouble = `Larger than ${limit} MB.`;
      else carry(item);
    }
    onInput();
    rest();
  };
  const detach = (item) => {
    model.attached = model.attached.filter((one) => one !== item);
    item.request?.abort();
    saveAttached();
    onInput();
    rest();
  };

  // ---------------------------------------------------------------- event stream

  /** Yields {event, data} of a text/event-stream; `alive` is called for every chunk. */
  async function* events({ body }, alive) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (let rest = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const [, event, data] = /(?:^|\n)event: (\w+)\ndata: ([^\n]*)/.exec(block) || [];
        if (event) yield { event, data: JSON.parse(data) };
      }
    }
  }

  const receive = ({ event, data }) => {
    const before = lastSeq();
    if (event === "log") learn([data]);
    if (event === "state") Object.assign(model, { state: data, caughtUp: true });
    const now = Date.now();
    if (event === "typing" && !(now - model.typing.heard < 1000)) {
      model.typing = { name: data.name, until: now + TYPING_SHOWN };
    }
    Object.assign(model, { link: "on", trouble: "" });
    publish(before);
  };

  const stream = sleeper();
  let connection = null; // aborts the running request
  let wanted = false; // the customer has opened the panel, in whatever tab
  const listen = async (mine) => {
    for (let failures = 0; mine === term;) {
      if (!(wanted || shared.get("session")) || (!locks && document.hidden)) {
        await stream.sleep();
        continue;
      }
      const request = (connection = new AbortController());
      let watchdog;
      const alive = () => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => request.abort(), SILENCE);
      };
      let refusal = {};
      try {
        alive();
        const response = await authorised((token) =>
          call(`events?after=${lastSeq()}`, { token, signal: request.signal }),
        );
        for await (const event of events(response, alive)) {
          if (request !== connection || mine !== term) break;
          failures = 0;
          receive(event);
        }
      } catch (error) {
        refusal = error;
      }
      clearTimeout(watchdog);
      request.abort();
      if (mine !== term) return;
      if (request !== connection) continue; // started again on purpose
      if (failures || refusal.final || !navigator.onLine) {
        Object.assign(model, { link: "off", trouble: refusal.final ? refusal.message : "" });
        publish();
      }
      await stream.backOff(failures++, refusal.wait);
    }
  };
  const reconnect = () => {
    connection?.abort();
    connection = null;
    stream.wake();
  };

  // ---------------------------------------------------------------- tabs

  const together = shared.works() && window.BroadcastChannel; // else each tab has its own session
  const locks = together && navigator.locks;
  const channel = together && new BroadcastChannel(PREFIX);
  const tell = (message) => channel && channel.postMessage(message);

  let leading = false;
  let term = 0; // changes when we start or stop leading; the loops of an older term end
  let candidacy = null;

  const lead = () => {
    leading = true;
    term += 1;
    loadOutbox();
    listen(term);
    sendAll(term);
    return new Promise(() => {}); // holds the lock until the tab is gone
  };
  const standForLeader = (steal) => {
    candidacy?.abort();
    const mine = (candidacy = new AbortController());
    locks.request(PREFIX, steal ? { steal } : { signal: mine.signal }, lead).catch(() => {
      if (mine !== candidacy) return;
      leading = false; // another tab took over because we did not answer
      term += 1;
      reconnect();
      post.wake();
      standForLeader(false);
    });
  };

  /** Tells the followers what changed: the events after `after`, and the rest as it is. */
  const publish = (after = lastSeq()) => {
    const { conversation, bot, state, caughtUp, link, trouble, typing, late } = model;
    const facts = { conversation, bot, state, caughtUp, link, trouble, typing, late };
    const log = model.log.filter(({ seq }) => seq > after);
    if (leading && locks) tell({ type: "sync", facts, after, log });
    render();
  };

  let patience = 0;
  /** Wakes whoever leads. A follower gets what it misses; a silent leader is replaced. */
  const greet = () => {
    if (leading) {
      stream.wake();
      post.wake();
      return;
    }
    tell({ type: "hello", after: lastSeq(), conversation: model.conversation, wanted: model.open });
    if (document.hidden) return;
    patience ||= setTimeout(() => {
      patience = 0;
      if (!leading) standForLeader(true);
    }, PING_PATIENCE);
  };

  const onTell = {
    hello({ after, conversation, ...asked }) {
      if (!leading || !locks) return;
      wanted ||= asked.wanted;
      publish(conversation === model.conversation ? after : 0);
      greet();
    },
    sync({ facts, after, log }) {
      if (leading) return;
      patience = clearTimeout(patience);
      if (facts.conversation !== model.conversation) reset(facts.conversation);
      if (after > lastSeq()) return greet(); // we missed something
      Object.assign(model, facts);
      learn(log);
      render();
    },
    queued({ item }) {
      keep(item);
      post.wake();
      render();
    },
    settled,
    hint: ({ path, body }) => leading && locks && hint(path, body),
    restart: () => leading && locks && restart(),
    moved({ session }) {
      if (session) shared.set("session", session);
      reset(shared.get("session")?.conversation);
      reconnect();
    },
  };

  if (channel) channel.onmessage = ({ data }) => onTell[data.type](data);

  /** Begins a fresh conversation; the old one stays with the shop. */
  const restart = () => {
    if (!leading) return tell({ type: "restart" });
    shared.remove("session");
    reset(null);
    wanted = true;
    reconnect();
    publish();
  };

  /** Tells the gateway something that may get lost. */
  const hint = (path, body = {}) => {
    if (!leading) return tell({ type: "hint", path, body });
    authorised((token) => call(path, { body, token })).catch(() => {});
  };
  let typedAt = 0;
  const noteTyping = () => {
    if (!/waiting|human/.test(model.state.state) || Date.now() - typedAt < TYPING_EVERY) return;
    typedAt = Date.now();
    hint("typing");
  };

  // ---------------------------------------------------------------- drawing: elements

  /** An element from "tag.class", attributes (functions become listeners) and children. */
  const h = (tag, attributes, ...children) => {
    const [name, ...classes] = tag.split(".");
    const node = document.createElement(name);
    node.className = classes.join(" ");
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") node.addEventListener(key, value);
      else node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child)); // strings become text
    return node;
  };

  const ICONS = {
    chat: "M4 5h16v11h-8l-5 4v-4H4zM8 9h8M8 12h5",
    close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
    down: "M6 9.5l6 6 6-6",
    more: "M12 5v.1M12 12v.1M12 19v.1",
    send: "M12 19V5M5.5 11.5L12 5l6.5 6.5",
    bot: "M6 9h12v9H6zM12 9V5.5M9.5 13v1M14.5 13v1",
    clip: "M19 11l-7.5 7.5a4.2 4.2 0 01-6-6L13 5a2.8 2.8 0 014 4l-7.5 7.5a1.4 1.4 0 01-2-2L14 8",
    file: "M7 4h7l4 4v12H7zM13.5 4v4.5H18",
  };
  const icon = (name) => {
    const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
    const svg = make("svg");
    const path = make("path");
    svg.setAttribute("viewBox", "0 0 24 24");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  };
  const iconButton = (name, label, click) =>
    h("button.icon", { type: "button", "aria-label": label, click }, icon(name));
  const textButton = (label, click) => h("button.plain", { type: "button", click }, label);

  const LINKS = /\bhttps?:\/\/[^\s<>"]+|\/help\/[a-z0-9-]+(#[a-z0-9-]+)?(?![\w/])/gi;
  /** Text with its http(s) addresses, and paths of our help pages, as links; the rest stays text. */
  const rich = (text) => {
    const parts = [];
    let from = 0;
    for (const { 0: found, index } of text.matchAll(LINKS)) {
      const shown = found.replace(/[.,;:!?'*)]+$/, "");
      const ours = shown[0] === "/";
      if (ours && /[\w/.:]/.test(text[index - 1] || "")) continue; // a part of something else
      const href = ours ? new URL(`.${shown}`, script.src).href : shown;
      const link = h("a", { href, target: "_blank", rel: "noopener nofollow" }, shown);
      parts.push(text.slice(from, index), link);
      from = index + shown.length;
    }
    return [...parts, text.slice(from)];
  };

  /** Shows a list in an element, if it has changed; hides an empty one. */
  const fill = (node, content, build) => {
    const sign = JSON.stringify(content);
    node.hidden = !content.length;
    if (node.sign !== sign) node.replaceChildren(...content.map(build));
    node.sign = sign;
  };

  // ---------------------------------------------------------------- drawing: the log as rows

  const SYSTEM_LINES = {
    handoff_requested: () => "A person was asked to join",
    claimed: ({ agent }) => `${agent.name} joined the chat`,
    transferred: () => "You are being passed on to a colleague",
    returned_to_bot: () => `You are talking to the ${model.bot} again`,
    contact_left: ({ email }) => `Answers will also be sent to ${email}`,
    closed: ({ by }) => (by === "customer" ? "You ended the chat" : "The chat was closed"),
    reopened: () => "The chat is open again",
    rated: ({ stars }) => `You gave ${stars} of 5 stars. Thank you!`,
    notice: ({ text }) => text,
  };
  const UNDERWAY = {
    handoff: "Asking for a person…",
    stay: "Going back to the assistant…",
    end: "Ending the chat…",
    rating: "Sending your rating…",
    contact: "Sending your address…",
  };

  const format = (options) => new Intl.DateTimeFormat(undefined, options);
  const clockTime = format({ hour: "numeric", minute: "2-digit" });
  const longDate = format({ weekday: "long", day: "numeric", month: "long" });
  const dayName = (at) =>
    new Date(at).toDateString() === new Date().toDateString() ? "Today" : longDate.format(at);

  /** How an agent's message reads by now: they may have changed it, or taken it back. */
  const rewording = ({ seq, gone }) => {
    const later = model.log.filter(({ of }) => of === seq);
    if (gone || later.some(({ kind }) => kind === "agent_retracted")) {
      return { text: "Message removed", mark: "removed", files: [] };
    }
    const edit = later.filter(({ kind }) => kind === "agent_edited").at(-1);
    return edit ? { text: edit.text, mark: "edited" } : {};
  };

  /** What an event says: rows of {key, at, who, name, text, files, image} or {key, at, line}. */
  const said = (event) => {
    const { kind, seq: key, at, text, files } = event;
    if (kind === "customer_spoke") return [{ key: event.client_id, at, who: "me", text, files }];
    if (kind === "agent_spoke") {
      const { name } = event.agent;
      return [{ key, at, who: "person", name, text, files, ...rewording(event) }];
    }
    if (kind === "bot_answered") {
      const bubble = { at, who: "bot", name: model.bot };
      return event.messages.map((part, n) => ({ ...bubble, ...part, key: `${key}.${n}` }));
    }
    return kind in SYSTEM_LINES ? [{ key, at, line: SYSTEM_LINES[kind](event) }] : [];
  };
  const outgoing = ({ id: key, at, path, body, files }) =>
    path === "messages"
      ? { key, at, who: "me", text: body.text, files }
      : { key, at, line: UNDERWAY[path] };

  /** The conversation as rows, with a row for each new day and a head for each change of speaker. */
  const rows = () => {
    const list = [];
    let last = {};
    for (const row of [...model.log.flatMap(said), ...[...model.pending.values()].map(outgoing)]) {
      const day = dayName(row.at);
      if (day !== last.day) list.push({ key: `day ${row.key}`, line: day });
      const follows = row.who && row.who === last.who && row.name === last.name && day === last.day;
      const first = !follows || row.at - last.groupAt > GROUP_GAP;
      list.push({ ...row, first });
      last = { ...row, day, groupAt: first ? row.at : last.groupAt };
    }
    return list;
  };

  const face = ({ who, name }) => {
    const initials = name.split(/\s+/, 2).map((word) => [...word][0]);
    return h(
      `span.face.${who}`,
      { "aria-hidden": true },
      who === "bot" ? icon("bot") : initials.join(""),
    );
  };
  const sizeOf = ({ size }) =>
    size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
  /** A picture as a small canvas: a shop's Content-Security-Policy has no say in it. */
  const thumbnail = (bytes) => {
    const canvas = h("canvas", { "aria-hidden": true });
    const paint = async () => {
      const bitmap = await createImageBitmap(await bytes());
      const scale = Math.min(1, THUMBNAIL / Math.max(bitmap.width, bitmap.height));
      Object.assign(canvas, { width: bitmap.width * scale, height: bitmap.height * scale });
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    };
    new IntersectionObserver(([{ isIntersecting }], watcher) => {
      if (!isIntersecting) return;
      watcher.disconnect();
      paint().catch(() => canvas.replaceWith(icon("file")));
    }).observe(canvas);
    return canvas;
  };
  const fileParts = (file) => [h("b", { dir: "auto" }, file.name), h("small", {}, sizeOf(file))];
  /** A file in the log: a picture that opens in a tab of its own, or a chip that saves it. */
  const buildFile = (file) => {
    const { id, name, type } = file;
    const shown = SHOWN.test(type);
    const fetchIt = async (event) => {
      const { currentTarget: chip } = event;
      chip.disabled = true;
      try {
        const href = URL.createObjectURL(await bytesOf(id));
        h("a", shown ? { href, target: "_blank" } : { href, download: name }).click();
        setTimeout(() => URL.revokeObjectURL(href), 60_000);
      } catch (error) {
        model.complaint = error.message || "The file could not be fetched.";
        render();
      }
      chip.disabled = false;
    };
    const label = `${shown ? "Open" : "Save"} ${name}, ${sizeOf(file)}`;
    return h(
      `button.${shown ? "picture" : "chip"}`,
      { type: "button", "aria-label": label, title: name, click: fetchIt },
      ...(shown ? [thumbnail(() => bytesOf(id))] : [icon("file"), ...fileParts(file)]),
    );
  };
  /** A file that waits to be sent. */
  const buildAttached = (item) =>
    h(
      `div.chip${item.trouble ? ".bad" : ""}`,
      { role: "group", "aria-label": item.name },
      SHOWN.test(item.type) && item.size ? thumbnail(() => item.blob || bytesOf(item.file.id)) : icon("file"),
      h("b", { dir: "auto" }, item.name),
      item.trouble
        ? h("small", { role: "alert" }, item.trouble)
        : item.file
          ? h("small", {}, sizeOf(item))
          : h("progress", { value: item.part || 0, "aria-label": `Sending ${item.name}` }),
      item.trouble && item.part !== undefined && textButton("Try again", () => carry(item)),
      iconButton("close", `Remove ${item.name}`, () => detach(item)),
    );

  const buildRow = ({ who, name, at, first, text, files = [], image, line, mark }) => {
    if (line) return h("div.line", { dir: "auto" }, ...rich(line));
    const names =
      who === "me"
        ? [h("span.unseen", {}, "You, ")]
        : [face({ who, name }), h("b", { dir: "auto" }, name), ` · ${who} · `];
    return h(
      `div.row.${who}`,
      who === "me" && { "aria-live": "off" },
      first && h("div.head", {}, ...names, clockTime.format(at)),
      text && h(`div.bubble${mark ? `.${mark}` : ""}`, { dir: "auto" }, ...rich(text)),
      ...files.map(buildFile),
      mark === "edited" && h("div.mark", {}, "edited"),
      /^https?:/.test(image) && h("img", { src: image, alt: "", load: () => atEnd && toEnd() }),
    );
  };

  let drawn = new Map(); // key -> {sign, node}
  /** Rows that are as before keep their elements, and are not read out again. */
  const drawLog = () => {
    const next = new Map();
    for (const row of rows()) {
      const sign = JSON.stringify({ ...row, at: 0 });
      const known = drawn.get(row.key);
      next.set(row.key, known?.sign === sign ? known : { sign, node: buildRow(row) });
    }
    for (const [key, { node }] of drawn) {
      if (next.get(key)?.node !== node) node.remove();
    }
    let place = view.log.firstChild;
    for (const { node } of next.values()) {
      if (node === place) place = node.nextSibling;
      else view.log.insertBefore(node, place);
    }
    drawn = next;
  };

  // ---------------------------------------------------------------- drawing: around the log

  const TURN = /bot_answered|agent_spoke|handoff_requested|claimed|returned_to_bot|closed/;
  const SPOKE = /customer_spoke/;
  const newest = (...kinds) =>
    [...model.log].reverse().find(({ kind }) => kinds.some((one) => one.test(kind)));

  const talker = () => {
    const { state, agent } = model.state;
    if (state === "waiting") return { who: "nobody", name: "?", label: "Waiting for a person" };
    if (agent) return { who: "person", name: agent.name, label: `${agent.name} · person` };
    return { who: "bot", name: model.bot, label: `${model.bot} · bot` };
  };

  /** The buttons of the newest answer, as long as nobody has said anything after it. */
  const quickReplies = () => {
    const last = newest(SPOKE, TURN);
    const taken = model.state.state !== "bot" || model.pending.size;
    return (!taken && last?.messages?.at(-1)?.buttons) || [];
  };

  const whoIsTyping = () => {
    const { state, assistant } = model.state;
    if (model.typing.until > Date.now()) {
      setTimeout(render, TYPING_SHOWN);
      return [model.typing.name];
    }
    const asked = newest(SPOKE)?.seq || 0;
    const turn = newest(TURN);
    const answered = turn?.in_reply_to ?? turn?.seq ?? 0;
    return state === "bot" && assistant === "ready" && asked > answered ? [model.bot] : [];
  };

  const deliveryOf = () => {
    const unsent = [...model.pending.values()].some((item) => !item.sent);
    if (unsent) return [model.late ? "Not delivered yet, will retry" : "Sending…"];
    return newest(SPOKE, TURN)?.client_id || model.pending.size ? ["Sent"] : [];
  };

  const mayRate = () => {
    const kinds = model.log.map(({ kind }) => kind);
    const unrated = kinds.lastIndexOf("closed") > kinds.lastIndexOf("rated");
    return model.state.state === "closed" && unrated && !model.pending.size;
  };

  const mayLeaveEmail = () =>
    newest(/notice|contact_left/)?.code === "leave_email" &&
    model.state.state === "waiting" &&
    !model.pending.size;

  const PERSON = ["Talk to a person", () => queue("handoff")];
  const STAY = ["Carry on with the assistant", () => queue("stay")];
  const END = ["End chat", () => queue("end")];
  const AGAIN = ["Start again", restart];
  const menuItems = () =>
    ({ bot: [PERSON, END], waiting: [STAY, END], closed: [AGAIN] })[model.state.state] || [END];

  /** Lines above the conversation, as [text, button?]: the truth about links and waiting. */
  const banners = () => {
    const { state, position, assistant, agent } = model.state;
    const lines = [];
    if (model.link === "off") {
      const cause = navigator.onLine ? "Connection lost, trying again." : "You are offline.";
      lines.push([model.trouble || `${cause} What you write is kept and sent later.`]);
    }
    if (state === "waiting") {
      const later = "A person will answer here; you may leave and come back.";
      const place = position > 1 ? `You are number ${position} in the queue.` : "You are next.";
      lines.push([position ? `${place} ${later}` : later, STAY]);
    }
    if (state === "snoozed") lines.push([`${agent?.name || "We"} will get back to you here.`]);
    if (state === "bot" && assistant === "loading") {
      lines.push(["The assistant is still starting. Your message is kept and will be answered."]);
    }
    if (state === "bot" && assistant === "down") {
      lines.push(["The assistant cannot answer right now. Your message is kept.", PERSON]);
    }
    return lines;
  };

  const unread = () => {
    const seen = shared.get("seen");
    const from = seen?.conversation === model.conversation ? seen.seq : 0;
    const fresh = model.log.filter(({ seq }) => seq > from).flatMap(said);
    return fresh.filter(({ name }) => name).length;
  };

  // ---------------------------------------------------------------- the panel

  const view = {};
  let root = null;
  let atEnd = true;
  const toEnd = () => (view.scroll.scrollTop = view.scroll.scrollHeight);

  const ratingForm = () => {
    const star = (n) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name: "stars", value: n, required: "" }),
        h("span.unseen", {}, `${n} of 5`),
      );
    const rate = (event) => {
      event.preventDefault();
      const { stars, comment } = Object.fromEntries(new FormData(event.target));
      queue("rating", { stars: +stars, comment });
      event.target.reset();
    };
    return h(
      "form.card.rating",
      { submit: rate },
      h(
        "fieldset",
        {},
        h("legend", {}, "How was this chat?"),
        h("div.stars", {}, ...[1, 2, 3, 4, 5].map(star)),
      ),
      h("textarea", {
        rows: 2,
        dir: "auto",
        name: "comment",
        maxlength: 1000,
        placeholder: "Anything to add? (optional)",
        "aria-label": "Comment",
      }),
      h("button.solid", {}, "Send rating"),
    );
  };

  const contactForm = () => {
    const leave = (event) => {
      event.preventDefault();
      queue("contact", Object.fromEntries(new FormData(event.target)));
    };
    const input = h("input", { type: "email", name: "email", required: "", autocomplete: "email" });
    return h(
      "form.card.contact",
      { submit: leave },
      h("label", {}, "Your e-mail address", input),
      h("button.solid", {}, "Send the answer there"),
    );
  };

  const build = () => {
    view.host = document.createElement(TAG);
    root = view.host.attachShadow({ mode: "open" });
    view.who = h("div.who");
    view.more = iconButton("more", "Menu", () => showMenu(view.menu.hidden));
    view.menu = h("div.menu", { hidden: "" });
    view.banners = h("div.banners", { role: "status" });
    view.log = h("div", { role: "log", "aria-label": "Conversation" });
    view.delivery = h("div.delivery", { role: "status" });
    view.typing = h("div.typing");
    view.quick = h("div.quick", { role: "group", "aria-label": "Suggested answers" });
    view.rating = ratingForm();
    view.contact = contactForm();
    const inside = [view.log, view.delivery, view.typing, view.quick, view.rating, view.contact];
    view.scroll = h("div.scroll", { tabindex: 0, scroll: onScroll }, ...inside);
    view.jump = h(
      "button.jump.solid",
      { type: "button", hidden: "", click: toEnd },
      "New messages ↓",
    );
    view.complaint = h("div.complaint", { role: "alert" });
    view.text = h("textarea", {
      rows: 1,
      dir: "auto",
      enterkeyhint: "send",
      "aria-label": "Your message",
      input: onInput,
      keydown: onKey,
      paste: (event) => onCarried(event, event.clipboardData),
    });
    view.counter = h("span.counter", { role: "status" });
    view.tray = h("div.tray", { role: "group", "aria-label": "Files to send" });
    view.attach = iconButton("clip", "Attach a file", () => view.files.click());
    view.files = h("input", { type: "file", multiple: "", hidden: "", change: onFiles });
    view.send = h("button.icon.send", { "aria-label": "Send" }, icon("send"));
    view.panel = h(
      "section.panel",
      {
        role: "dialog",
        "aria-label": option.title,
        keydown: onEscape,
        click: onClick,
        dragover: onDrag,
        dragleave: onDrag,
        drop: (event) => onDrag(event) && onCarried(event, event.dataTransfer),
      },
      h("header", {}, view.who, view.more, iconButton("down", "Close chat", close)),
      view.menu,
      view.banners,
      view.scroll,
      view.jump,
      view.complaint,
      view.tray,
      h("form.composer", { submit }, view.text, view.counter, view.files, view.attach, view.send),
    );
    view.teaser = h(
      "div.teaser",
      {},
      textButton(option.greeting, open),
      iconButton("close", "Dismiss", hush),
    );
    view.badge = h("span.badge");
    const toggle = () => (model.open ? close() : open());
    view.launcher = h("button.launcher", { click: toggle }, icon("chat"), icon("down"), view.badge);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    root.append(view.panel, view.teaser, view.launcher);
    document.body.append(view.host);
  };

  const draw = () => {
    const { panel, log, launcher, text, badge } = view;
    const focused = root.activeElement;
    const rowsBefore = log.childElementCount;
    if (model.open && !document.hidden && unread()) {
      shared.set("seen", { conversation: model.conversation, seq: lastSeq() });
      // Once an address is left: what has been seen need not go there.
      if (newest(/contact_left/)) hint("seen", { seq: lastSeq() });
    }
    panel.hidden = !model.open;
    fill(view.who, [talker()], (who) =>
      h("div", {}, face(who), h("div", {}, h("h2", {}, option.title), h("p", {}, who.label))),
    );
    fill(view.banners, banners(), ([line, button]) =>
      h("div", {}, h("p", {}, line), button && textButton(...button)),
    );
    drawLog();
    fill(view.delivery, deliveryOf(), String);
    view.delivery.classList.toggle("bad", model.late);
    fill(view.typing, whoIsTyping(), (name) =>
      h("div.bubble", { role: "img", "aria-label": `${name} is typing` }, h("i"), h("i"), h("i")),
    );
    fill(view.quick, quickReplies(), ({ title, payload }) =>
      textButton(title, () => queue("messages", { text: title, payload })),
    );
    fill(view.complaint, model.complaint ? [model.complaint] : [], String);
    drawTray();
    view.rating.hidden = !mayRate();
    view.contact.hidden = !mayLeaveEmail();
    const closed = model.state.state === "closed";
    text.placeholder = closed ? "Write to open the chat again" : "Write a message";
    const count = unread();
    badge.textContent = count > 9 ? "9+" : count || "";
    const news = count ? `, ${count} new message${count > 1 ? "s" : ""}` : "";
    launcher.setAttribute("aria-label", model.open ? "Close chat" : `Open chat${news}`);
    launcher.classList.toggle("open", model.open);
    view.teaser.hidden = !option.greeting || model.open || model.conversation || own.get("hushed");
    if (atEnd) toEnd();
    else if (log.childElementCount > rowsBefore) view.jump.hidden = false;
    log.setAttribute("aria-live", model.caughtUp && model.open ? "polite" : "off");
    if (model.open && focused && !focused.getClientRects().length) rest(); // it is gone
  };

  let drawing = false;
  /** Chips keep their elements while a file is on its way: only the bar moves. */
  const drawTray = () => {
    fill(
      view.tray,
      model.attached.map(({ key, file, trouble }) => [key, file?.id, trouble]),
      (_, n) => buildAttached(model.attached[n]),
    );
    for (const [n, { part = 0 }] of model.attached.entries()) {
      const bar = view.tray.children[n].querySelector("progress");
      if (bar) bar.value = part;
    }
  };

  /** Draws once for all changes of this moment. */
  const render = () => {
    if (drawing || !root) return;
    drawing = true;
    queueMicrotask(() => {
      drawing = false;
      draw();
    });
  };

  // ---------------------------------------------------------------- what the customer does

  const touch = matchMedia("(pointer: coarse)");
  /** Where the focus waits: in the input, unless that would raise an on-screen keyboard. */
  const rest = () => (touch.matches ? view.scroll : view.text).focus({ preventScroll: true });

  const phone = matchMedia("(max-width: 480px)");
  let covered = null;
  /** On a phone the panel covers the page: nothing behind it scrolls, is focused or read out. */
  const coverPage = () => {
    const full = model.open && phone.matches;
    if (full === !!covered) return;
    const { style } = document.documentElement;
    const others = [...document.body.children].filter((node) => node !== view.host && !node.inert);
    covered ||= { others, overflow: style.overflow };
    for (const node of covered.others) node.inert = full;
    style.overflow = full ? "hidden" : covered.overflow;
    if (!full) covered = null;
    view.panel.setAttribute("aria-modal", full);
  };
  /** Keeps the panel above the on-screen keyboard. */
  const fit = () => {
    const { height, offsetTop, scale } = visualViewport;
    if (scale > 1.01) return; // somebody looks closer
    view.panel.style.setProperty("--height", `${height}px`);
    view.panel.style.setProperty("--top", `${offsetTop}px`);
  };

  const setOpen = (yes) => {
    model.open = yes;
    own.set("open", yes);
    if (yes) wanted = atEnd = true;
    draw();
    coverPage();
    if (!yes) return view.launcher.focus();
    grow();
    greet();
    rest();
  };
  const open = () => setOpen(true);
  const close = () => setOpen(false);
  const hush = () => {
    own.set("hushed", true);
    view.launcher.focus();
    render();
  };

  const showMenu = (yes) => {
    view.menu.hidden = !yes;
    view.more.setAttribute("aria-expanded", yes);
    if (!yes) return;
    view.menu.replaceChildren(...menuItems().map((item) => textButton(...item)));
    view.menu.firstChild.focus();
  };
  const onClick = (event) => {
    const path = event.composedPath();
    if (path.includes(view.more) || view.menu.hidden) return;
    showMenu(false);
    if (path.includes(view.menu)) rest();
  };
  const onEscape = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    if (view.menu.hidden) return close();
    showMenu(false);
    view.more.focus();
  };
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = view.scroll;
    atEnd = scrollHeight - scrollTop - clientHeight < 40;
    if (atEnd) view.jump.hidden = true;
  };

  const room = () => TEXT_LIMIT - [...view.text.value.trim()].length;
  const grow = () => {
    const { style } = view.text;
    style.height = "0";
    style.height = `${view.text.scrollHeight + 2}px`;
  };
  const onInput = () => {
    const { text, counter } = view;
    own.set("draft", text.value);
    grow();
    const left = room();
    counter.textContent = left < 0 ? `${-left} too many` : left < COUNTER_AT ? `${left} left` : "";
    counter.classList.toggle("bad", left < 0);
    const under = model.attached.some(({ file, trouble }) => !file && !trouble);
    const some = left < TEXT_LIMIT || model.attached.some(({ file }) => file);
    view.send.disabled = left < 0 || under || !some;
    model.complaint = "";
    if (text.value) noteTyping();
    render();
  };
  const write = (text) => {
    view.text.value = text;
    onInput();
  };
  const submit = (event) => {
    event.preventDefault();
    if (view.send.disabled) return;
    atEnd = true;
    const files = model.attached.map(({ file }) => file).filter(Boolean);
    model.attached = model.attached.filter(({ file }) => !file);
    saveAttached();
    const ids = files.length && { files: files.map(({ id }) => id) };
    queue("messages", { text: view.text.value.trim(), ...ids }, files);
    write("");
    view.text.focus();
  };
  const onKey = (event) => {
    // An input method may need Enter to choose a word; Safari says so by key code only.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && !event.shiftKey && !composing) submit(event);
  };

  const onFiles = () => {
    attach(view.files.files);
    view.files.value = ""; // the same file may be chosen again
  };
  /** Files that were pasted or dropped; text is the input's own business. */
  const onCarried = (event, { files }) => {
    if (!files.length) return;
    event.preventDefault();
    attach(files);
  };
  const onDrag = (event) => {
    const files = event.dataTransfer.types.includes("Files");
    view.panel.classList.toggle("drop", files && event.type === "dragover");
    if (files) event.preventDefault();
    return files;
  };

  // ---------------------------------------------------------------- colours and styles

  const darkPage = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => {
    const { style, dataset } = view.host;
    const { theme } = option;
    dataset.theme = theme === "dark" || (theme !== "light" && darkPage.matches) ? "dark" : "light";
    dataset.position = option.position;
    style.setProperty("--accent", option.accent);
  };

  const STYLES = `
    :host {
      all: initial; color-scheme: light; --bg: #fff; --soft: #f0f2f3; --ink: #1a2025; --dim: #56626b;
      --line: #d8dee2; --bad: #b3261e; --warn: #fff3dc; --star: #d18400; --shade: 0 8px 36px #0b162038, 0 0 0 1px #8883;
      /* With any accent, texts have the contrast of WCAG AA: black or white on it, a dash of it on the rest. */
      --on-accent: #fff; --link: color-mix(in srgb, var(--accent) 35%, var(--ink));
    }
    @supports (color: lch(from red l c h)) {
      :host { --on-accent: lch(from var(--accent) calc((49.44 - l) * infinity) 0 0); }
    }
    :host([data-theme="dark"]) {
      color-scheme: dark; --bg: #171b1f; --soft: #292f35; --ink: #eceff1; --dim: #a9b3bb;
      --line: #3d444b; --bad: #ff9c92; --warn: #3a2f1b; --star: #ffc04d;
    }
    * { box-sizing: border-box; margin: 0; padding: 0; border: 0; font: inherit; color: inherit; }
    [hidden], .launcher.open svg:first-child, .launcher:not(.open) svg + svg, .badge:empty {
      display: none !important;
    }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
    button { cursor: pointer; background: none; border-radius: 20px; }
    svg {
      display: block; width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.9;
      stroke-linecap: round; stroke-linejoin: round;
    }
    .unseen {
      position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
    }
    .panel, .launcher, .teaser {
      position: fixed; z-index: 2147483000; right: max(20px, env(safe-area-inset-right));
      bottom: calc(94px + env(safe-area-inset-bottom)); border-radius: 18px; background: var(--bg); color: var(--ink);
      font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; box-shadow: var(--shade);
    }
    :host([data-position="left"]) :is(.panel, .launcher, .teaser) {
      right: auto; left: max(20px, env(safe-area-inset-left));
    }
    .launcher, .solid, .send, .me .bubble, header, .face.person {
      background: var(--accent); color: var(--on-accent);
    }
    .launcher, .icon, .face { display: grid; place-items: center; flex: none; border-radius: 50%; }

    .launcher { bottom: calc(20px + env(safe-area-inset-bottom)); width: 60px; height: 60px; }
    .launcher svg { width: 28px; height: 28px; }
    .badge {
      position: absolute; top: -4px; right: -4px; min-width: 24px; border-radius: 12px; background: #c62828;
      color: #fff; font-size: 13px; font-weight: 700; line-height: 24px;
    }
    .icon { width: 42px; height: 42px; }
    .plain {
      min-height: 40px; padding: 7px 15px; border: 1px solid color-mix(in srgb, var(--accent), var(--link)); background: var(--bg);
      color: var(--link); font-weight: 550; text-align: start;
    }
    .teaser { display: flex; }
    .teaser .plain, .menu .plain { border: 0; }
    .plain:hover { background: var(--soft); }
    .solid { min-height: 42px; padding: 0 18px; font-weight: 600; }

    .panel {
      display: flex; flex-direction: column; width: 392px; height: min(660px, 100dvh - 114px);
      overflow: hidden;
    }
    header { display: flex; padding: 12px 10px 12px 16px; }
    header :focus-visible { outline-color: currentColor; outline-offset: -3px; }
    header .icon:hover { background: #8883; }
    header .icon:has(+ .icon) svg { stroke-width: 3; }
    .who { flex: 1; min-width: 0; }
    .who > div { display: flex; align-items: center; gap: 12px; }
    .who div div { min-width: 0; }
    h2 { font-size: 16px; font-weight: 650; line-height: 1.3; }
    h2, .who p { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
    .face {
      width: 22px; height: 22px; background: var(--soft); font-size: 9px; font-weight: 700;
      color: var(--ink);
    }
    .face svg { width: 16px; height: 16px; }
    header .face.face {
      width: 42px; height: 42px; font-size: 15px; background: var(--on-accent);
      color: var(--accent);
    }
    header .face svg { width: 26px; height: 26px; }
    .who p, .line, .head, .delivery, .counter { font-size: 13px; }
    .line, .head, .delivery, .counter, ::placeholder { color: var(--dim); opacity: 1; }
    .menu {
      position: absolute; z-index: 2; top: 62px; right: 10px; padding: 6px; border-radius: 16px;
      background: var(--bg); box-shadow: var(--shade);
    }
    .menu .plain { display: block; width: 100%; }

    .banners > div { padding: 10px 16px; background: var(--warn); font-size: 14px; }
    .banners .plain { margin-top: 8px; }
    .scroll { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 2px 16px 16px; }
    .scroll:focus-visible { outline-offset: -2px; }
    [role="log"] { display: flex; flex-direction: column; }
    .line { margin: 14px auto 2px; text-align: center; }
    .row {
      display: flex; flex-direction: column; align-items: flex-start; max-width: 86%;
      margin-top: 4px;
    }
    .head { display: flex; align-items: center; flex-wrap: wrap; gap: 5px; margin-top: 12px; }
    b { color: var(--ink); font-weight: 600; }
    .bubble {
      max-width: 100%; padding: 9px 14px; border-radius: 4px 17px 17px; background: var(--soft);
      white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext;
    }
    .me { align-self: flex-end; align-items: flex-end; }
    .me .bubble { border-radius: 17px 17px 4px; }
    .bubble.removed { font-style: italic; opacity: 0.7; }
    .mark { font-size: 12px; opacity: 0.7; }
    .row img { max-width: 100%; margin-top: 4px; border-radius: 14px; }
    .delivery { text-align: end; }
    .bad { color: var(--bad); font-weight: 600; }
    .quick { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
    .typing .bubble {
      display: flex; gap: 5px; width: fit-content; margin-top: 12px; padding: 15px;
    }
    i {
      width: 7px; height: 7px; border-radius: 50%; background: var(--dim);
      animation: blink 1.2s infinite;
    }
    i + i { animation-delay: .2s; }
    i + i + i { animation-delay: .4s; }
    @keyframes blink { 60% { opacity: .3; } 30% { opacity: 1; } }
    .jump { align-self: center; z-index: 1; margin: -54px 0 12px; box-shadow: var(--shade); }

    .card {
      display: grid; gap: 12px; margin-top: 16px; padding: 16px; border: 1px solid var(--line);
      border-radius: 17px;
    }
    .contact input { width: 100%; margin-top: 6px; }
    legend { margin: 0 auto; font-weight: 600; }
    .stars { display: flex; justify-content: center; }
    .stars label {
      position: relative; padding: 6px; border-radius: 10px; color: var(--dim); font-size: 32px;
      line-height: 1;
    }
    .stars input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
    .stars label::before { content: "☆" / ""; }
    .stars label:has(:checked, ~ label :checked)::before { content: "★" / ""; color: var(--star); }
    .stars label:has(:focus-visible) { outline: 2px solid var(--link); }

    .complaint { padding: 8px 16px; font-size: 14px; color: var(--bad); }
    .composer {
      display: flex; align-items: end; gap: 4px; padding: 10px 12px;
      border-top: 1px solid var(--line);
    }
    textarea, .contact input {
      flex: 1; min-width: 0; min-height: 42px; max-height: 134px; padding: 9px 15px; border: 1px solid var(--dim);
      border-radius: 21px; background: var(--bg); font-size: 16px; line-height: 22px; resize: none;
    }
    textarea:focus { outline-offset: -1px; }
    .counter { align-self: center; }
    .tray { display: grid; gap: 6px; max-height: 40%; padding: 10px 12px 0; overflow-y: auto; }
    .chip {
      display: flex; align-items: center; flex-wrap: wrap; gap: 2px 10px; max-width: 100%; min-height: 44px;
      padding: 6px 12px; border: 1px solid var(--line); border-radius: 14px; text-align: start;
    }
    .row > :is(.chip, .picture) { margin-top: 4px; }
    .chip b { flex: 1; min-width: 0; overflow-wrap: anywhere; }
    small { font-size: 13px; color: var(--dim); font-weight: 400; }
    .bad small { flex-basis: 100%; order: 1; color: var(--bad); }
    .chip .plain { order: 2; }
    .chip canvas { width: 36px; height: 36px; border-radius: 8px; object-fit: cover; }
    .chip .icon { width: 32px; height: 32px; }
    progress { width: 84px; height: 6px; accent-color: var(--accent); }
    .picture { border-radius: 14px; overflow: hidden; background: var(--soft); }
    .picture canvas { display: block; width: 220px; height: 160px; object-fit: cover; }
    .picture svg { margin: 24px; }
    .drop { outline: 3px dashed var(--link); outline-offset: -8px; }
    .send:disabled { background: var(--soft); color: var(--dim); cursor: default; }

    @media (max-width: 480px) {
      .panel.panel {
      inset: var(--top, 0) 0 auto; width: 100%; height: var(--height, 100dvh); border-radius: 0;
    }
      header { padding-top: max(12px, env(safe-area-inset-top)); }
      .composer { padding-bottom: max(10px, env(safe-area-inset-bottom)); }
      .launcher.open, .teaser { display: none; }
    }
    @media (prefers-reduced-motion) { i { animation: none; } }
  `;

  // ---------------------------------------------------------------- start

  /** Shows at once what this tab knew on the page before; the stream brings the rest. */
  const remember = () => {
    const { conversation = null, bot } = shared.get("session") || {};
    const known = own.get("known");
    Object.assign(model, known?.conversation === conversation && known, { conversation });
    if (bot) model.bot = bot.name;
    loadOutbox();
  };
  const saveLog = () => {
    const { conversation, log, state } = model;
    own.set("known", { conversation, log, state });
  };

  const start = () => {
    remember();
    build();
    dress();
    model.attached = (own.get("attached") || []).map((file) => ({ ...file, key: file.id, file }));
    write(own.get("draft") || "");
    model.open = wanted = !!own.get("open") || "open" in option;
    draw();
    coverPage();
    if (locks) standForLeader(false);
    else lead();
    greet();
    setInterval(() => document.hidden || greet(), PING_EVERY);
    darkPage.addEventListener("change", dress);
    phone.addEventListener("change", coverPage);
    addEventListener("storage", render); // another tab has seen messages
    addEventListener("pagehide", saveLog);
    addEventListener("online", greet);
    addEventListener("offline", reconnect);
    addEventListener("pageshow", greet);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) greet();
      else if (!locks) reconnect(); // without a leader, only the visible tab keeps a stream
      render();
    });
    visualViewport?.addEventListener("resize", fit);
    visualViewport?.addEventListener("scroll", fit);
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
