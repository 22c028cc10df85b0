// Clicks on their way: commands without words, one after the other. What an agent has written goes
// through the outbox, which keeps it for as long as it takes; a click that fails is told at once.

import { inWords, newId, post, Refused, Unreachable } from "./console.api.js";
import { toast } from "./console.dom.js";

const TRIES = 3;
const PAUSE_MS = 700;

export const commandsOf = (conversation) => `/conversations/${encodeURIComponent(conversation)}/commands`;

export class Orders {
  #underWay = new Set();
  #last = Promise.resolve();
  #loggedOut;

  constructor(loggedOut) {
    this.#loggedOut = loggedOut;
  }

  /** Send a command; the same one again meanwhile is a double click. Comes back when it is settled. */
  async send(conversation, command, more = {}) {
    const order = JSON.stringify([conversation, command, more]);
    if (this.#underWay.has(order)) return;
    this.#underWay.add(order);
    this.#last = this.#last.then(() => this.#post(commandsOf(conversation), { client_id: newId(), command, ...more }));
    await this.#last;
    this.#underWay.delete(order);
  }

  /** A lost answer is asked for again with the same id, so it happens once. */
  async #post(path, body) {
    for (let tries = 1; ; tries += 1) {
      try {
        await post(path, body);
        return;
      } catch (error) {
        const passing = error instanceof Unreachable || (error instanceof Refused && error.passing);
        if (passing && tries < TRIES) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
          continue;
        }
        if (error instanceof Refused && error.status === 401) this.#loggedOut();
        else toast(error instanceof Unreachable ? `${error.message} Nothing has changed; try again.` : inWords(error), "bad");
        return;
      }
    }
  }
}
