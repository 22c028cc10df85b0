// #/conversations/import: history that was held elsewhere. A file is sent, looked into by a job, and
// imported when the owner has seen what is in it; how far that is, is the server's to tell.

import { inWords, sendBody } from "./console.api.js";
import { button, el, icon } from "./console.dom.js";
import { attempt, failure, get, hashOf, loading, post, urlOf } from "./studio.parts.js";
import { count, counted, shortMoment } from "./studio.words.js";

const LOOK_MS = 1_000;
const SEND_WITHIN_MS = 900_000;
const FORMATS = "A file of JSON: Chatwoot's conversations, Rasa's trackers, or one conversation a line (JSON Lines).";
/** "nl" -> "Dutch", in the browser's language */
const LANGUAGE = new Intl.DisplayNames(undefined, { type: "language" });
const languageOf = (code) => (code === "und" ? "other" : LANGUAGE.of(code));
const atWork = (job) => job && ["queued", "running"].includes(job.state);

export function bringIn(main, signal) {
  const body = el("div", { class: "importing" });
  const back = el("a", { class: "button plain", href: hashOf("conversations"), "aria-label": "All conversations" }, icon("back"), el("span", {}, "Conversations"));
  main.append(el("div", { class: "page-head" }, back, el("h1", {}, "Bring in history")), body);
  body.append(loading());
  new Import(body, signal).look();
}

class Import {
  #timer = 0;
  #seen = "";
  #most = 0;

