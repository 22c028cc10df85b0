// The page Review: what the assistant missed, in clusters, and an owner's decisions about them. The
// list and the keyboard are here; how one cluster looks is in studio.review.cluster.js, what is asked
// in dialogs in studio.review.ask.js.

import { inWords, Refused } from "./console.api.js";
import { announce, button, el, icon, setText } from "./console.dom.js";
import { addPage, decisionsTaken, mergeInto, newIntent, otherIntent } from "./studio.review.ask.js";
import { ClusterView } from "./studio.review.cluster.js";
import { empty, failure, get, hashOf, keys, loading, post, queryOf } from "./studio.parts.js";
import { Publish } from "./studio.publish.js";
import { counted, intentOf, shortMoment } from "./studio.words.js";

const POLL_MS = 1_000;
/** After these the cluster on the screen is not what the server has any more. */
const GONE = new Set(["already_decided", "unknown_cluster"]);

export function show(main, { path, signal }) {
  const review = new Review(main, signal);
  review.begin(path[0] ?? null);
  return ({ path: now }) => review.open(now[0] ?? null);
}

class Review {
  #main;
  #signal;
  #page = null; // the InboxPage; its `open` grows as more is loaded
  #list = el("ul", { class: "review-list", "aria-label": "Clusters" });
  #detail = el("section", { class: "review-detail", "aria-label": "Cluster" });
  #sum = el("p", { class: "muted" });
  #job = el("div", { class: "review-job", hidden: true, role: "status" });
  #done = el("div", { class: "review-done", hidden: true, role: "status" });
  #body = el("div", { class: "review" });
  #publish;
  #refresh;
  #current = null; // id of the cluster that is open
  #view = null;
  #busy = false;
  #narrow = matchMedia("(max-width: 900px)");

