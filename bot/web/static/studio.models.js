// The page Models: what there is and what happened to each, training a candidate, putting a model into
// service. What two models are compared by is in studio.comparison.js.

import { ask, button, confirm, el, icon, toast } from "./console.dom.js";
import { comparison, shares } from "./studio.comparison.js";
import { attempt, empty, failure, fill, get, hashOf, loading, post, urlOf } from "./studio.parts.js";
import { Publish, short } from "./studio.publish.js";
import { counted, shortMoment } from "./studio.words.js";

const WORKING_MS = 1_000;
const RESTING_MS = 15_000;
/** How long one is told how something ended. */
const NEWS_MS = 24 * 3_600_000;
const KINDS = { train: "Training a candidate", compare: "Comparing two models" };

export function show(main, { path, query, signal }) {
  if (path[0] === "compare") return compared(main, query, signal);
  if (path[0]) return judged(main, path[0], signal);
  const publish = el("div", { class: "publish-place" });
  const work = el("div", { class: "work", "aria-live": "polite" });
  const list = el("div", { class: "models" });
  main.append(el("div", { class: "page-head" }, el("h1", {}, "Models"), el("div", { class: "head-tools" })), publish, work, list);
  new Overview(main, { publish, work, list }, signal).run();
}

const reportHref = (name) => hashOf("models", [name]);

// ── the list ──

class Overview {
  #seen = "";
  #promotion = null;
  #publish;
  #timer = null;
  #turn = 0;

