// The order of the results, how strict the line between relevant and other ones is, and whether edits are one.

import { STRICTNESS } from "./address.js";

const STOPS = [
  { value: 0.5, name: "generous" },
  { value: 0.75, name: "lenient" },
  { value: STRICTNESS, name: "balanced" },
  { value: 0.97, name: "strict" },
  { value: 0.99, name: "very strict" },
];
const SETTLED = 150; // ms without another step of the slider

const nearest = (strictness) =>
  STOPS.reduce((best, stop, i) => (Math.abs(stop.value - strictness) < Math.abs(STOPS[best].value - strictness) ? i : best), 0);

/** What a strictness means, in words: a name, and what lies above the line. */
export function inWords(strictness) {
  const share = Math.round(strictness * 100);
  return [STOPS[nearest(strictness)].name, `${share} of 100 unrelated searches would find nothing`];
}

export class Controls {
  /** @param {{onChange: (changed: {sort?: string, strictness?: number, collapse?: boolean}) => void}} doing */
  constructor(element, { onChange }) {
    this.element = element;
    this.sort = element.querySelector("select");
    this.best = this.sort.querySelector("[value=relevance]");
    this.slider = element.querySelector("input[type=range]");
    this.folds = element.querySelector("input[type=checkbox]");
    this.said = element.querySelector("output");
    this.slider.max = STOPS.length - 1;
    this.sort.addEventListener("change", () => onChange({ sort: this.sort.value }));
    this.folds.addEventListener("change", () => onChange({ collapse: this.folds.checked }));
    let settling;
    this.slider.addEventListener("input", () => {
      const { value } = STOPS[this.slider.value];
      this.#say(value);
      clearTimeout(settling);
      settling = setTimeout(() => onChange({ strictness: value }), SETTLED);
    });
  }

  /** @param {{sort: string, strictness: number, collapse: boolean}} state @param {{ranked: boolean}} answer whether results have scores */
  show({ sort, strictness, collapse }, { ranked }) {
    this.folds.checked = collapse;
    this.best.disabled = !ranked;
    this.sort.value = ranked || sort !== "relevance" ? sort : "newest";
    this.slider.value = nearest(strictness);
    this.#say(strictness);
    this.element.querySelector(".strictness").hidden = !ranked;
  }

  #say(strictness) {
    const [name, meaning] = inWords(strictness);
    this.said.textContent = name;
    this.slider.ariaValueText = `${name}: ${meaning}`;
    this.slider.title = `Relevant is what stands where ${meaning}`;
  }
}
