// The results as tiles. Each is a link, so that it can be opened, copied and shared like any other.

import * as address from "./address.js";
import { justify } from "./layout.js";

const BREAK_HEIGHT = 64;

export class Grid {
  /** @param {{onOpen: (id: number) => void, onSimilar: (id: number) => void}} doing */
  constructor(element, { onOpen, onSimilar }) {
    this.element = element;
    this.results = [];
    this.tiles = [];
    this.places = [];
    this.q = "";
    element.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (!tile || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      (event.target.closest(".like") ? onSimilar : onOpen)(Number(tile.dataset.id));
    });
    element.addEventListener("keydown", (event) => this.#step(event, onSimilar));
    new ResizeObserver(() => this.#place()).observe(element);
  }

  show(q, results) {
    this.q = q;
    this.results = [];
    this.tiles = [];
    this.element.replaceChildren();
    this.add(results);
  }

  add(results) {
    const made = results.map((result) => makeTile(result, this.q));
    this.results.push(...results);
    this.tiles.push(...made);
    this.#place(true);
    this.element.append(...made);
  }

  focus(id) {
    this.tiles.find((tile) => tile.dataset.id === String(id))?.querySelector("a").focus();
  }

  #place(grown = false) {
    const width = this.element.clientWidth;
    if (!width || (!grown && width === this.width)) return;
    this.width = width;
    const line = this.results.findIndex((result) => result.relevant === false);
    const breaks = new Set(line > 0 ? [line] : []);
    const rowHeight = Math.round(Math.min(Math.max(width / 5.2, 128), 260));
    const { tiles, height } = justify(this.results, {
      width, rowHeight, gap: width < 600 ? 4 : 8, breaks, breakHeight: BREAK_HEIGHT,
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
    this.#drawLine(line > 0 ? tiles[line].y - BREAK_HEIGHT : null);
  }

  #drawLine(y) {
    this.line?.remove();
    if (y === null) return;
    this.line = Object.assign(document.createElement("li"), { className: "line", textContent: "Less relevant below" });
    this.line.style.top = `${y}px`;
    this.element.append(this.line);
  }

  /** From tile to tile with the arrow keys; up and down to what lies nearest in the next row. */
  #step(event, onSimilar) {
    const at = this.tiles.indexOf(event.target.closest(".tile"));
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.toLowerCase() === "s") {
      onSimilar(this.results[at].id);
      return;
    }
    const to = {
      ArrowLeft: () => at - 1,
      ArrowRight: () => at + 1,
      ArrowUp: () => this.#beside(at, -1),
      ArrowDown: () => this.#beside(at, 1),
      Home: () => 0,
      End: () => this.tiles.length - 1,
    }[event.key]?.();
    if (to === undefined) return;
    event.preventDefault();
    this.tiles[to]?.querySelector("a").focus();
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

function makeTile(result, q) {
  const name = result.path.split(/[/\\]/).pop();
  const tile = document.createElement("li");
  tile.className = "tile";
  tile.dataset.id = result.id;
  if (result.relevant === false) tile.classList.add("less");
  if (result.offline) tile.classList.add("offline");

  const link = document.createElement("a");
  link.href = address.write({ q, open: result.id });
  const picture = new Image();
  picture.loading = "lazy";
  picture.decoding = "async";
  picture.alt = describe(result, name);
  picture.addEventListener("load", () => tile.classList.add("here"));
  picture.addEventListener("error", () => tile.classList.add("gone"));
  picture.src = result.thumbnail;
  const label = document.createElement("span");
  label.className = "label";
  label.textContent = [name, result.time !== null && clock(result.time), result.offline && "offline"].filter(Boolean).join(" · ");
  label.ariaHidden = "true"; // the picture says it already
  link.append(picture, label);

  const like = document.createElement("button");
  like.type = "button";
  like.className = "like";
  like.title = "Find similar";
  like.ariaLabel = `Find pictures similar to ${name}`;
  like.innerHTML =
    '<svg class="icon" aria-hidden="true" viewBox="0 0 24 24"><rect x="4" y="4" width="11" height="11" rx="2"/><path d="M19 9v8a3 3 0 0 1-3 3H8"/></svg>';
  tile.append(link, like);
  return tile;
}

/** Where in a video. */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function describe(result, name) {
  const when = result.taken_at ? `, ${new Date(result.taken_at).toLocaleDateString()}` : "";
  return `${name}${when}${result.offline ? ", offline" : ""}`;
}
