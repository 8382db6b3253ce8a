// What there is to filter by, with how many pictures have it; a click writes the filter into the box.

import { facets } from "./api.js";
import { button, make } from "./elements.js";
import { paragraph } from "./notice.js";
import { filter, folderOf, withFolder } from "./query.js";

const HEADS = { year: "Year", folder: "Folder", label: "Label", camera: "Camera", lens: "Lens", type: "Type" };
const SHOWN = 12;

/** @param {{panel: HTMLElement, asked: () => string, onAsk: (q: string) => void}} parts `asked`: the query as it stands in the box */
export function listen({ panel, asked, onAsk }) {
  panel.addEventListener("toggle", async (event) => {
    if (event.newState !== "open") return;
    try {
      panel.replaceChildren(...groups(await facets(folderOf(asked())), asked, onAsk));
    } catch (error) {
      panel.textContent = error.message;
    }
  });
}

function groups(found, asked, onAsk) {
  const made = [];
  for (const [key, head] of Object.entries(HEADS)) {
    if (!found[key].length) continue;
    const values = found[key].slice(0, SHOWN);
    if (key === "year") values.sort((a, b) => b.value - a.value);
    const chips = values.map(({ value, count }) => {
      const number = make("span", { textContent: count.toLocaleString() });
      const chip = button({ className: "chip" }, value, " ", number);
      // A folder's folders are offered once one is in it, so they take its place.
      chip.addEventListener("click", () => onAsk(key === "folder" ? withFolder(asked(), value) : `${asked()} ${filter(key, value)}`.trim()));
      return chip;
    });
    made.push(make("h2", { textContent: head }), make("div", { className: "chips" }, ...chips));
  }
  return made.length ? made : [paragraph("Nothing to filter by yet.")];
}
