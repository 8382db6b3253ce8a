// The page: the address says what is asked, the box and the view show it.

import * as address from "./address.js";
import * as api from "./api.js";
import { Box } from "./box.js";
import { Controls } from "./controls.js";
import * as filters from "./filters.js";
import { Grid } from "./grid.js";
import { Labelling } from "./labelling.js";
import { LaterView } from "./later.js";
import { Lightbox } from "./lightbox.js";
import { News } from "./news.js";
import * as query from "./query.js";
import { Results } from "./results.js";
import { Selection, showBar } from "./selection.js";
import * as sent from "./sent.js";
import { signIn } from "./sign-in.js";
import { Teacher } from "./teacher.js";

const find = (selector) => document.querySelector(selector);

let state = address.read();
let steppedIn = false; // whether the entry of history before this one is the view without the open picture
let goingBack = null; // a promise while the browser does
let leaving = new AbortController(); // the view that is shown
let outdated = false; // whether the results are those of a label that has learned since

const selection = new Selection();
const teacher = new Teacher();
const labelling = new Labelling(find("#labelling"), teacher);
const label = (ids) => teacher.writable && ids.length && labelling.open(ids);
const onLabel = (id) => label(lightbox.isOpen || !selection.count ? [id] : selection.ids);
const grid = new Grid(find("#grid"), selection, { onOpen: stepIn, onAct: (name, result) => act(name, result.id), onLabel });
const lightbox = new Lightbox(find("#lightbox"), selection, { onStep: step, onClose: stepOut, onAct: act, onLabel });
const box = new Box(find(".box"), {
  onAsk: submit,
  onLeave: () => grid.tiles[0]?.querySelector("a").focus(),
});
const controls = new Controls(find(".controls"), {
  onChange: (changed) => go({ ...state, ...changed, open: null }, { replace: true, stay: "strictness" in changed }),
});
const onLocked = () =>
  signIn(() => {
    follow(state, { anew: true });
    askWhetherToTeach();
  });
const results = new Results(
  find("#results"),
  { grid, controls },
  {
    onAnswer,
    onBadQuery: (q) => box.show(q, { mend: true }),
    onLocked,
  },
);
const later = (name, load) => new LaterView(find(`#${name}`), () => load(find(`#${name}`)));
const views = {
  duplicates: later("duplicates", async (element) => {
    const { Duplicates } = await import("./duplicates.js");
    return new Duplicates(element, { onOpen: stepIn, onLevel: (level) => go({ ...state, level, open: null }), onAnswer, onLocked });
  }),
  labels: later("labels", async (element) => {
    const { Labels } = await import("./labels.js");
    const onName = (name) => go({ ...state, label: name, open: null }, { replace: true });
    return new Labels(element, teacher, { onOpen: stepIn, onName, onLocked });
  }),
  status: later("status", async (element) => {
    const { Status } = await import("./status.js");
    return new Status(element, { onLocked });
  }),
};

// ---- where we are

async function go(to, { replace = false, stay = false } = {}) {
  await goingBack; // else it would undo this
  history.replaceState({ scroll: scrollY }, "");
  history[replace ? "replaceState" : "pushState"](null, "", address.write(to));
  const at = stay ? { scroll: scrollY, count: results.loaded.length } : {};
  follow(to, at);
}

/** @param {{scroll?: number, count?: number, anew?: boolean}} how `anew`: even if it is shown already */
function follow(to, { anew = false, ...at } = {}) {
  const moved = to.view !== state.view || to.level !== state.level || to.label !== state.label;
  state = to;
  document.title = [titleOf(to), "imgsearch"].filter(Boolean).join(" – ");
  for (const name of ["results", ...Object.keys(views)]) find(`#${name}`).hidden = name !== to.view;
  if (moved || anew) {
    leaving.abort();
    leaving = new AbortController();
  }
  if (to.view === "results") {
    box.show(to.q, to);
    const relearned = outdated && !to.open;
    if (anew || relearned || !results.answers(to)) {
      outdated = false;
      results.ask(to, relearned ? { ...at, count: results.loaded.length } : at);
    } else if (moved) scrollTo(0, at.scroll ?? 0);
  } else {
    if (moved || anew) {
      scrollTo(0, at.scroll ?? 0);
      views[to.view].show(to, leaving.signal);
    }
  }
  offerPaths();
  if (to.open) open(to.open);
  else if (lightbox.isOpen) lightbox.close();
}

const titleOf = ({ view, q, label: name }) => ({ results: q, duplicates: "Duplicates", labels: name || "Labels", status: "Status" })[view];

addEventListener("popstate", (event) => {
  steppedIn = false;
  follow(address.read(), { scroll: event.state?.scroll ?? 0 });
});

