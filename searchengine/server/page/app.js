// The page: the address says what is asked, the box and the grid show it.

import * as address from "./address.js";
import * as api from "./api.js";
import * as filters from "./filters.js";
import { Grid } from "./grid.js";
import { Lightbox } from "./lightbox.js";
import * as query from "./query.js";
import * as sent from "./sent.js";

const PAGE = 60;
const KEPT = 12; // answers, so that going back is instant and lands where one was

const find = (selector) => document.querySelector(selector);
const box = find(".box");
const input = find("#query");
const summary = find("#summary");
const notice = find("#notice");
const more = find("#more");

let state = address.read();
let answer = null; // what the grid shows: {q, results, next, total}
let asking = null;
const kept = new Map();

let steppedIn = false; // whether the entry of history before this one is the grid without the open picture

const grid = new Grid(find("#grid"), { onOpen: stepIn, onSimilar: searchSimilar });
const lightbox = new Lightbox(find("#lightbox"), {
  onStep: step,
  onClose: stepOut,
  onSimilar: searchSimilar,
});

// ---- where we are

function go(to, { replace = false } = {}) {
  history.replaceState({ scroll: scrollY }, "");
  history[replace ? "replaceState" : "pushState"](null, "", address.write(to));
  follow(to);
}

function follow(to, { scroll = 0 } = {}) {
  state = to;
  if (!answer || to.q !== answer.q) ask(scroll);
  if (to.open) open(to.open);
  else if (find("#lightbox").open) lightbox.close();
}

addEventListener("popstate", (event) => {
  steppedIn = false;
  follow(address.read(), { scroll: event.state?.scroll ?? 0 });
});

// ---- asking

async function ask(scroll = 0) {
  const { q } = state;
  asking?.abort();
  asking = new AbortController();
  showBox(q);
  document.title = q ? `${q} – imgsearch` : "imgsearch";
  const known = kept.get(q);
  if (known && !query.asksBySent(q)) {
    present(known);
    scrollTo(0, scroll);
    return;
  }
  document.body.classList.add("busy");
  try {
    const picture = query.asksBySent(q) ? await sent.sent() : null;
    if (query.asksBySent(q) && !picture) throw new api.Problem({ detail: "This address searches by a picture that only its sender has. Drop one of yours here." });
    const found = await api.search({ q, k: PAGE, sent: picture, signal: asking.signal });
    present({ q, results: found.results, next: found.next, total: found.total, took: found.took_ms });
    scrollTo(0, scroll);
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  } finally {
    if (state.q === q) document.body.classList.remove("busy");
  }
}

function present(found) {
  answer = found;
  keep(found);
  notice.hidden = true;
  grid.show(found.q, found.results);
  summarise();
  if (!found.results.length) tellEmpty(found);
  if (state.open) open(state.open);
  watchEnd();
}

function keep(found) {
  kept.delete(found.q);
  kept.set(found.q, found);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
}

async function askMore() {
  const current = answer;
  if (!current?.next || current.busy) return;
  current.busy = true;
  try {
    const picture = query.asksBySent(current.q) ? await sent.sent() : null;
    const found = await api.search({ q: current.q, k: PAGE, cursor: current.next, sent: picture });
    current.next = found.next;
    current.results.push(...found.results);
    if (answer === current) {
      grid.add(found.results);
      summarise();
    }
  } catch (error) {
    current.next = null;
    if (answer === current) summary.textContent = error.message;
  } finally {
    current.busy = false;
    if (answer === current) watchEnd();
  }
}

// Watched anew after each page: an end that is still in view would not be told of twice.
const end = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && askMore(), {
  rootMargin: "1500px",
});

function watchEnd() {
  end.unobserve(more);
  if (answer?.next) end.observe(more);
}

// ---- showing

function summarise() {
  const { total, took } = answer;
  const pictures = `${total.toLocaleString()} ${total === 1 ? "picture" : "pictures"}`;
  if (!total) summary.textContent = "";
  else if (answer.results[0].relevant === false) summary.textContent = `Nothing seems to fit; of ${pictures}, these come nearest`;
  else if (answer.results[0].score === null) summary.textContent = `${pictures}, the newest first`;
  else summary.textContent = `${pictures}, the best first · ${Math.max(1, Math.round(took))} ms`;
}

function showBox(q) {
  const { examples, words } = query.split(q);
  input.value = words;
  find(".examples").replaceChildren(
    ...examples.map((example, place) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = example.away ? "example away" : "example";
      chip.ariaLabel = "Search without this picture";
      chip.title = "Search without this picture";
      const source = example.reference === query.SENT ? sent.thumbnail() : `/api/images/${example.reference}/thumbnail`;
      if (source) {
        const small = new Image();
        small.alt = "";
        small.src = source;
        chip.append(small);
      }
      chip.addEventListener("click", () => {
        go({ q: query.join(examples.filter((_, i) => i !== place), input.value), open: null });
        input.focus();
      });
      return chip;
    }),
  );
  box.classList.toggle("with-example", examples.length > 0);
}