  constructor(main, { publish, work, list }, signal) {
    Object.assign(this, { main, work, list, signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    this.#publish = new Publish(publish, { signal, waits, why: () => "from the page Models", moved: () => this.#look() });
  }

  async run() {
    if (!this.#seen) this.list.replaceChildren(loading());
    this.#publish.look();
    await this.#look();
  }

  /** Look, draw if that is news, and look again: soon while something is being done. Of two looks at
   *  once the later counts: what was so before an order is no answer to it. */
  async #look() {
    clearTimeout(this.#timer);
    const turn = (this.#turn += 1);
    let busy = false;
    try {
      const [state, promotion] = await Promise.all([get("/models"), get("/models/promotion")]);
      if (this.signal.aborted || turn !== this.#turn) return;
      this.#promotion = promotion.promotion;
      busy = state.jobs.some(atWork) || swapping(this.#promotion);
      this.#draw(state);
    } catch (error) {
      if (this.signal.aborted || turn !== this.#turn) return;
      this.#seen = "";
      this.list.replaceChildren(failure(error, () => this.run()));
    }
    this.#timer = setTimeout(() => this.#look(), busy ? WORKING_MS : RESTING_MS);
  }

  #draw(state) {
    this.#drawWork(state);
    const { jobs, ...rest } = state;
    const seen = JSON.stringify([rest, jobs.some(atWork), swapping(this.#promotion)]);
    if (seen === this.#seen) return;
    const open = [...this.list.querySelectorAll("details[open]")].map((one) => one.dataset.model);
    this.#seen = seen;
    const busy = jobs.some(atWork);
    this.main.querySelector(".head-tools").replaceChildren(
      button("Train a candidate", { iconName: "layers", act: () => this.#train(state), disabled: busy }),
    );
    this.list.replaceChildren(
      ...[
        state.unreadable ? el("p", { class: "hint bad" }, `${counted(state.unreadable, "line")} of models/registry.jsonl cannot be read and ${state.unreadable === 1 ? "is" : "are"} left out.`) : null,
        state.waiting.length ? waiting(state.waiting, state.models) : null,
        state.models.length > 1 ? this.#chooser(state.models, busy) : null,
        ...(state.models.length
          ? state.models.map((model) => this.#card(model, state, open))
          : [empty("No model yet", "The assistant learns when Deskhand starts; its first model will stand here.", "layers")]),
      ].filter(Boolean),
    );
  }

  #drawWork({ jobs }) {
    const shown = jobs.filter((job) => isNews(job) && !job.args.publish).map((job) => this.#job(job));
    if (this.#promotion && isNews(this.#promotion) && this.#promotion.id !== this.#publish.promotion) shown.unshift(this.#swap(this.#promotion));
    const next = el("div", {}, shown.filter(Boolean));
    if (next.innerHTML === this.work.innerHTML) return;
    const focus = document.activeElement?.dataset?.job;
    this.work.replaceChildren(...next.childNodes);
    if (focus) this.work.querySelector(`[data-job="${CSS.escape(focus)}"]`)?.focus();
  }

  #job(job) {
    const title = KINDS[job.kind];
    const by = `for ${job.by}, since ${shortMoment(job.began ?? job.asked)}`;
    if (atWork(job))
      return el(
        "section",
        { class: "card job" },
        el("div", { class: "job-head" }, el("h2", {}, title), el("span", { class: "muted" }, by), button("Cancel", { act: () => this.#cancel(job), data: undefined, "data-job": job.id })),
        el("progress", { max: 1, value: job.fraction, "aria-label": title }),
        el("p", { class: "muted" }, job.state === "queued" ? "It begins in a moment." : `${Math.round(job.fraction * 100)} % · ${job.progress || "starting"}`),
      );
    if (job.state === "failed")
      return el("section", { class: "card job bad" }, icon("info"), el("div", {}, el("h2", {}, `${title} failed`), el("p", {}, job.error), job.hint ? el("p", { class: "muted" }, job.hint) : null));
    if (job.state === "cancelled") return el("section", { class: "card job" }, el("p", { class: "muted" }, `${title} was cancelled.`));
    const { model, against, passed } = job.result;
    return el(
      "section",
      { class: `card job ${passed ? "good" : "warn"}` },
      icon(passed ? "check" : "info"),
      el(
        "div",
        {},
        el("h2", {}, passed ? `${short(model)} may serve` : `${short(model)} is not good enough`),
        el("p", {}, passed ? "It passed the gate." : job.result.reasons.join(" ")),
        el("p", {}, el("a", { href: against ? hashOf("models", ["compare"], { a: model, b: against }) : reportHref(model) }, "See the comparison")),
      ),
    );
  }

  #swap(promotion) {
    const what = `${promotion.rollback ? "Going back to" : "Putting into service:"} ${short(promotion.model)}`;
    if (swapping(promotion))
      return el("section", { class: "card job" }, el("div", { class: "job-head" }, el("h2", {}, what), el("span", { class: "muted" }, `for ${promotion.by}`)), el("progress", { "aria-label": what }), el("p", { class: "muted" }, promotion.progress || "It begins in a moment."));
    if (promotion.stage === "failed")
      return el("section", { class: "card job bad" }, icon("info"), el("div", {}, el("h2", {}, `${short(promotion.model)} could not be put into service`), el("p", {}, promotion.error), promotion.hint ? el("p", { class: "muted" }, promotion.hint) : null));
    return null;
  }

  // ── one model ──

  #card(model, state, open) {
    const current = state.models.find((one) => one.current);
    const busy = swapping(this.#promotion);
    const verdict = model.evaluated;
    return el(
      "article",
      { class: "card model", "aria-label": `Model ${short(model.model)}` },
      el("div", { class: "model-head" }, el("h2", {}, short(model.model)), tags(model)),
      el("p", { class: "muted" }, trainedWords(model)),
      model.why ? el("p", {}, model.why) : null,
      verdict ? shares(verdict.before, verdict.figures, verdict.against ? short(verdict.against) : null) : el("p", { class: "muted" }, "It was not compared with another model."),
      verdict && !verdict.passed ? el("ul", { class: "reasons" }, verdict.reasons.map((reason) => el("li", {}, reason))) : null,
      el(
        "div",
        { class: "model-acts" },
        verdict ? el("a", { class: "button quiet", href: reportHref(model.model) }, "See the comparison") : null,
        model.current ? null : button(model.previous ? "Go back to it" : "Put into service", { look: model.previous || verdict?.passed ? "primary" : "quiet", disabled: busy, act: () => this.#promote(model, current) }),
        el("a", { class: "button quiet", href: urlOf(`/models/${encodeURIComponent(model.model)}/download`), download: true }, icon("download"), el("span", {}, "Download")),
        model.current || model.previous ? null : button("Delete", { look: "plain", act: () => this.#delete(model) }),
      ),
      story(model, open.includes(model.model)),
    );
  }

  #chooser(models, busy) {
    const options = (chosen) => models.map((one) => el("option", { value: one.model, selected: one === chosen }, `${short(one.model)}${one.current ? " (serves)" : ""}`));
    const current = models.find((one) => one.current) ?? models.at(-1);
    const other = models.find((one) => one !== current);
    const [a, b] = [el("select", {}, options(other)), el("select", {}, options(current))];
    return el(
      "form",
      {
        class: "chooser",
        on: {
          submit: (event) => {
            event.preventDefault();
            if (a.value === b.value) toast("Choose two models.", "bad");
            else location.hash = hashOf("models", ["compare"], { a: a.value, b: b.value });
          },
        },
      },
      el("label", { class: "field" }, "Compare", a),
      el("label", { class: "field" }, "with", b),
      el("button", { type: "submit", class: "button quiet" }, el("span", {}, "Compare")),
    );
  }

  // ── orders ──

  async #train(state) {
    const content = el(
      "div",
      {},
      el("p", {}, "A new model is trained from the files as they are now, and compared with the one that serves. That takes some minutes; customers notice nothing. It serves when you put it into service."),
      state.untrained ? null : el("p", { class: "muted" }, "Nothing has changed since the current model was trained, so there is nothing to learn."),
      el("label", { for: "train-why" }, "What is it for? (kept with the model)"),
      el("input", { id: "train-why", name: "why", maxlength: 500, autocomplete: "off", autofocus: true }),
    );
    const given = await ask("Train a candidate", content, "Train");
    if (given) await this.#order(() => post("/models/train", { why: given.why, force: false }));
  }

  async #delete(model) {
    const name = short(model.model);
    if (await confirm(`Delete ${name}?`, "Its file and its comparisons go. That it was there, and what happened to it, stays in the registry.", "Delete")) await this.#order(() => post(`/models/${encodeURIComponent(model.model)}/delete`));
  }

  async #cancel(job) {
    await this.#order(() => post(`/jobs/${encodeURIComponent(job.id)}/cancel`));
  }

  async #promote(model, current) {
    const against = objections(model, current);
    const back = model.previous;
    const content = el(
      "div",
      { class: "promoting" },
      el("p", {}, back ? "The assistant goes back to the model that served before." : "The assistant changes over to this model.", " Conversations go on, and no message is lost or delayed."),
      against.length ? [el("p", { class: "strong" }, "It was not proven better:"), el("ul", { class: "reasons" }, against.map((one) => el("li", {}, one)))] : null,
      el("label", { for: "promote-because" }, against.length ? "Why all the same? (needed, and kept for ever)" : "Why? (kept with the model)"),
      el("textarea", { id: "promote-because", name: "because", rows: 3, maxlength: 1000, required: against.length > 0, autofocus: true }),
    );
    const given = await ask(`${back ? "Go back to" : "Put into service:"} ${short(model.model)}`, content, against.length ? "Override the gate" : back ? "Go back" : "Put into service");
    if (!given) return;
    const because = given.because.trim();
    await this.#order(() => (back ? post("/models/rollback", { because }) : post(`/models/${encodeURIComponent(model.model)}/promote`, { because })));
  }

  async #order(call) {
    await attempt(call);
    await this.#look();
  }
}

const atWork = (job) => job.state === "queued" || job.state === "running";
const isNews = ({ ended }) => !ended || Date.now() - ended < NEWS_MS;
const swapping = (promotion) => promotion !== null && !["done", "failed"].includes(promotion.stage);

/** What speaks against putting a model into service in place of `current`, as far as the page knows; the
 *  server decides. */
function objections(model, current) {
  if (!model.candidate) return [];
  const verdict = model.evaluated;
  if (!verdict) return ["It was never compared with the model that serves."];
  if (verdict.against && verdict.against !== current?.model) return [`It was compared with ${short(verdict.against)}, which does not serve now.`];
  return verdict.passed ? [] : verdict.reasons;
}

function tags(model) {
  const verdict = model.evaluated;
  return el(
    "span",
    { class: "model-tags" },
    model.current ? el("span", { class: "tag good" }, icon("check"), "Serves") : null,
    model.previous ? el("span", { class: "tag" }, "Served before") : null,
    model.candidate ? el("span", { class: "tag" }, "Candidate") : null,
    model.candidate && verdict ? el("span", { class: `tag ${verdict.passed ? "good" : "warn"}` }, verdict.passed ? "Passed the gate" : "Not good enough") : null,
  );
}

function trainedWords(model) {
  const took = model.seconds ? ` in ${Math.round(model.seconds)} s` : "";
  return `Trained ${shortMoment(model.trained_at)}${model.by ? ` by ${model.by}` : ""}${took} · ${(model.bytes / 1e6).toFixed(1)} MB`;
}

/** What is to be published, in words, of what the server says about it. */
function waits({ waiting: files, changed, serves }) {
  if (!changed || !serves) return "";
  if (!files.length) return "Files have changed since the model that serves was trained";
  return files.every(({ candidate }) => candidate) ? "What was taught is in a candidate, and not in service yet" : "What was taught is not in service yet";
}

/** Which files that is, and which of them a candidate knows already. */
function waiting(files, models) {
  const groups = new Map();
  for (const { path, candidate } of files) groups.set(candidate, [...(groups.get(candidate) ?? []), path]);
  const names = [...groups].sort(([a]) => (a ? 1 : -1));
  return el("section", { class: "card note-card" }, names.map(([candidate, paths]) => waitingIn(models.find(({ model }) => model === candidate), paths)));
}

function waitingIn(candidate, paths) {
  const shown = paths.slice(0, 5);
  const verdict = candidate?.evaluated;
  const next = !verdict ? "It was not compared yet." : verdict.passed ? "It passed the gate: put it into service below, or publish." : "It did not pass the gate.";
  return [
    el("p", {}, candidate ? [el("strong", {}, `In candidate ${short(candidate.model)}, not in service yet. `), next] : [el("strong", {}, "In no model yet. "), "Publish, or train a candidate to look at it first."]),
    el("p", { class: "muted files" }, shown.join(", "), paths.length > shown.length ? ` and ${paths.length - shown.length} more` : ""),
  ];
}

const STORY = {
  trained: (e) => `trained${e.candidate ? " as a candidate" : ""} by ${e.by}`,
  evaluated: (e) => `compared with ${e.against ? short(e.against) : "nothing"} by ${e.by}: ${e.passed ? "passed" : "did not pass"}`,
  promoted: (e) => `put into service by ${e.by}${e.overridden?.length ? ", against the gate" : ""}`,
  rolled_back: (e) => `put back into service by ${e.by}`,
  deleted: (e) => `deleted by ${e.by}`,
};

function story(model, open) {
  if (!model.story.length) return null;
  return el(
    "details",
    { class: "drop", open, data: { model: model.model } },
    el("summary", {}, "What happened"),
    el("ol", { class: "story" }, model.story.map((event) => el("li", {}, el("time", { class: "muted" }, shortMoment(event.at)), el("span", {}, `${STORY[event.what](event)}${event.why ? `: ${event.why}` : ""}`)))),
  );
}

// ── a comparison ──

const back = () => el("a", { class: "button plain", href: hashOf("models"), "aria-label": "All models" }, icon("back"), el("span", {}, "Models"));

function judged(main, name, signal) {
  const body = el("div", { class: "comparison" });
  main.append(el("div", { class: "page-head" }, back(), el("h1", {}, short(name))), body);
  fill(body, () => get(`/models/${encodeURIComponent(name)}/report`), (report) => comparison(report, short, signal));
}

function compared(main, query, signal) {
  const [a, b] = [query.get("a") ?? "", query.get("b") ?? ""];
  const body = el("div", { class: "comparison" });
  main.append(el("div", { class: "page-head" }, back(), el("h1", {}, `${short(a)} compared with ${short(b)}`)), body);
  const asked = `/models/compare?${new URLSearchParams({ a, b })}`;
  const read = () => fill(body, () => get(asked).catch((error) => (error.code === "not_compared" ? null : Promise.reject(error))), draw);
  const draw = (report) =>
    report
      ? comparison(report, short, signal)
      : empty("Not compared yet", "Both read the held-out sentences and the messages of the last days, which takes a minute or two.", "layers", button("Compare them", { look: "primary", act: start }));

  async function start() {
    try {
      const job = await post("/models/compare", { model: a, against: b });
      await follow(job);
    } catch (error) {
      if (!signal.aborted) body.replaceChildren(failure(error, read));
    }
  }

  async function follow(job) {
    while (atWork(job) && !signal.aborted) {
      body.replaceChildren(el("section", { class: "card job" }, el("h2", {}, KINDS.compare), el("progress", { max: 1, value: job.fraction, "aria-label": KINDS.compare }), el("p", { class: "muted", role: "status" }, job.progress || "It begins in a moment.")));
      await new Promise((resolve) => setTimeout(resolve, WORKING_MS));
      job = await get(`/jobs/${encodeURIComponent(job.id)}`);
    }
    if (signal.aborted) return;
    if (job.state === "done") return read();
    const error = new Error(job.error || "The comparison was cancelled.");
    error.hint = job.hint;
    throw error;
  }

  read();
}
