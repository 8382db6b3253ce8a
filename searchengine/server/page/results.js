// The answer to a search: asked for page by page as one scrolls, shown in the grid, said in a sentence.

import { question } from "./address.js";
import * as api from "./api.js";
import { inWords } from "./controls.js";
import { make } from "./elements.js";
import { code, paragraph, tell, tellProblem } from "./notice.js";
import * as query from "./query.js";
import * as sent from "./sent.js";
import { counted } from "./words.js";

const PAGE = 60;
const MOST = 500; // results in one answer of the server's
const KEPT = 12; // answers, so that going back is instant and lands where one was
const AHEAD = "1500px"; // below the window is loaded before it is seen

export class Results {
  /**
   * @param {HTMLElement} element
   * @param {{grid: import("./grid.js").Grid, controls: import("./controls.js").Controls}} parts
   * @param {{onAnswer: () => void, onBadQuery: (q: string) => void, onLocked: () => void}} doing
   */
  constructor(element, { grid, controls }, doing) {
    this.grid = grid;
    this.controls = controls;
    this.doing = doing;
    this.summary = element.querySelector("#summary");
    this.notice = element.querySelector("#notice");
    this.more = element.querySelector("#more");
    this.answer = null; // what the grid shows: {question, state, results, next, total, took}
    this.kept = new Map();
    // Watched anew after each page: an end that is still in view would not be told of twice.
    this.end = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && this.askMore(), {
      rootMargin: AHEAD,
    });
  }

  get loaded() {
    return this.grid.results;
  }

  /** Whether these results answer this state. */
  answers(state) {
    return this.answer?.question === question(state);
  }

  /** Nothing that was answered before is still taken as true. */
  forget() {
    this.kept.clear();
    this.answer = null;
  }

  /** The same, but what is shown stays. */
  forgetOthers() {
    this.kept.clear();
  }

  /**
   * @param {import("./address.js").State} state
   * @param {{scroll?: number, count?: number}} at `count`: how many results to have at once
   */
  async ask(state, { scroll = 0, count = PAGE } = {}) {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const known = this.kept.get(question(state));
    if (known) {
      document.body.classList.remove("busy"); // with what was asked before
      this.#present(known);
      scrollTo(0, scroll);
      return;
    }
    document.body.classList.add("busy");
    try {
      const found = await api.search({ ...(await this.#asked(state)), k: Math.min(Math.max(count, PAGE), MOST), signal });
      const { results, next, total } = found;
      this.#present({ question: question(state), state, results, next, total, took: found.took_ms });
      scrollTo(0, scroll);
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(state, error);
    } finally {
      if (this.asking.signal === signal) document.body.classList.remove("busy");
    }
  }

  async askMore() {
    const current = this.answer;
    if (!current?.next || current.busy) return;
    current.busy = true;
    try {
      const found = await api.search({ ...(await this.#asked(current.state)), k: PAGE, cursor: current.next });
      current.next = found.next;
      current.results.push(...found.results);
      if (this.answer === current) {
        this.grid.add(found.results);
        this.#summarise();
        this.doing.onAnswer();
      }
    } catch (error) {
      current.next = null;
      if (this.answer === current) this.summary.textContent = error.message;
    } finally {
      current.busy = false;
      if (this.answer === current) this.#watchEnd();
    }
  }

  async #asked({ q, url, sort, strictness, collapse }) {
    const asked = { q, sort, strictness, collapse, ...(url && { url }) };
    if (!query.asksBy(q, query.SENT)) return asked;
    const picture = await sent.sent();
    if (!picture) {
      throw new api.Problem({ detail: "This address searches by a picture that only its sender has. Drop one of yours here." });
    }
    return { ...asked, sent: picture };
  }

  #present(found) {
    this.answer = found;
    this.#keep(found);
    this.notice.hidden = true;
    const ranked = found.results.length > 0 && found.results[0].score !== null;
    this.controls.show(found.state, { ranked });
    this.grid.lineWords = [
      make("strong", { textContent: "Less relevant below" }),
      make("span", { className: "meaning", textContent: ` · above the line, ${inWords(found.state.strictness)[1]}` }),
    ];
    this.grid.show(found.state, found.results);
    this.#summarise();
    if (!found.results.length) this.#tellEmpty(found.state);
    this.#watchEnd();
    this.doing.onAnswer();
  }

  #keep(found) {
    // The visitor's own picture may be another one next time.
    if (query.asksBy(found.state.q, query.SENT)) return;
    this.kept.delete(found.question);
    this.kept.set(found.question, found);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
  }

  #watchEnd() {
    this.end.unobserve(this.more);
    if (this.answer?.next) this.end.observe(this.more);
  }

  #summarise() {
    const { total, took, results, state } = this.answer;
    const pictures = counted(total, "picture");
    const order = { relevance: "the best first", newest: "the newest first", oldest: "the oldest first" };
    const line = this.grid.lineAt;
    let said = "";
    if (!total) said = "";
    else if (line === 0) said = `Nothing seems to fit; of ${pictures}, these come nearest`;
    else if (results[0].score === null) said = `${pictures}, ${order[state.sort === "relevance" ? "newest" : state.sort]}`;
    else {
      const fitting = line > 0 ? `${line.toLocaleString()} of ${pictures} fit` : pictures;
      said = `${fitting}, ${order[state.sort]} · ${Math.max(1, Math.round(took))} ms`;
    }
    this.summary.textContent = said;
  }

  #tellEmpty({ q }) {
    if (q) tell(this.notice, "No picture passes", paragraph("Nothing in the library has all of what the filters ask for."));
    else tell(this.notice, "No pictures yet", paragraph("Index a folder, and they appear here: ", code("imgsearch index ~/Pictures")));
  }

  #fail(state, error) {
    if (error.status === 401) {
      this.doing.onLocked();
      return;
    }
    this.answer = { question: question(state), state, results: [], next: null, total: 0 };
    this.grid.show(state, []);
    this.summary.textContent = "";
    tellProblem(this.notice, error);
    if (error.query) this.doing.onBadQuery(state.q);
  }
}
