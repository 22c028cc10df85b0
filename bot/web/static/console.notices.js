// The lines above the queue: being away oneself, and desks that cannot be reached. Asks the desk who
// is there, and tells it when that changes.

import { get, post, Refused } from "./console.api.js";
import { button, el, icon, toast } from "./console.dom.js";
import * as words from "./console.words.js";

export class Notices {
  #root;
  #changed;
  #down = {};
  #now = () => Date.now();
  #drawn = "";
  away = false;

  /** @param changed () called when being away has changed */
  constructor(root, now, changed) {
    this.#root = root;
    this.#now = now;
    this.#changed = changed;
    this.look();
  }

  /** Ask anew: one can go away at another desk, too. */
  async look() {
    try {
      this.#set((await get("/me/presence")).away);
    } catch {
      // Known again at the next look; nothing else depends on it.
    }
  }

  async setAway(away) {
    try {
      this.#set((await post("/me/presence", { away })).away);
      if (!away) toast("Welcome back. You are asked again.");
    } catch (error) {
      const why = error instanceof Refused ? error.message : "There is no connection to the server.";
      toast(`${why} You are still counted as ${this.away ? "away" : "there"}.`, "bad");
    }
  }

  /** @param down {desk: {since, why}} */
  showDown(down) {
    this.#down = down ?? {};
    this.#draw();
  }

  #set(away) {
    this.away = away;
    this.#draw();
    this.#changed();
  }

  #draw() {
    const drawn = JSON.stringify([this.away, this.#down]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const lines = Object.entries(this.#down).map(([desk, { since, why }]) =>
      el(
        "div",
        { class: "notice bad", role: "alert" },
        icon("info"),
        el("p", {}, el("strong", {}, `${words.DESKS[desk] ?? words.plain(desk)} cannot be reached since ${words.moment(since, this.#now())}. `), `Its conversations are here, and it gets what it is owed when it is back.`, el("span", { class: "notice-why" }, why)),
      ),
    );
    if (this.away) {
      lines.push(
        el(
          "div",
          { class: "notice", role: "status" },
          icon("clock"),
          el("p", {}, el("strong", {}, "You are away. "), "Nobody is passed to you; you can still answer."),
          button("I’m back", { act: () => this.setAway(false) }),
        ),
      );
    }
    this.#root.hidden = !lines.length;
    this.#root.replaceChildren(...lines);
  }
}
