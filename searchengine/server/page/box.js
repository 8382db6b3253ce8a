// The search box: words as text, everything else of a query as chips before it.

import { make } from "./elements.js";
import * as query from "./query.js";
import * as sent from "./sent.js";

export class Box {
  /** @param {{onAsk: (q: string) => void, onLeave: () => void}} doing `onLeave`: down, to the results */
  constructor(form, { onAsk, onLeave }) {
    this.form = form;
    this.input = form.querySelector("#query");
    this.chips = form.querySelector(".parts");
    this.parts = [];
    this.onAsk = onAsk;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onAsk(this.text);
    });
    // Chromium tells of the cross in the field by this event.
    this.input.addEventListener("search", () => this.input.value === "" && this.shown !== "" && onAsk(this.text));
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && !this.input.value && this.parts.length) {
        event.preventDefault();
        this.#takeBack();
      } else if (event.key === "ArrowDown") {
        event.preventDefault();
        onLeave();
      }
    });
  }

  /** The whole query, as it would be asked now. */
  get text() {
    return query.join(this.parts, this.input.value);
  }

  /** @param {{url?: string, mend?: boolean}} how `url`: of the picture that `image:url` means; `mend`: as text all through, so that a mistake can be put right */
  show(q, { url = "", mend = false } = {}) {
    const { parts, words } = query.split(q);
    this.shown = q;
    this.url = url;
    this.parts = mend ? [] : parts;
    this.input.value = mend ? q : words;
    this.chips.replaceChildren(...this.parts.map((part, place) => this.#chip(part, place)));
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** The last chip is text again, to be changed; a picture has none and goes. */
  #takeBack() {
    const last = this.parts.at(-1);
    this.parts = this.parts.slice(0, -1);
    if (last.reference) this.onAsk(this.text);
    else {
      this.chips.lastElementChild.remove();
      this.input.value = last.text;
    }
  }

  #chip(part, place) {
    const onWeb = part.reference === query.URL_NAME && this.url;
    const named = onWeb || (part.reference ? "this picture" : part.text);
    const chip = make("button", {
      type: "button",
      className: ["part", part.reference && !onWeb ? "picture" : "", part.away ? "away" : ""].join(" ").trim(),
      ariaLabel: `Search without ${named}`,
      title: `${onWeb || part.text}: search without it`,
    });
    // A picture from elsewhere isn't loaded by the page.
    if (onWeb) chip.append(make("span", { textContent: `${part.away ? "−" : ""}${hostOf(onWeb)}` }));
    else if (part.reference) {
      const source = part.reference === query.SENT ? sent.thumbnail() : `/api/images/${part.reference}/thumbnail`;
      if (source) chip.append(make("img", { alt: "", src: source }));
      if (part.away) chip.append(make("span", { className: "minus", textContent: "−" }));
    } else chip.append(make("span", { textContent: part.text }));
    chip.addEventListener("click", () => {
      this.parts = this.parts.filter((_, i) => i !== place);
      this.onAsk(this.text);
      this.input.focus();
    });
    return chip;
  }
}

function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
