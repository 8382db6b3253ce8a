// The results as tiles. Each is a link, so that it can be opened, copied and shared like any other.

import { ACTIONS, Actions } from "./actions.js";
import * as address from "./address.js";
import { make } from "./elements.js";
import { justify } from "./layout.js";
import { clock, counted, nameOf } from "./words.js";

const BREAK_HEIGHT = 64;

export class Grid {
  /**
   * @param {HTMLElement} element
   * @param {import("./selection.js").Selection} selection
   * @param {{onOpen: (id: number) => void, onAct: (name: string, result: object) => void, onLabel: (id: number) => void}} doing
   *   `onAct` is told one of ACTIONS' names.
   */
  constructor(element, selection, { onOpen, onAct, onLabel }) {
    this.element = element;
    this.selection = selection;
    this.results = [];
    this.tiles = [];
    this.places = [];
    this.onAct = onAct;
    this.onLabel = onLabel;
    this.actions = new Actions({
      onAct: (name, tile, event) => {
        const at = this.tiles.indexOf(tile);
        if (name === "choose") this.#choose(at, event.shiftKey);
        else onAct(name, this.results[at]);
      },
    });
    element.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.#attend(event.target));
    element.addEventListener("focusin", (event) => this.#attend(event.target));
    element.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (!tile || event.ctrlKey || event.metaKey || event.button || event.target.closest(".actions")) return;
      event.preventDefault();
      if (event.shiftKey || selection.active) this.#choose(this.tiles.indexOf(tile), event.shiftKey);
      else onOpen(Number(tile.dataset.id));
    });
    element.addEventListener("keydown", (event) => this.#key(event, onOpen));
    selection.addEventListener("change", () => this.tiles.forEach((tile, at) => this.#mark(tile, this.results[at])));
    new ResizeObserver(() => this.#place()).observe(element);
  }

  /** @param {import("./address.js").State} state what the results answer; links go there */
  show(state, results) {
    const before = new Map(this.tiles.map((tile) => [tile.dataset.id, tile]));
    const focused = document.activeElement.closest(".tile")?.dataset.id;
    this.state = state;
    this.results = [];
    this.tiles = [];
    this.add(results, before);
    // Who walks by keys goes on from where they were, or from the best one.
    if (focused && this.tiles.length) this.focus(this.results.some(({ id }) => String(id) === focused) ? focused : results[0].id);
  }

  /** @param {Map<string, HTMLElement>} before tiles that may be used again: their pictures are there already */
  add(results, before = new Map()) {
    const made = results.map((result) => {
      const tile = before.get(String(result.id)) ?? document.createElement("li");
      dress(tile, result, address.write({ ...this.state, open: result.id }));
      this.#mark(tile, result);
      return tile;
    });
    this.results.push(...results);
    this.tiles.push(...made);
    this.#place(true);
    if (before.size || !this.element.childElementCount) this.element.replaceChildren(...this.tiles);
    else this.element.append(...made);
    this.#drawLine();
  }

  /** What the line says: above it and below it. */
  set lineWords(words) {
    this.words = words;
    this.#drawLine();
  }

  /** The first result below the line, or -1. */
  get lineAt() {
    return this.results.findIndex((result) => result.relevant === false);
  }

  focus(id) {
    this.tiles.find((tile) => tile.dataset.id === String(id))?.querySelector("a").focus();
  }

  #attend(target) {
    const tile = target.closest(".tile");
    if (tile) this.actions.moveTo(tile, nameOf(this.results[this.tiles.indexOf(tile)].path));
  }

  #choose(at, through) {
    const from = through ? this.tiles.findIndex((tile) => Number(tile.dataset.id) === this.anchor) : -1;
    this.anchor = this.results[at].id;
    if (from < 0) this.selection.toggle(this.results[at]);
    else this.selection.add(this.results.slice(Math.min(from, at), Math.max(from, at) + 1));
  }

  #mark(tile, result) {
    const chosen = this.selection.has(result.id);
    tile.classList.toggle("chosen", chosen);
    tile.querySelector("img").alt = describe(result, chosen);
  }

