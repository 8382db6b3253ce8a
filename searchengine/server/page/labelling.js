// Labelling what one looks at: a dialog with every label, and whether these pictures show it.

import * as api from "./api.js";
import { button, make } from "./elements.js";
import { counted } from "./words.js";

export class Labelling {
  #trying = Promise.resolve(); // one after the other: what was asked first may not overwrite what was said since

  /**
   * @param {HTMLDialogElement} dialog
   * @param {import("./teacher.js").Teacher} teacher
   */
  constructor(dialog, teacher) {
    this.dialog = dialog;
    this.teacher = teacher;
    this.title = dialog.querySelector("h2");
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector("ul");
    this.said = dialog.querySelector("[role=status]");
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.input.value.trim().toLowerCase();
      if (!name) dialog.close();
      else this.#say(name, true);
    });
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    this.input.addEventListener("input", () => this.#draw());
  }

  /** @param {number[]} ids the pictures */
  open(ids) {
    this.ids = ids;
    this.labels = [];
    const known = (this.known = new Map()); // label → whether these show it, as far as that is known
    this.title.textContent = ids.length === 1 ? "Label this picture" : `Label ${counted(ids.length, "picture")}`;
    this.input.value = "";
    this.said.textContent = "";
    this.list.replaceChildren();
    this.dialog.showModal();
    return this.#try(async () => {
      const [labels, one] = await Promise.all([this.teacher.labels(), ids.length === 1 ? api.image(ids[0]) : null]);
      this.labels = labels;
      for (const { name, shows } of one?.labels ?? []) known.set(name, shows);
      this.#draw();
    });
  }

  #draw() {
    const typed = this.input.value.trim().toLowerCase();
    const rows = this.labels.filter(({ name }) => name.includes(typed)).map((label) => this.#row(label));
    this.list.replaceChildren(...rows);
  }

  #row({ name, positives, negatives }) {
    const choices = [
      [true, "Shows it"],
      [false, "Doesn’t"],
    ].map(([shows, words]) => {
      const made = button({ className: "pill", textContent: words, ariaLabel: `${name}: ${words}` });
      made.ariaPressed = String(this.known.get(name) === shows);
      made.addEventListener("click", () => this.#say(name, shows, made.ariaLabel));
      return made;
    });
    const count = make("span", { className: "count", textContent: `${positives} · ${negatives}`, title: `${positives} show it, ${negatives} don’t` });
    return make("li", {}, make("span", { className: "name", textContent: name }), count, ...choices);
  }

  /** Said once more of one picture, it is taken back. */
  #say(name, shows, focused) {
    const { ids, known } = this;
    return this.#try(async () => {
      const back = ids.length === 1 && known.get(name) === shows;
      if (back && focused) {
        await this.teacher.takeBack(name, ids[0]);
        known.delete(name);
      } else {
        await this.teacher.teach(name, ids, shows);
        known.set(name, shows);
      }
      this.labels = await this.teacher.labels();
      if (this.known !== known) return; // other pictures by now
      this.said.textContent = back && focused ? `Taken back from ${name}` : shows ? `Shows ${name}` : `Doesn’t show ${name}`;
      this.input.value = "";
      this.#draw();
      if (focused) this.list.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
      else this.input.focus();
    });
  }

  #try(deed) {
    this.#trying = this.#trying.then(async () => {
      this.dialog.classList.add("busy");
      try {
        await deed();
      } catch (error) {
        this.said.textContent = `${error.message}.`;
      } finally {
        this.dialog.classList.remove("busy");
      }
    });
    return this.#trying;
  }
}
