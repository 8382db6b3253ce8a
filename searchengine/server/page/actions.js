// What can be done with the picture under the pointer, or the one that has the focus: one set of buttons that goes
// from tile to tile, so that a thousand tiles aren't five thousand elements.

import { button, icon, make } from "./elements.js";

/** What can be done with any picture, on a tile and in the lightbox: a name, a sign, words and a key. */
export const ACTIONS = [
  { name: "similar", sign: "similar", label: "Find similar", key: "s" },
  { name: "more", sign: "plus", label: "Add to search", key: "a" },
  { name: "less", sign: "minus", label: "Less like this", key: "d" },
];

export class Actions {
  /** @param {{onAct: (name: string, tile: HTMLElement) => void}} doing */
  constructor({ onAct }) {
    const all = [{ name: "choose", sign: "check", label: "Select", key: "x" }, ...ACTIONS];
    this.buttons = all.map(({ name, sign, label, key }) => {
      const made = button({ className: `act ${name}`, title: `${label} (${key.toUpperCase()})` }, icon(sign));
      made.dataset.label = label;
      made.addEventListener("click", (event) => onAct(name, this.tile, event));
      return made;
    });
    this.element = make("div", { className: "actions" }, ...this.buttons);
  }

  get tile() {
    return this.element.closest(".tile");
  }

  moveTo(tile, name) {
    if (this.tile === tile) return;
    for (const each of this.buttons) each.ariaLabel = `${each.dataset.label}: ${name}`;
    tile.append(this.element);
  }
}
