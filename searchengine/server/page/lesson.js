// One picture after the other: does it show the label? Those come first of which the label is least sure, and with
// each answer it learns.

import * as api from "./api.js";
import { button, make } from "./elements.js";
import { paragraph } from "./notice.js";
import { nameOf } from "./words.js";

const QUEUE = 8;

export class Lesson {
  #queue = []; // pictures to ask about, the first of which is shown
  #given = []; // answers, for taking the last one back
  #skipped = new Set();
  #sending = Promise.resolve(); // answers go out one after the other
  #waiting = 0; // of those, how many haven't brought new pictures yet

  /**
   * @param {HTMLElement} element
   * @param {import("./teacher.js").Teacher} teacher
   * @param {string} name
   * @param {{onOpen: (id: number) => void, onTaught: (label: object, picture: object, shows: boolean | null) => void, onFail: (error: Error) => void}} doing
   */
  constructor(element, teacher, name, doing) {
    Object.assign(this, { element, teacher, name, doing });
    const act = (words, key, deed, className = "pill") => {
      const made = button({ className, title: key.toUpperCase() }, words, make("kbd", { textContent: key.toUpperCase(), ariaHidden: "true" }));
      made.addEventListener("click", deed);
      return made;
    };
    this.keys = { y: () => this.#answer(true), n: () => this.#answer(false), s: () => this.#skip(), u: () => this.#undo() };
    this.picture = make("img", { alt: "" });
    this.opener = button({ className: "opener" }, this.picture);
    this.opener.addEventListener("click", () => doing.onOpen(this.#queue[0].id));
    this.asked = make("h2", { textContent: `Does it show ${name}?` });
    this.said = paragraph();
    this.said.role = "status";
    this.answers = ["y", "n", "s"].map((key, at) => act(["Yes", "No", "Skip"][at], key, this.keys[key]));
    this.back = act("Undo", "u", this.keys.u);
    this.next = make("div", { className: "strip", ariaHidden: "true" });
    element.replaceChildren(
      this.opener,
      make("div", {}, this.asked, this.said, make("div", { className: "exports" }, ...this.answers, this.back), this.next),
    );
  }

  begin(signal) {
    this.signal = signal;
    this.#send();
  }

  /** Ask what to ask next; what is shown stays, so that nothing changes under a visitor's finger. */
  async renew() {
    try {
      const found = await api.suggestions(this.name, QUEUE + this.#skipped.size, this.signal);
      const settled = new Set([...this.#skipped, ...this.#given.map(({ picture }) => picture.id), this.#queue[0]?.id]);
      this.#queue = [...this.#queue.slice(0, 1), ...found.filter(({ id }) => !settled.has(id))].slice(0, QUEUE);
      this.#draw();
    } catch (error) {
      this.doing.onFail(error);
    }
  }

  key(event) {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, dialog") || document.querySelector("dialog[open], :popover-open");
    const deed = this.keys[event.key.toLowerCase()];
    if (busy || !deed) return;
    event.preventDefault();
    deed();
  }

  #draw() {
    const [shown, ...others] = this.#queue;
    this.back.disabled = !this.#given.length;
    for (const each of this.answers) each.disabled = !shown;
    this.opener.hidden = !shown && !this.#waiting; // while one waits for it, its room is kept
    this.element.ariaBusy = String(!shown && this.#waiting > 0);
    this.asked.textContent = shown ? `Does it show ${this.name}?` : this.#waiting ? "Learning …" : "There is nothing left to ask";
    this.said.textContent = shown ? `${nameOf(shown.path)} · ${Math.round(shown.probability * 100)} % sure that it does` : this.#waiting ? "" : "Every picture is an example, or was skipped.";
    this.next.replaceChildren(...others.map(({ thumbnail }) => make("img", { src: thumbnail, alt: "" })));
    if (!shown) return;
    this.picture.alt = nameOf(shown.path);
    this.picture.style.backgroundImage = `url("${shown.thumbnail}")`;
    if (this.picture.getAttribute("src") !== shown.preview) this.picture.src = shown.preview;
    if (others.length) new Image().src = others[0].preview;
  }

  #answer(shows) {
    const picture = this.#queue.shift();
    if (!picture) return;
    this.#given.push({ picture, shows });
    this.#send(async () => this.doing.onTaught(await this.teacher.teach(this.name, [picture.id], shows), picture, shows));
  }

  #skip() {
    const picture = this.#queue.shift();
    if (!picture) return;
    this.#skipped.add(picture.id);
    if (this.#queue.length < 2) this.#send();
    else this.#draw();
  }

  #undo() {
    const last = this.#given.pop();
    if (!last) return;
    this.#queue.unshift(last.picture);
    this.#send(async () => {
      await this.teacher.takeBack(this.name, last.picture.id);
      const label = (await this.teacher.labels()).find((each) => each.name === this.name);
      if (label) this.doing.onTaught(label, last.picture, null);
    });
  }

  /** Tell the server something, or nothing, then ask what it is least sure of now. */
  #send(deed = () => {}) {
    this.#waiting += 1;
    this.#draw();
    this.#sending = this.#sending
      .then(deed)
      .finally(() => (this.#waiting -= 1))
      .then(
        () => this.renew(),
        (error) => this.doing.onFail(error),
      );
  }
}
