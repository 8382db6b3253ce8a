// What there is to filter by, with how many pictures have it; a click writes the filter into the box.

import { facets } from "./api.js";
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
    const title = Object.assign(document.createElement("h2"), { textContent: head });
    const list = Object.assign(document.createElement("div"), { className: "chips" });
    const values = found[key].slice(0, SHOWN);
    if (key === "year") values.sort((a, b) => b.value - a.value);
    list.append(
      ...values.map(({ value, count }) => {
        const chip = Object.assign(document.createElement("button"), { type: "button", className: "chip" });
        const number = Object.assign(document.createElement("span"), { textContent: count.toLocaleString() });
        chip.append(value, " ", number);
        chip.addEventListener("click", () => onPick(filter(key, value)));
        return chip;
      }),
    );
    made.push(title, list);
  }
  if (!made.length) made.push(Object.assign(document.createElement("p"), { textContent: "Nothing to filter by yet." }));
  return made;
}
