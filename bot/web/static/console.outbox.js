// What an agent wrote, on its way: repeated until the desk said yes, and kept over a reload of the
// page. Nothing here touches the page.

import { inWords, newId, parse, post, Refused, RETRY_MS } from "./console.api.js";

/**
 * Replies, notes, changed messages and approved drafts on their way. Each keeps its `client_id` until the desk has accepted it, so
 * that repeating it can't double it; each survives a reload of the page. What was refused stays,
 * with the reason, until the agent decides.
 *
 * An item is {clientId, conversation, command, text, of?, files, at, status: "sending"|"retrying"|
 * "accepted"|"refused", seq?, error?}. `of` is the seq that the command speaks of.
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

  send(conversation, command, text, { of, files = [] } = {}) {
    this.#items.push({ clientId: newId(), conversation, command, text, of, files, at: Date.now(), status: "sending" });
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
            of: item.of,
            files: item.files?.length ? item.files.map(({ id }) => id) : undefined,
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
            this.#set(item, { status: "refused", error: inWords(error) });
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
