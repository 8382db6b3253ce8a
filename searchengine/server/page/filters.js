// What there is to filter by, with how many pictures have it; a click writes the filter into the box.

import { facets } from "./api.js";
import { button, make } from "./elements.js";
import { paragraph } from "./notice.js";
import { filter } from "./query.js";

const HEADS = { year: "Year", camera: "Camera", lens: "Lens", type: "Type" };
const SHOWN = 12;

/** @param {{panel: HTMLElement, onPick: (text: string) => void}} parts */
export function listen({ panel, onPick }) {
  panel.addEventListener("toggle", async (event) => {
    if (event.newState !== "open") return;
    try {
      panel.replaceChildren(...groups(await facets(), onPick));
    } catch (error) {
      panel.textContent = error.message;
    }
  });
}

function groups(found, onPick) {
  const made = [];
  for (const [key, head] of Object.entries(HEADS)) {
    if (!found[key].length) continue;
    const values = found[key].slice(0, SHOWN);
    if (key === "year") values.sort((a, b) => b.value - a.value);
    const chips = values.map(({ value, count }) => {
      const number = make("span", { textContent: count.toLocaleString() });
      const chip = button({ className: "chip" }, value, " ", number);
      chip.addEventListener("click", () => onPick(filter(key, value)));
      return chip;
    });
    made.push(make("h2", { textContent: head }), make("div", { className: "chips" }, ...chips));
  }
  return made.length ? made : [paragraph("Nothing to filter by yet.")];
}