  #place(grown = false) {
    const width = this.element.clientWidth;
    if (!width || (!grown && width === this.width)) return;
    this.width = width;
    const line = this.lineAt;
    const rowHeight = Math.round(Math.min(Math.max(width / 5.2, 128), 260));
    const { tiles, height } = justify(this.results, {
      width, rowHeight, gap: width < 600 ? 4 : 8, breaks: new Set(line > 0 ? [line] : []), breakHeight: BREAK_HEIGHT,
    });
    this.places = tiles;
    tiles.forEach((place, i) => {
      const { style } = this.tiles[i];
      style.left = `${place.x}px`;
      style.top = `${place.y}px`;
      style.width = `${place.width}px`;
      style.height = `${place.height}px`;
    });
    this.element.style.height = `${height}px`;
    this.#drawLine();
  }

  #drawLine() {
    this.line?.remove();
    const at = this.lineAt;
    if (at <= 0 || !this.places[at]) return;
    this.line = make("li", { className: "line" }, make("span", {}, ...(this.words ?? [])));
    this.line.style.top = `${this.places[at].y - BREAK_HEIGHT}px`;
    this.tiles[at].before(this.line); // where it is read, too
  }

  #key(event, onOpen) {
    const at = this.tiles.indexOf(event.target.closest(".tile"));
    if (at < 0 || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "a") return;
      event.preventDefault();
      this.selection.add(this.results);
      return;
    }
    const onButton = event.target.closest(".actions");
    const deed = {
      x: () => this.#choose(at, false),
      X: () => this.#choose(at, true),
      l: () => this.onLabel(this.results[at].id),
      " ": onButton ? undefined : () => this.#choose(at, event.shiftKey),
      // Enter on the link would be a click, which selects while there is a selection.
      Enter: onButton ? undefined : () => onOpen(this.results[at].id),
    }[event.key];
    const action = ACTIONS.find(({ key }) => key === event.key);
    const to = {
      ArrowLeft: () => at - 1,
      ArrowRight: () => at + 1,
      ArrowUp: () => this.#beside(at, -1),
      ArrowDown: () => this.#beside(at, 1),
      Home: () => 0,
      End: () => this.tiles.length - 1,
    }[event.key]?.();
    if (!deed && !action && to === undefined) return;
    event.preventDefault();
    if (deed) deed();
    else if (action) this.onAct(action.name, this.results[at]);
    else if (this.tiles[to]) this.#walk(at, to, event.shiftKey);
  }

  #walk(at, to, choosing) {
    if (choosing) {
      if (this.anchor === undefined || !this.selection.has(this.results[at].id)) this.#choose(at, false);
      this.#choose(to, true);
    }
    this.tiles[to].querySelector("a").focus();
  }

  #beside(at, rows) {
    const from = this.places[at];
    const middle = from.x + from.width / 2;
    let best = at;
    let least = Infinity;
    this.places.forEach((place, i) => {
      const distance = Math.abs(place.x + place.width / 2 - middle);
      if (place.row === from.row + rows && distance < least) [best, least] = [i, distance];
    });
    return best;
  }
}

/** Make a tile of an element, or bring one up to date. */
function dress(tile, result, href) {
  tile.classList.add("tile");
  tile.classList.toggle("less", result.relevant === false);
  tile.classList.toggle("offline", result.offline);
  let link = tile.querySelector("a");
  if (!link) {
    tile.dataset.id = result.id;
    link = make("a", {}, makePicture(tile), make("span", { className: "label", ariaHidden: "true" })); // the picture says it already
    tile.append(link);
  }
  link.href = href;
  const [picture, label] = link.children;
  if (picture.getAttribute("src") !== result.thumbnail) picture.src = result.thumbnail;
  label.textContent = [nameOf(result.path), result.time !== null && clock(result.time), folded(result), result.offline && "offline"].filter(Boolean).join(" · ");
}

function makePicture(tile) {
  const picture = make("img", { loading: "lazy", decoding: "async" });
  picture.addEventListener("load", () => tile.classList.add("here"));
  picture.addEventListener("error", () => tile.classList.add("gone"));
  return picture;
}

/** How many edits of a picture stand behind it. */
const folded = ({ edits }) => edits?.length > 0 && `+${edits.length}`;

function describe(result, chosen) {
  const taken = result.taken_at && new Date(result.taken_at).toLocaleDateString();
  return [nameOf(result.path), taken, result.edits?.length > 0 && counted(result.edits.length, "edit"), result.offline && "offline", chosen && "selected"].filter(Boolean).join(", ");
}
