// One picture, large, with what is known of it. A modal dialog: focus stays in it, Escape closes it.

import { ACTIONS } from "./actions.js";
import { image } from "./api.js";
import { button, icon, make } from "./elements.js";
import { writeFacts } from "./facts.js";
import { Film } from "./film.js";
import { nameOf } from "./words.js";
import { Zoom } from "./zoom.js";

// What every browser shows; of these the file itself is taken where it isn't huge.
const SHOWN_BY_BROWSERS = new Set(["JPEG", "PNG", "WEBP", "GIF", "AVIF"]);
const HUGE = 6_000_000; // pixels

export class Lightbox {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {import("./selection.js").Selection} selection
   * @param {{onStep: (by: number) => void, onClose: (id: number) => void, onAct: (name: string, id: number) => void, onLabel: (id: number) => void}} doing
   *   `onAct` is told one of ACTIONS' names.
   */
  constructor(dialog, selection, doing) {
    this.dialog = dialog;
    this.selection = selection;
    this.doing = doing;
    this.picture = dialog.querySelector("#picture");
    this.film = new Film(dialog.querySelector("#film"), this.picture);
    this.region = dialog.querySelector(".region");
    this.facts = dialog.querySelector("#facts");
    this.infoButton = dialog.querySelector(".info");
    this.zoom = new Zoom(dialog.querySelector(".stage"), dialog.querySelector(".frame"), {
      natural: () => this.known?.width ?? 1,
      onZoom: (scale) => scale > 1 && this.#sharpen(),
      onSwipe: doing.onStep,
      onLeave: () => this.close(),
    });
    const acts = ACTIONS.map(({ name, sign, label, key }) => {
      const made = button({ className: name, title: `${label} (${key.toUpperCase()})` }, icon(sign), make("span", { textContent: label }));
      made.addEventListener("click", () => doing.onAct(name, this.id));
      return made;
    });
    this.chooser = button({ className: "choose", title: "Select (X)" }, icon("check"), make("span", { textContent: "Select" }));
    this.chooser.addEventListener("click", () => this.#choose());
    const labeller = button({ className: "teach", title: "Label (L)" }, icon("label"), make("span", { textContent: "Label" }));
    labeller.addEventListener("click", () => doing.onLabel(this.id));
    dialog.querySelector(".tools").prepend(...acts, labeller, this.chooser);
    dialog.querySelector(".back").addEventListener("click", () => doing.onStep(-1));
    dialog.querySelector(".on").addEventListener("click", () => doing.onStep(1));
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    this.infoButton.addEventListener("click", () => this.#toggleFacts());
    this.picture.addEventListener("load", () => this.#fetchNeighbours());
    this.picture.addEventListener("error", () => dialog.classList.add("gone"));
    dialog.addEventListener("close", () => {
      this.film.close();
      doing.onClose(this.id);
    });
    // On the window: a button that has the focus and is hidden at an end would take the keys with it.
    addEventListener("keydown", (event) => this.#key(event));
  }

  get isOpen() {
    return this.dialog.open;
  }

  /**
   * @param {number} id
   * @param {object[]} pictures those that the arrows lead through
   */
  async show(id, pictures) {
    const at = pictures.findIndex((each) => each.id === id);
    const result = pictures[at];
    const shown = this.isOpen && this.id === id && this.placed;
    this.placed = at >= 0;
    this.neighbours = this.placed ? [pictures[at + 1], pictures[at - 1]].filter(Boolean) : [];
    this.dialog.querySelector(".back").hidden = at <= 0;
    this.dialog.querySelector(".on").hidden = at < 0 || at === pictures.length - 1;
    if (shown) return; // there are only more around it
    this.id = id;
    this.known = result;
    if (!this.isOpen) this.dialog.showModal();
    this.dialog.classList.remove("gone");
    this.chooser.ariaPressed = String(this.selection.has(id));
    this.zoom.reset();
    if (result) this.#picture(result);
    else this.picture.removeAttribute("src");
    writeFacts(this.facts, result ?? {});
    await this.askAgain();
  }

  /** What is known of the picture may be otherwise now. */
  async askAgain() {
    const result = this.known;
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const found = await image(this.id, this.asking.signal);
      this.known = { ...result, ...found };
      if (!result) this.#picture(found);
      writeFacts(this.facts, this.known);
    } catch (error) {
      if (error.name !== "AbortError") this.dialog.classList.add("gone");
    }
  }

  close() {
    this.dialog.close();
  }

  #picture(known) {
    this.picture.alt = nameOf(known.path);
    // The thumbnail is there already: it stands in until the large one is.
    this.picture.style.backgroundImage = `url("${known.thumbnail}")`;
    this.picture.width = known.width;
    this.picture.height = known.height;
    this.picture.src = largeOf(known);
    this.film.show(known);
    this.#frameRegion(known.region);
    this.dialog.querySelector(".original").href = known.original;
    this.dialog.setAttribute("aria-label", nameOf(known.path));
  }

  /** Where in the picture it was found. @param {number[] | null} region left, top, right, bottom as shares */
  #frameRegion(region) {
    this.region.hidden = !region;
    if (!region) return;
    const [left, top, right, bottom] = region.map((share) => `${share * 100}%`);
    Object.assign(this.region.style, { left, top, width: `calc(${right} - ${left})`, height: `calc(${bottom} - ${top})` });
  }

  /** Zoomed in, a preview has too few pixels. */
  #sharpen() {
    const { known, picture } = this;
    if (!known || !SHOWN_BY_BROWSERS.has(known.format) || picture.getAttribute("src") === known.original) return;
    const original = new Image();
    original.src = known.original;
    original.decode().then(
      () => this.known?.original === known.original && (picture.src = known.original),
      () => {}, // the preview stays
    );
  }

  #fetchNeighbours() {
    for (const each of this.neighbours ?? []) new Image().src = largeOf(each);
  }

  #toggleFacts() {
    this.facts.hidden = !this.facts.hidden;
    this.infoButton.ariaPressed = String(!this.facts.hidden);
    this.zoom.reset();
  }

  #choose() {
    if (!this.known?.path) return;
    this.selection.toggle(this.known);
    this.chooser.ariaPressed = String(this.selection.has(this.id));
  }

  #key(event) {
    if (!this.dialog.open || event.target.closest?.("dialog:not(#lightbox)") || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = ACTIONS.find(({ key }) => key === event.key);
    const deed = {
      ArrowLeft: () => this.doing.onStep(-1),
      ArrowRight: () => this.doing.onStep(1),
      i: () => this.#toggleFacts(),
      x: () => this.#choose(),
      l: () => this.doing.onLabel(this.id),
      "+": () => this.zoom.closer(),
      "=": () => this.zoom.closer(),
      "-": () => this.zoom.farther(),
      0: () => this.zoom.reset(),
    }[event.key];
    if (!deed && !action) return;
    event.preventDefault();
    if (deed) deed();
    else this.doing.onAct(action.name, this.id);
  }
}

/** The picture in a size to look at. */
function largeOf(known) {
  const itself = SHOWN_BY_BROWSERS.has(known.format) && known.width * known.height <= HUGE;
  return itself ? known.original : known.preview;
}
