// Whether pictures have come or gone since the page last asked.

import * as api from "./api.js";
import { counted } from "./words.js";

const EVERY = 5000; // ms; not while the page is out of sight

export class News {
  /** @param {HTMLButtonElement} element says so, and reloads @param {{onReload: () => void}} doing */
  constructor(element, { onReload }) {
    this.element = element;
    this.onReload = onReload;
    element.addEventListener("click", () => this.#reload());
    document.addEventListener("visibilitychange", () => this.#look());
    setInterval(() => this.#look(), EVERY);
    this.#look();
  }

  async #look() {
    if (document.hidden) return;
    let now;
    try {
      now = await api.progress();
    } catch {
      return; // whoever asks something will be told
    }
    this.before ??= now;
    this.now = now;
    if (now.change === this.before.change) return;
    const more = now.images - this.before.images;
    if (this.before.images === 0) this.#reload(); // nothing there that could jump
    else {
      this.element.textContent = more > 0 ? `${counted(more, "new picture")}: show` : "Pictures have changed: reload";
      this.element.hidden = false;
    }
  }

  #reload() {
    this.before = this.now;
    this.element.hidden = true;
    this.onReload();
  }
}
