// What is taught by example: whether that can be done here, and doing it. Whoever shows labels listens for changes.

import * as api from "./api.js";

const MOST = 500; // pictures in one request

export class Teacher extends EventTarget {
  /** Whether labels can be changed here: they can where the server has a token. */
  writable = false;

  /** Every label, in the order of the names. @param {AbortSignal} [signal] */
  async labels(signal) {
    const { writable, labels } = await api.labels(signal);
    if (writable !== this.writable) {
      this.writable = writable;
      document.body.classList.toggle("teaching", writable); // style.css shows what teaches
    }
    return labels;
  }

  /** Say that pictures show a label, or don't. @returns the label as it is then */
  async teach(name, ids, shows) {
    let label;
    for (let at = 0; at < ids.length; at += MOST) label = await api.teach(name, ids.slice(at, at + MOST), shows);
    this.#tell();
    return label;
  }

  async takeBack(name, id) {
    await api.takeBack(name, id);
    this.#tell();
  }

  async learn(name) {
    await api.learn(name);
    this.#tell();
  }

  async rename(name, to) {
    const label = await api.renameLabel(name, to);
    this.#tell();
    return label;
  }

  async forget(name) {
    await api.forgetLabel(name);
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