function tell(title, ...lines) {
  const head = Object.assign(document.createElement("h2"), { textContent: title });
  notice.replaceChildren(head, ...lines);
  notice.hidden = false;
}

function paragraph(...parts) {
  const made = document.createElement("p");
  made.append(...parts);
  return made;
}

function code(text) {
  return Object.assign(document.createElement("code"), { textContent: text });
}

function tellEmpty({ q }) {
  if (q) tell("No picture passes", paragraph("Nothing in the library has all of what the filters ask for."));
  else tell("No pictures yet", paragraph("Index a folder, and they appear here: ", code("imgsearch index ~/Pictures")));
}

function fail(error) {
  if (error.status === 401) {
    signIn();
    return;
  }
  answer = { q: state.q, results: [], next: null, total: 0 };
  grid.show(state.q, []);
  summary.textContent = "";
  const lines = [paragraph(`${error.message[0].toUpperCase()}${error.message.slice(1)}.`.replace(/([.?!]|\))\.$/, "$1"))];
  if (error.query && error.end > error.start) lines.push(pointAt(error));
  tell(error.status === 400 ? "This can’t be asked" : "That didn’t work", ...lines);
}

/** The query with the words at fault marked. The server counts characters as Python does. */
function pointAt({ query: text, start, end: stop }) {
  const letters = [...text];
  const fault = Object.assign(document.createElement("mark"), { textContent: letters.slice(start, stop).join("") });
  const line = paragraph(letters.slice(0, start).join(""), fault, letters.slice(stop).join(""));
  line.className = "query";
  return line;
}

// ---- one picture

function open(id) {
  const at = grid.results.findIndex((result) => result.id === id);
  lightbox.show(id, grid.results[at], { first: at <= 0, last: at < 0 || at === grid.results.length - 1 });
  if (at >= grid.results.length - 5) askMore();
}

function stepIn(id) {
  go({ ...state, open: id });
  steppedIn = true;
}

function stepOut(id) {
  grid.focus(id);
  if (!state.open) return; // the address says so already
  if (steppedIn) history.back();
  else go({ ...state, open: null }, { replace: true });
}

function step(by) {
  const at = grid.results.findIndex((result) => result.id === state.open);
  const next = at < 0 ? undefined : grid.results[at + by];
  if (next) go({ ...state, open: next.id }, { replace: true });
}

function searchSimilar(id) {
  if (find("#lightbox").open) {
    state = { ...state, open: null };
    lightbox.close();
  }
  go({ q: `image:${id}`, open: null });
}

// ---- what a visitor does

function submit() {
  const q = query.join(query.split(state.q).examples, input.value);
  if (q === state.q) kept.delete(q), (answer = null);
  go({ q, open: null }, { replace: q === state.q });
}

box.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

input.addEventListener("search", () => input.value === "" && state.q !== "" && submit());

input.addEventListener("keydown", (event) => {
  const { examples } = query.split(state.q);
  if (event.key === "Backspace" && !input.value && examples.length) {
    event.preventDefault();
    go({ q: query.join(examples.slice(0, -1), ""), open: null });
  } else if (event.key === "ArrowDown" && grid.tiles.length) {
    event.preventDefault();
    grid.tiles[0].querySelector("a").focus();
  }
});

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, dialog");
  const slash = event.key === "/" && !typing;
  const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
  if ((!slash && !k) || find("#lightbox").open) return;
  event.preventDefault();
  input.focus();
  input.select();
});

find(".brand").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go({ q: "", open: null });
});

sent.listen({
  overlay: find("#drop"),
  input: find("#file"),
  use: async (file) => {
    await sent.keep(file);
    answer = null;
    if (state.open) {
      state = { ...state, open: null };
      lightbox.close();
    }
    go({ q: `image:${query.SENT}`, open: null });
  },
});

filters.listen({
  panel: find("#filters"),
  onPick: (text) => {
    find("#filters").hidePopover();
    go({ q: `${query.join(query.split(state.q).examples, input.value)} ${text}`.trim(), open: null });
  },
});

function signIn() {
  const dialog = find("#sign-in");
  const wrong = dialog.querySelector(".wrong");
  dialog.querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    try {
      await api.signIn(event.target.token.value);
      dialog.close();
      ask();
    } catch (error) {
      wrong.textContent = error.status === 401 ? "This isn’t the token." : error.message;
      wrong.hidden = false;
    }
  };
  if (!dialog.open) dialog.showModal();
}

history.scrollRestoration = "manual";
follow(state, { scroll: history.state?.scroll ?? 0 });
if (!state.q && !state.open && matchMedia("(hover: hover)").matches) input.focus();