  constructor(main, signal) {
    this.#main = main;
    this.#signal = signal;
    this.#refresh = button("Refresh", { act: () => this.#prepare() });
    const taken = button("Decisions", { look: "plain", act: () => decisionsTaken((decision) => this.#undo(decision.id)) });
    main.append(el("div", { class: "page-head" }, el("div", { class: "review-title" }, el("h1", {}, "Review"), this.#sum), taken, this.#refresh), this.#job, this.#done);
    const taught = el("div", { class: "publish-place" });
    main.append(taught, this.#body);
    this.#publish = new Publish(taught, {
      signal,
      waits: ({ waiting }) => (waiting.length ? "What was taught is not with customers yet" : ""),
      why: () => "taught in the review",
    });
    this.#publish.look();
    this.#keys();
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  #keys() {
    const view = (act) => () => this.#view && act(this.#view);
    keys(this.#signal, [
      ["j", "Next cluster", () => this.#step(1)],
      ["k", "Previous cluster", () => this.#step(-1)],
      ["a", "Accept the first suggestion", view((one) => this.#suggested(one, 0))],
      ...Array.from({ length: 9 }, (_, at) => [String(at + 1), at ? null : "… to 9: accept that suggestion", view((one) => this.#suggested(one, at))]),
      ["o", "Choose another intent", view((one) => this.#other(one))],
      ["n", "Make a new intent", view((one) => this.#new(one))],
      ["h", "Write a help page", view((one) => this.#helpPage(one))],
      ["i", "Ignore", view((one) => this.#ignore(one))],
      ["e", "Show all wordings", view((one) => one.more())],
      ["s", "Split off what is selected", view((one) => this.#split(one))],
      ["m", "Merge with others", view((one) => this.#merge(one))],
      ["u", "Undo your last decision", () => this.#undo()],
    ]);
  }

  // ── the list ──

  async begin(id) {
    this.#body.replaceChildren(loading());
    try {
      await this.#load();
    } catch (error) {
      this.#body.replaceChildren(failure(error, () => this.begin(id)));
      return;
    }
    this.open(id);
    this.#watch(this.#page.job);
  }

  async #load() {
    const page = await get("/review");
    if (this.#signal.aborted) return;
    this.#page = page;
    this.#draw();
  }

  async #loadMore() {
    if (!this.#page.next) return;
    const { open, next } = await get(`/review${queryOf({ cursor: this.#page.next })}`);
    const known = new Set(this.#page.open.map(({ id }) => id));
    this.#page.open.push(...open.filter(({ id }) => !known.has(id)));
    this.#page.next = next;
    this.#draw();
  }

  #draw() {
    const { open, next, clusters, customers, refreshed_at: at } = this.#page;
    setText(this.#sum, at === null ? "" : `${counted(customers, "customer")} in ${counted(clusters, "cluster")}, prepared ${shortMoment(at)}`);
    if (!open.length) {
      this.#current = this.#view = null;
      this.#body.replaceChildren(this.#nothing(at));
      return;
    }
    this.#list.replaceChildren(...open.map((cluster) => this.#row(cluster)), next ? el("li", { class: "more" }, button("More", { act: () => this.#try(() => this.#loadMore()) })) : "");
    if (!this.#list.isConnected) this.#body.replaceChildren(this.#list, this.#detail);
    this.#mark();
  }

  #nothing(at) {
    if (this.#page.job) return loading("The inbox is being prepared…");
    if (at === null) return empty("The inbox has not been prepared yet", "What customers asked and the assistant did not know is collected, stripped of personal data, and put together by meaning. That takes a minute or two.", "inbox", button("Prepare it", { look: "primary", act: () => this.#prepare() }));
    return empty("Nothing waits for you", "Every message that the assistant missed has been decided about. Refresh to look for new ones.", "check");
  }

  #row({ id, title, customers, labelled, suggestions }) {
    const best = suggestions[0];
    return el(
      "li",
      {},
      el(
        "a",
        { class: "review-row", href: hashOf("review", [id]), data: { id } },
        el("span", { class: "review-row-top" }, el("q", { dir: "auto" }, title), el("span", { class: "review-count", title: counted(customers, "customer") }, String(customers))),
        el("span", { class: "review-row-facts muted" }, best ? `${intentOf(best.intent)}${best.known ? ` ${Math.round(best.confidence * 100)} %` : ", new"}` : "No suggestion", labelled ? el("span", { class: "tag good" }, icon("check"), "labelled") : null),
      ),
    );
  }

  #mark() {
    for (const row of this.#list.querySelectorAll(".review-row")) {
      if (row.dataset.id === this.#current) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  #at() {
    return this.#page?.open.findIndex(({ id }) => id === this.#current) ?? -1;
  }

  async #step(by) {
    if (!this.#page?.open.length) return;
    const to = this.#current === null ? 0 : this.#at() + by;
    if (to >= this.#page.open.length && this.#page.next) await this.#try(() => this.#loadMore());
    const cluster = this.#page.open[to];
    if (cluster) this.#go(cluster.id);
  }

  #go(id) {
    history.replaceState(null, "", hashOf("review", id === null ? [] : [id]));
    this.open(id);
  }

  /** On a wide screen something is always open; on a narrow one only what was chosen. */
  open(id) {
    if (!this.#page?.open.length) return;
    if (id === null && !this.#narrow.matches) id = this.#page.open[0].id;
    this.#body.classList.toggle("one-open", id !== null);
    this.#current = id;
    this.#mark();
    if (id === null) {
      this.#view = null;
      this.#detail.replaceChildren();
      return;
    }
    this.#list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    const known = this.#page.open.find((cluster) => cluster.id === id);
    if (known) this.#look(known);
    else this.#fetch(id);
  }

  async #fetch(id) {
    this.#view = null;
    this.#detail.replaceChildren(loading());
    try {
      const { cluster } = await get(`/review/${encodeURIComponent(id)}`);
      if (this.#current === id) this.#look(cluster);
    } catch (error) {
      if (this.#current === id) this.#detail.replaceChildren(this.#problem(error, id));
    }
  }

  #look(cluster) {
    this.#view = new ClusterView(cluster, {
      accept: (view, at) => this.#suggested(view, at),
      other: (view) => this.#other(view),
      make: (view) => this.#new(view),
      page: (view) => this.#helpPage(view),
      ignore: (view) => this.#ignore(view),
      split: (view) => this.#split(view),
      merge: (view) => this.#merge(view),
    });
    const back = el("a", { class: "button plain review-back", href: hashOf("review") }, icon("back"), el("span", {}, "All clusters"));
    this.#detail.replaceChildren(back, this.#view.node);
    this.#detail.scrollTop = 0;
    if (this.#narrow.matches) document.getElementById("main").scrollTop = 0;
  }

  // ── decisions ──

  #suggested(view, at) {
    const suggestion = view.cluster.suggestions[at];
    if (!suggestion) return;
    if (suggestion.known) this.#accept(view, suggestion.intent);
    else this.#new(view, suggestion.intent);
  }

  async #other(view) {
    const intent = await otherIntent(this.#page.intents, view.cluster.suggestions);
    if (intent) this.#accept(view, intent);
  }

  #accept(view, intent) {
    return this.#decide(view, "accept", { intent, ...view.about() }, view.partial);
  }

  #new(view, name = view.cluster.suggestions.find(({ known }) => !known)?.intent ?? "") {
    const send = (given) => post(`/review/${encodeURIComponent(view.cluster.id)}/accept`, { ...given, ...view.about() });
    return newIntent(name, view.chosenTexts(), send).then((done) => done && this.#settled(view, done, view.partial));
  }

  #helpPage(view) {
    const send = (given) => post(`/review/${encodeURIComponent(view.cluster.id)}/page`, { ...given, seen: view.cluster.seen });
    return addPage(view.cluster.examples.map(({ text }) => text), send).then((done) => done && this.#settled(view, done, false));
  }

  #ignore(view) {
    return this.#decide(view, "ignore", view.about(), view.partial);
  }

  #split(view) {
    if (!view.selected.length) return view.say("Select the messages that do not belong, then split them off.");
    return this.#decide(view, "split", { wordings: view.selected }, true);
  }

  async #merge(view) {
    const others = this.#page.open.filter(({ id }) => id !== view.cluster.id);
    if (!others.length) return view.say("There is no other cluster to merge with.");
    const chosen = await mergeInto(view.cluster, others);
    if (chosen?.length) await this.#decide(view, "merge", { with: chosen }, true);
  }

  /** `stays`: the cluster is still there afterwards, changed. */
  async #decide(view, what, body, stays) {
    if (this.#busy) return;
    this.#busy = true;
    view.wait(true);
    try {
      await this.#settled(view, await post(`/review/${encodeURIComponent(view.cluster.id)}/${what}`, body), stays);
    } catch (error) {
      this.#failed(view, error);
    } finally {
      this.#busy = false;
      view.wait(false);
    }
  }

  /** On to the next one; what was done can be undone from the line above. */
  async #settled(view, done, stays) {
    const at = this.#at();
    this.#told(done);
    this.#publish.look();
    const next = stays ? done.cluster ?? view.cluster.id : (this.#page.open[at + 1] ?? this.#page.open[at - 1])?.id ?? null;
    await this.#again(next);
  }

  /** Load what is there now, as far as it was loaded, and open a cluster of it. */
  async #again(id) {
    const enough = this.#page?.open.length ?? 0;
    await this.#try(async () => {
      await this.#load();
      while (this.#page.next && this.#page.open.length < enough) await this.#loadMore();
      const there = id !== null && this.#page.open.some((one) => one.id === id);
      this.#go(there ? id : this.#narrow.matches ? null : this.#page.open[0]?.id ?? null);
    });
  }

  #told({ decision, trained, held_out: held, skipped = [] }) {
    const examples = trained === undefined ? "" : ` ${counted(trained + held, "new example")}${held ? `, ${held} of them kept apart to check with` : ""}.`;
    const left = skipped.map(({ text, why }) => el("li", {}, el("q", { dir: "auto" }, text), ` ${why}`));
    this.#done.replaceChildren(
      icon("check"),
      el("div", {}, el("p", {}, `${decision.what}.${examples}`.replace("..", ".")), left.length ? el("details", {}, el("summary", {}, `${counted(left.length, "message")} left out`), el("ul", {}, ...left)) : null),
      button("Undo", { look: "quiet", iconName: "undo", keys: "u", act: () => this.#undo(decision.id) }),
    );
    this.#done.hidden = false;
    announce(decision.what);
  }

  async #undo(id) {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const { decision } = await post("/review/undo", id === undefined ? {} : { decision: id });
      this.#done.replaceChildren(icon("undo"), el("p", {}, [`Taken back: ${decision.what}.`.replace("..", "."), decision.left].filter(Boolean).join(" ")));
      this.#done.hidden = false;
      announce(`Taken back: ${decision.what}`);
      this.#publish.look();
      await this.#again(decision.cluster);
    } catch (error) {
      this.#wrong(error);
    } finally {
      this.#busy = false;
    }
  }

  #failed(view, error) {
    if (error instanceof Refused && GONE.has(error.code)) this.#detail.replaceChildren(this.#problem(error, view.cluster.id));
    else if (error instanceof Refused && error.code === "cluster_changed") {
      const id = view.cluster.id;
      view.problem(error, button("Show it as it is now", { look: "primary", act: () => this.#again(id) }));
    } else view.problem(error);
  }

  /** Somebody else was quicker. */
  #problem(error, id) {
    const next = () => {
      const at = this.#at();
      const other = (this.#page.open[at + 1] ?? this.#page.open[at - 1])?.id ?? null;
      this.#again(other === id ? null : other);
    };
    this.#view = null;
    return el("div", { class: "state bad", role: "alert" }, icon("person"), el("p", { class: "strong" }, error.message), error.hint ? el("p", {}, error.hint) : null, button("On to the next", { look: "primary", act: next }));
  }

  #wrong(error) {
    this.#done.replaceChildren(el("p", { class: "review-problem", role: "alert" }, inWords(error)));
    this.#done.hidden = false;
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      this.#wrong(error);
    }
  }

  // ── preparing ──

  #timer = 0;

  async #prepare() {
    await this.#try(async () => {
      const { job } = await post("/review/refresh");
      this.#watch({ ...job, state: "queued", progress: "", fraction: 0 });
      if (!this.#page.open.length) this.#body.replaceChildren(loading("The inbox is being prepared…"));
    });
  }

  #watch(job) {
    clearTimeout(this.#timer);
    this.#refresh.disabled = Boolean(job);
    this.#job.hidden = !job;
    if (!job) return;
    const share = Math.round(job.fraction * 100);
    this.#job.replaceChildren(el("progress", { max: "100", value: String(share), "aria-label": "Preparing the inbox" }), el("span", {}, job.state === "queued" ? "Waits for its turn…" : `${job.progress || "Beginning…"} ${share} %`));
    this.#timer = setTimeout(() => this.#follow(job.id), POLL_MS);
  }

  async #follow(id) {
    if (this.#signal.aborted) return;
    let job;
    try {
      job = await get(`/jobs/${encodeURIComponent(id)}`);
    } catch (error) {
      if (error instanceof Refused && !error.passing) return this.#watch(null), this.#wrong(error);
      this.#timer = setTimeout(() => this.#follow(id), POLL_MS * 3);
      return;
    }
    if (this.#signal.aborted) return;
    if (["queued", "running"].includes(job.state)) return this.#watch(job);
    this.#watch(null);
    if (job.state === "done") await this.#again(this.#current);
    else {
      if (!this.#page.open.length) this.#draw();
      this.#wrong({ message: job.state === "cancelled" ? "Preparing the inbox was cancelled." : job.error || "The inbox could not be prepared.", hint: job.hint });
    }
  }
}
