// The chosen pictures: kept over searches, so that they can be gathered from several; what can be done with them.

import { button } from "./elements.js";
import { copyButton, saveButton } from "./paths.js";
import { counted } from "./words.js";

export class Selection extends EventTarget {
  #chosen = new Map(); // id → path, in the order in which they were chosen
  #asked = false; // whether a visitor without mouse or keys wants to choose

  /** Whether a click on a picture chooses it. */
  get active() {
    return this.#asked || this.#chosen.size > 0;
  }

  get count() {
    return this.#chosen.size;
  }

  get ids() {
    return [...this.#chosen.keys()];
  }

  get paths() {
    return [...this.#chosen.values()];
  }

  has(id) {
    return this.#chosen.has(id);
  }

  toggle(result) {
    if (!this.#chosen.delete(result.id)) this.#chosen.set(result.id, result.path);
    this.#tell();
  }

  add(results) {
    for (const result of results) this.#chosen.set(result.id, result.path);
    this.#tell();
  }

  begin() {
    this.#asked = true;
    this.#tell();
  }

  clear() {
    this.#asked = false;
    this.#chosen.clear();
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * The bar that says how many are chosen.
 *
 * @param {HTMLElement} element
 * @param {Selection} selection
 * @param {{onSearch: (ids: number[]) => void, onLabel: (ids: number[]) => void}} doing
 */
export function showBar(element, selection, { onSearch, onLabel }) {
  const said = element.querySelector("output");
  const search = button({ className: "pill", textContent: "Find likes" });
  search.addEventListener("click", () => onSearch(selection.ids));
  const label = button({ className: "pill teach", textContent: "Label" });
  label.addEventListener("click", () => onLabel(selection.ids));
  const clear = button({ className: "pill", textContent: "Clear", title: "Clear the selection (Esc)" });
  clear.addEventListener("click", () => selection.clear());
  const paths = () => selection.paths;
  element.append(copyButton("Copy paths", paths), saveButton("Download", paths, "paths.txt"), search, label, clear);
  selection.addEventListener("change", () => {
    element.hidden = !selection.active;
    said.textContent = selection.count ? `${counted(selection.count, "picture")} selected` : "Tap pictures to select them";
    for (const each of [...element.querySelectorAll("button")]) each.disabled = !selection.count && each !== clear;
    search.hidden = selection.count > MOST_EXAMPLES;
    document.body.classList.toggle("choosing", selection.active);
  });
}

const MOST_EXAMPLES = 8; // a mixture of more is like everything
