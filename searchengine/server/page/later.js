// A view that most visits don't come to: its module is loaded when it is first shown.

import { make } from "./elements.js";
import { tell, paragraph } from "./notice.js";

export class LaterView {
  /**
   * @param {HTMLElement} element
   * @param {() => Promise<object>} load gives the view itself
   */
  constructor(element, load) {
    this.element = element;
    this.load = load;
  }

  /** @param {import("./address.js").State} state @param {AbortSignal} signal that the visitor has gone elsewhere */
  async show(state, signal) {
    try {
      this.view ??= await this.load();
    } catch {
      this.element.replaceChildren(make("section", { className: "notice" }));
      tell(this.element.firstChild, "That didn’t work", paragraph("The server doesn’t answer. Is imgsearch serve still running?"));
      return;
    }
    if (!signal.aborted) await this.view.show(state, signal);
  }

  /** The pictures that the lightbox leads through from this one. */
  pictures(id) {
    return this.view?.pictures?.(id) ?? [];
  }

  /** What was found before may not be true any more. */
  forget() {
    this.view?.forget?.();
  }
}