  constructor(body, signal) {
    Object.assign(this, { body, signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  async look() {
    clearTimeout(this.#timer);
    let state;
    try {
      state = await get("/imports");
    } catch (error) {
      if (!this.signal.aborted) this.body.replaceChildren(failure(error, () => this.look()));
      return;
    }
    if (this.signal.aborted) return;
    this.#most = state.bytes_at_most;
    const seen = JSON.stringify(state);
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.body.replaceChildren(...this.#draw(state).filter(Boolean));
    }
    if (atWork(state.job)) this.#timer = setTimeout(() => this.look(), LOOK_MS);
  }

  #draw({ job, there }) {
    if (atWork(job)) return [this.#working(job)];
    if (!job) return [this.#form()];
    if (job.state === "done" && job.args.preview) return there ? [this.#preview(job)] : [this.#form()];
    if (job.state === "done") return [this.#done(job), this.#form()];
    return [this.#ended(job, there), this.#form()];
  }

  // ── choosing a file ──

  #form() {
    const file = el("input", { type: "file", id: "import-file", accept: ".json,.jsonl,.ndjson,application/json", required: true });
    const name = el("input", { id: "import-name", required: true, maxlength: 40, pattern: "[\\p{L}\\p{N}_.() \\-]+", autocomplete: "off", placeholder: "chatwoot" });
    file.addEventListener("change", () => {
      if (!name.value && file.files[0]) name.value = file.files[0].name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_.() -]/gu, "-").slice(0, 40);
    });
    const told = el("p", { class: "problem", role: "status" });
    const send = el("button", { type: "submit", class: "button primary" }, el("span", {}, "Look into it"));
    return el(
      "form",
      {
        class: "card import-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            this.#send(file.files[0], name.value.trim(), send, told);
          },
        },
      },
      el("p", {}, "Conversations that you had elsewhere give the review something to learn from on the first day. They can be searched like your own, are marked with where they come from, and count in no figure. Customers and colleagues notice nothing."),
      el("p", { class: "muted" }, FORMATS),
      el("label", { class: "field" }, "File", file),
      el("label", { class: "field" }, "Where it comes from, in a word", name),
      el("div", { class: "model-acts" }, send),
      told,
    );
  }

  async #send(file, name, pressed, told) {
    if (!file) return;
    if (file.size > this.#most) {
      told.textContent = `The file is larger than ${Math.round(this.#most / 1024 ** 2)} MB. Split it and import the parts, or use "deskhand import" on the server.`;
      return;
    }
    pressed.disabled = true;
    const item = { blob: file };
    this.signal.addEventListener("abort", () => item.request?.abort());
    try {
      const about = new URLSearchParams({ file: file.name, name });
      await sendBody(urlOf(`/imports?${about}`), item, (share) => (told.textContent = `Sending: ${Math.round(share * 100)} %`), SEND_WITHIN_MS);
      await this.look();
    } catch (error) {
      if (this.signal.aborted) return;
      told.textContent = inWords(error);
    }
    pressed.disabled = false;
  }

  // ── how it goes ──

  #working(job) {
    const title = job.args.preview ? `Looking into ${job.args.file}` : `Bringing in ${job.args.file}`;
    const known = !job.args.preview && job.args.total;
    return el(
      "section",
      { class: "card job" },
      el("div", { class: "job-head" }, el("h2", {}, title), el("span", { class: "muted" }, `for ${job.by}`), button("Cancel", { act: () => this.#order(() => post(`/jobs/${encodeURIComponent(job.id)}/cancel`)) })),
      el("progress", { max: 1, value: known ? job.fraction : null, "aria-label": title }),
      el("p", { class: "muted", role: "status" }, job.state === "queued" ? "It begins in a moment." : `${job.progress || "reading"}${known ? ` of ${count(job.args.total)}` : ""}`),
    );
  }

  #preview(job) {
    const { conversations, messages, known, languages, first, last } = job.result;
    const upload = encodeURIComponent(job.args.upload);
    const rows = [
      ["Conversations", count(conversations)],
      ["Messages", count(messages)],
      languages.length ? ["Languages", languages.map(([code, n]) => `${languageOf(code)} ${count(n)}`).join(", ")] : null,
      first === null ? null : ["From", `${shortMoment(first)} to ${shortMoment(last)}`],
      known ? ["Here already", counted(known, "conversation")] : null,
    ].filter(Boolean);
    return el(
      "section",
      { class: "card import-preview", "aria-label": "What is in the file" },
      el("h2", {}, conversations ? `${job.args.file} can be imported` : `There is nothing new in ${job.args.file}`),
      el("dl", { class: "shares" }, rows.map(([title, value]) => el("div", {}, el("dt", {}, title), el("dd", {}, value)))),
      leftOut(job.result),
      el("p", { class: "muted" }, "Nothing has been imported yet. Personal data is redacted before anything of it becomes an example."),
      el(
        "div",
        { class: "model-acts" },
        conversations ? button(`Import ${counted(conversations, "conversation")}`, { look: "primary", act: () => this.#order(() => post(`/imports/${upload}/import`)) }) : null,
        button("Discard the file", { act: () => this.#order(() => post(`/imports/${upload}/discard`)) }),
      ),
    );
  }

  #done(job) {
    const { conversations, messages, known } = job.result;
    return el(
      "section",
      { class: "card job good" },
      icon("check"),
      el(
        "div",
        {},
        el("h2", {}, `${counted(conversations, "conversation")} imported from ${job.args.file}`),
        el("p", {}, `With ${counted(messages, "message")}${known ? `; ${count(known)} were here already` : ""}. Refresh the review to find what can be learned from them.`),
        leftOut(job.result),
        el("p", {}, el("a", { href: hashOf("conversations", [], { source: job.args.name }) }, "See them"), " · ", el("a", { href: hashOf("review") }, "Review")),
      ),
    );
  }

  #ended(job, there) {
    const cancelled = job.state === "cancelled";
    const again = there && !job.args.preview ? button("Go on with it", { look: "primary", act: () => this.#order(() => post(`/imports/${encodeURIComponent(job.args.upload)}/import`)) }) : null;
    return el(
      "section",
      { class: `card job ${cancelled ? "" : "bad"}` },
      icon("info"),
      el(
        "div",
        {},
        el("h2", {}, cancelled ? "It was cancelled" : `${job.args.file} could not be ${job.args.preview ? "read" : "imported"}`),
        job.error ? el("p", {}, job.error) : null,
        job.hint ? el("p", { class: "muted" }, job.hint) : null,
        job.args.preview ? null : el("p", { class: "muted" }, "What was imported by then is here, and is not imported twice."),
        again,
      ),
    );
  }

  async #order(call) {
    await attempt(call);
    await this.look();
  }
}

function leftOut({ left_out: lines, left_out_count: n }) {
  if (!n) return null;
  return el(
    "details",
    { class: "drop", open: n <= 5 },
    el("summary", {}, `${counted(n, "conversation")} ${n === 1 ? "is" : "are"} left out`),
    el("ul", { class: "reasons" }, lines.map((line) => el("li", {}, line))),
    n > lines.length ? el("p", { class: "muted" }, `and ${count(n - lines.length)} more`) : null,
  );
}