/** Search for something, from wherever one is; order and strictness stay as they are. */
function ask(written) {
  const { q, url } = query.withoutAddress(written);
  if (lightbox.isOpen) {
    state = { ...state, open: null };
    lightbox.close();
  }
  go({ ...state, view: "results", level: address.LEVELS[0], label: "", q, url: url || (query.asksBy(q, query.URL_NAME) ? state.url : ""), open: null });
}

function submit(q) {
  if (q === state.q && state.view === "results") {
    results.forget();
    follow({ ...state, open: null }, { anew: true });
  } else ask(q);
}

// ---- one picture

const listed = (id) => (state.view === "results" ? results.loaded : views[state.view].pictures(id));

/** There are more pictures to step through than there were, and maybe others. */
function onAnswer() {
  offerPaths();
  if (state.open) open(state.open);
}

function offerPaths() {
  const { view, q, sort, strictness, collapse } = state;
  find("#export").hidden = view !== "results" || !results.loaded.length || [query.SENT, query.URL_NAME].some((name) => query.asksBy(q, name));
  find("#export").href = api.pathsAddress({ q, sort, strictness, collapse });
}

function open(id) {
  const pictures = listed(id);
  lightbox.show(id, pictures);
  if (state.view === "results" && pictures.findIndex((each) => each.id === id) >= pictures.length - 5) results.askMore();
}

async function stepIn(id) {
  await go({ ...state, open: id });
  steppedIn = true;
}

function stepOut(id) {
  grid.focus(id);
  if (!state.open) return; // the address says so already
  if (steppedIn) {
    goingBack = new Promise((done) => addEventListener("popstate", done, { once: true }));
    history.back();
  } else go({ ...state, open: null }, { replace: true });
}

function step(by) {
  const pictures = listed(state.open);
  const at = pictures.findIndex((each) => each.id === state.open);
  const next = at < 0 ? undefined : pictures[at + by];
  if (next) go({ ...state, open: next.id }, { replace: true });
}

/** @param {string} name as `ACTIONS` has it */
function act(name, id) {
  const q = state.view === "results" ? state.q : "";
  if (name === "similar") ask(`image:${id}`);
  else ask(query.withPicture(q, id, { away: name === "less" }));
}

// ---- what a visitor does

addEventListener("keydown", (event) => {
  if (lightbox.isOpen) return;
  const typing = event.target.closest?.("input:not([type=range], [type=radio]), select, dialog");
  const control = event.ctrlKey || event.metaKey;
  if ((event.key === "/" && !typing) || (event.key.toLowerCase() === "k" && control)) {
    event.preventDefault();
    box.focus();
  } else if (event.key === "?" && !typing) {
    event.preventDefault();
    find("#help").togglePopover();
  } else if (event.key === "Escape" && !typing && selection.active && !document.querySelector(":popover-open, dialog[open]")) {
    selection.clear();
  }
});

// Links into the page stay in the page.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a.inside");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  document.querySelector(":popover-open")?.hidePopover();
  go(address.read(link.search));
});

sent.listen({
  overlay: find("#drop"),
  input: find("#file"),
  use: async (file) => {
    await sent.keep(file);
    results.forget();
    ask(`image:${query.SENT}`);
  },
  useText: (text) => ask(text.trim()),
});

filters.listen({
  panel: find("#filters"),
  asked: () => box.text,
  onAsk: (q) => {
    find("#filters").hidePopover();
    ask(q);
  },
});

find("#choose").addEventListener("click", () => (selection.active ? selection.clear() : selection.begin()));
selection.addEventListener("change", () => (find("#choose").ariaPressed = String(selection.active)));
showBar(find("#selection"), selection, { onSearch: (ids) => ask(ids.map((id) => `image:${id}`).join(" ")), onLabel: label });

// What was answered before may be otherwise now. What is shown stays until one is back at it.
teacher.addEventListener("change", () => {
  results.forgetOthers();
  outdated = query.asksForLabel(state.q);
  if (lightbox.isOpen) lightbox.askAgain();
});
find("#labelling").addEventListener("close", () => outdated && follow(state, { scroll: scrollY }));

function askWhetherToTeach() {
  teacher.labels().catch(() => {}); // a view that needs to know says what is wrong
}

new News(find("#news"), {
  onReload: () => {
    results.forget();
    views.duplicates.forget();
    follow(state, { anew: true, scroll: scrollY, count: results.loaded.length });
  },
});

// What hangs below the bar has to know where that ends: chips make it higher.
new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--bar", `${target.offsetHeight}px`)).observe(find(".bar"));

history.scrollRestoration = "manual";
follow(state, { anew: true, scroll: history.state?.scroll ?? 0 });
askWhetherToTeach();
if (state.view === "results" && !state.q && !state.open && matchMedia("(hover: hover)").matches) box.input.focus();
