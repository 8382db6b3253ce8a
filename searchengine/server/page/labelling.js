// Labelling what one looks at: a dialog with every label, and whether these pictures show it.

import * as api from "./api.js";
import { button, make } from "./elements.js";
import { counted } from "./words.js";

export class Labelling {
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
  async open(ids) {
    this.ids = ids;
    this.labels = [];
    this.known = new Map(); // label → whether these show it, as far as that is known
    this.title.textContent = ids.length === 1 ? "Label this picture" : `Label ${counted(ids.length, "picture")}`;
    this.input.value = "";
    this.said.textContent = "";
    this.list.replaceChildren();
    this.dialog.showModal();
    await this.#try(async () => {
      const one = ids.length === 1 && api.image(ids[0]);
      this.labels = await this.teacher.labels();
      for (const { name, shows } of (await one)?.labels ?? []) this.known.set(name, shows);
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
    return this.#try(async () => {
      const back = this.ids.length === 1 && this.known.get(name) === shows;
      if (back && focused) {
        await this.teacher.takeBack(name, this.ids[0]);
        this.known.delete(name);
      } else {
        await this.teacher.teach(name, this.ids, shows);
        this.known.set(name, shows);
      }
      this.labels = await this.teacher.labels();
      this.said.textContent = back && focused ? `Taken back from ${name}` : shows ? `Shows ${name}` : `Doesn’t show ${name}`;
      this.input.value = "";
      this.#draw();
      if (focused) this.list.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
      else this.input.focus();
    });
  }

  async #try(deed) {
    this.dialog.classList.add("busy");
    try {
      await deed();
    } catch (error) {
      this.said.textContent = `${error.message}.`;
    } finally {
      this.dialog.classList.remove("busy");
    }
  }
}
