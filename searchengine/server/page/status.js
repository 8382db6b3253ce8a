// The state of the library: what is indexed, by which model, what is going on, and what couldn't be read and why.

import * as api from "./api.js";
import { button, make } from "./elements.js";
import { code, paragraph, tellProblem } from "./notice.js";
import { bytes, counted, moment, span } from "./words.js";

const EVERY = 2000; // ms
const FAILURES = 50;

const OUTCOMES = { done: "done", interrupted: "interrupted; run it again to go on", failed: "failed", running: "running" };

export class Status {
  /** @param {{onLocked: () => void}} doing */
  constructor(element, { onLocked }) {
    this.element = element;
    this.onLocked = onLocked;
  }

  /** @param {AbortSignal} signal that the visitor has gone elsewhere */
  async show(_, signal) {
    try {
      let seen = null;
      while (!signal.aborted) {
        const now = document.hidden && seen ? seen : await api.progress(signal);
        const mark = JSON.stringify([now.change, now.failed, now.run?.outcome]);
        if (!seen || seen.mark !== mark) await this.#draw(signal);
        this.#drawRun(now.run);
        seen = { ...now, mark };
        await new Promise((resolve) => setTimeout(resolve, EVERY));
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status === 401) this.onLocked();
      else {
        this.element.replaceChildren(make("section", { className: "notice" }));
        tellProblem(this.element.firstChild, error);
      }
    }
  }

  async #draw(signal) {
    const [status, failed] = await Promise.all([api.status(signal), api.failures({ k: FAILURES }, signal)]);
    this.run = make("div");
    const numbers = [
      [status.images, "pictures"],
      [status.files, "files"],
      [status.missing, "out of reach"],
      [status.failed, "failed"],
    ];
    this.element.replaceChildren(
      make("header", {}, make("h1", { textContent: "Status" })),
      make("dl", { className: "numbers" }, ...numbers.map(([count, name]) => make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: count.toLocaleString() })))),
      wide(section("Indexing", this.run)),
      section("Folders", ...folders(status)),
      section("Model", ...models(status)),
      section("Search", ...searching(status)),
      section("Library", paragraph(code(status.library), ` · ${bytes(status.bytes)}`)),
      ...(failed.total ? [wide(this.#failures(failed, signal))] : []),
    );
  }

  #drawRun(run) {
    if (!run) {
      this.run.replaceChildren(paragraph("Nothing has been indexed yet: ", code("imgsearch index ~/Pictures")));
      return;
    }
    const { progress } = run;
    if (run.outcome === "running" && progress) this.run.replaceChildren(...going(progress, run));
    else this.run.replaceChildren(...ended(run));
  }

  #failures({ total, failures, next }, signal) {
    const list = make("ul", { className: "failures" }, ...failures.map(failure));
    const more = button({ className: "pill", textContent: "Show more", hidden: !next });
    let cursor = next;
    more.addEventListener("click", async () => {
      const found = await api.failures({ k: FAILURES, cursor }, signal);
      list.append(...found.failures.map(failure));
      cursor = found.next;
      more.hidden = !cursor;
    });
    const advice = paragraph("They are tried again when they change. ", code("imgsearch failures"), " lists them, too.");
    return section(`${counted(total, "file")} couldn’t be indexed`, advice, list, more);
  }
}

function section(title, ...children) {
  return make("section", { className: "card" }, make("h2", { textContent: title }), ...children);
}

function wide(element) {
  element.classList.add("wide");
  return element;
}

const failure = ({ path, reason }) => make("li", {}, code(path), make("span", { textContent: reason }));

function going({ stage, done, total, rate, eta_s: left, failed }, run) {
  const bar = make("progress", { ariaLabel: "Indexing" });
  if (total) Object.assign(bar, { max: total, value: done });
  const amount = total ? `${done.toLocaleString()} of ${counted(total, "file")}` : done > 0 && counted(done, "file");
  const said = [
    stage,
    amount,
    rate && `${rate.toFixed(rate < 10 ? 1 : 0)} a second`,
    typeof left === "number" && `about ${span(left)} left`,
    failed > 0 && `${failed.toLocaleString()} failed`,
  ];
  return [bar, paragraph(said.filter(Boolean).join(" · ")), paragraph(`Running since ${moment(run.started_at)}.`)];
}

function ended(run) {
  const { counts } = run;
  const parts = ["added", "updated", "moved", "removed", "missing", "failed", "unchanged"];
  const said = parts.filter((name) => counts[name] > 0).map((name) => `${counts[name].toLocaleString()} ${name}`);
  const took = typeof counts.duration_s === "number" ? ` in ${span(counts.duration_s)}` : "";
  return [
    paragraph(`Last run ${moment(run.started_at)}: ${OUTCOMES[run.outcome] ?? run.outcome}${took}.`),
    counts.error && paragraph(counts.error),
    said.length > 0 && paragraph(said.join(" · ")),
  ].filter(Boolean);
}

function folders({ roots, offline_roots: offline }) {
  if (!roots.length) return [paragraph("None yet.")];
  const items = roots.map((root) => make("li", {}, code(root), offline.includes(root) && make("span", { className: "badge", textContent: "offline" })));
  const advice = offline.length > 0 && paragraph("Pictures of folders that can’t be reached are kept, and marked offline.");
  return [make("ul", { className: "folders" }, ...items), advice].filter(Boolean);
}

function models({ space, dim, spaces }) {
  if (!space) return [paragraph("None yet; the first ", code("imgsearch index"), " chooses one.")];
  const others = spaces.filter(({ state }) => state !== "active");
  const said = { building: "is being built", retired: "is kept from before" };
  return [
    paragraph(make("strong", { textContent: space }), ` · ${dim} dimensions`),
    ...others.map((each) => paragraph(`${each.model} ${said[each.state] ?? each.state}: ${counted(each.embeddings, "embedding")}, ${bytes(each.bytes)}`)),
  ];
}

function searching({ index }) {
  if (!index) return [paragraph("No index yet.")];
  return [paragraph(index.reason), index.note && paragraph(index.note)].filter(Boolean);
}
