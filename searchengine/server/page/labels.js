// What was taught by example: every label, and of one what it was taught by and which pictures to label next.

import * as address from "./address.js";
import * as api from "./api.js";
import { button, make } from "./elements.js";
import { Lesson } from "./lesson.js";
import { code, paragraph, tell, tellProblem } from "./notice.js";
import { filter } from "./query.js";
import { counted, nameOf } from "./words.js";

const EXAMPLES = 60;

const placeOf = (label) => address.write({ ...address.read(""), view: "labels", label });
const findLink = (name) => inside({ className: "pill", textContent: "Find pictures", href: address.write({ ...address.read(""), q: filter("label", name) }) });
const inside = (properties) => make("a", { ...properties, className: `inside ${properties.className ?? ""}`.trim() });
/** What each example would be taken for had it been left out. */
function qualityOf({ positives, negatives, recognised, told_apart: apart }) {
  const said = [recognised !== null && `${recognised} of ${positives} recognised`, apart !== null && negatives > 0 && `${apart} of ${negatives} told apart`].filter(Boolean);
  return said.length ? ` · left out in turn, ${said.join(", ")}` : "";
}
const countsOf = ({ positives, negatives }) => `${counted(positives, "picture shows", "pictures show")} it · ${negatives.toLocaleString()} ${negatives === 1 ? "doesn’t" : "don’t"}`;

export class Labels {
  /**
   * @param {HTMLElement} element
   * @param {import("./teacher.js").Teacher} teacher
   * @param {{onOpen: (id: number) => void, onName: (name: string) => void, onLocked: () => void}} doing
   *   `onName`: the label that is shown goes by another name, or by none any more
   */
  constructor(element, teacher, doing) {
    this.element = element;
    this.teacher = teacher;
    this.doing = doing;
    addEventListener("keydown", (event) => this.lesson?.key(event));
  }

  /** @param {{label: string}} state @param {AbortSignal} signal that the visitor has gone elsewhere */
  async show({ label: name }, signal) {
    this.signal = signal;
    this.lesson = null;
    signal.addEventListener("abort", () => (this.lesson = null));
    try {
      const labels = await this.teacher.labels(signal);
      if (!name) this.#list(labels);
      else {
        const label = labels.find((each) => each.name === name);
        if (label) await this.#one(label);
        else this.#none(name);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    if (error.name === "AbortError") return;
    if (error.status === 401) this.doing.onLocked();
    else {
      this.element.replaceChildren(make("section", { className: "notice" }));
      tellProblem(this.element.firstChild, error);
    }
  }

  #list(labels) {
    const notice = make("section", { className: "notice", hidden: true });
    if (!labels.length) {
      const begin = this.teacher.writable
        ? paragraph("Open a picture and press ", make("kbd", { textContent: "L" }), ", or select some: a name and a handful of pictures are enough.")
        : paragraph(code("imgsearch label add rex PICTURE…"), " teaches the first.");
      tell(notice, "No labels yet", begin);
    }
    this.element.replaceChildren(
      make("header", {}, make("h1", { textContent: "Labels" })),
      paragraph("Give a name to a few pictures of what you mean, and ", code("label:NAME"), " finds the others."),
      ...this.#advice(),
      notice,
      make("div", { className: "labels" }, ...labels.map((label) => this.#card(label))),
    );
  }

  /** How teaching is switched on, where it isn't. */
  #advice() {
    if (this.teacher.writable) return [];
    return [
      paragraph("They can be taught here once the server has a token: ", code("IMGSEARCH_TOKEN=… imgsearch serve"), ". On its machine ", code("imgsearch label"), " does it, too."),
    ];
  }

  #card(label) {
    const pictures = label.thumbnails.map((src) => make("img", { src, alt: "", loading: "lazy" }));
    const name = inside({ href: placeOf(label.name), textContent: label.name });
    const state = label.learned ? countsOf(label) : "not learned with this model yet";
    return make(
      "section",
      { className: "card" },
      make("div", { className: "strip", ariaHidden: "true" }, ...pictures),
      make("h2", {}, name),
      paragraph(state),
      make("div", { className: "exports" }, findLink(label.name), inside({ className: "pill", href: placeOf(label.name), textContent: this.teacher.writable ? "Teach" : "Examples" })),
    );
  }

  #none(name) {
    const notice = make("section", { className: "notice" });
    tell(notice, `No label is called ${name}`, make("p", {}, inside({ href: placeOf(""), textContent: "All labels" })));
    this.element.replaceChildren(notice);
  }

  async #one(label) {
    const { name } = label;
    this.counts = make("p", { className: "summary" });
    this.sides = { true: make("ul", { className: "examples" }), false: make("ul", { className: "examples" }) };
    const lesson = make("section", { className: "card lesson" });
    const more = button({ className: "pill", textContent: "Show more", hidden: true });
    const heading = (words) => make("h2", { textContent: words });
    const tools = make("div", { className: "exports" }, findLink(name), ...(this.teacher.writable ? [this.#renamer(name), this.#forgetter(name)] : []));
    this.element.replaceChildren(
      make("header", {}, make("h1", {}, inside({ href: placeOf(""), textContent: "Labels" }), ` / ${name}`), tools),
      this.counts,
      ...this.#advice(),
      ...(this.teacher.writable ? [lesson] : []),
      make("section", { className: "card" }, heading("Shows it"), this.sides.true),
      make("section", { className: "card" }, heading("Doesn’t"), this.sides.false),
      more,
    );
    this.#tellCounts(label);
    if (this.teacher.writable && label.learned) {
      this.lesson = new Lesson(lesson, this.teacher, name, {
        onOpen: this.doing.onOpen,
        onTaught: (taught, picture, shows) => {
          this.#tellCounts(taught);
          this.#shown(picture.id).forEach((each) => each.remove());
          if (shows !== null) this.sides[shows].prepend(this.#example(name, { ...picture, shows }));
        },
        onFail: (error) => this.#fail(error),
      });
      this.lesson.begin(this.signal);
    } else if (this.teacher.writable) lesson.replaceChildren(paragraph("The model that answers now hasn’t learned it."), this.#learner(name));
    let cursor;
    const load = async () => {
      const page = await api.examples(name, { k: EXAMPLES, ...(cursor && { cursor }) }, this.signal);
      for (const each of page.examples) {
        // One that was taught meanwhile stands first already.
        if (!this.#shown(each.id).length) this.sides[each.shows].append(this.#example(name, each));
      }
      cursor = page.next;
      more.hidden = !cursor;
    };
    more.addEventListener("click", () => load().catch((error) => this.#fail(error)));
    await load();
  }

  #tellCounts(label) {
    this.counts.textContent = countsOf(label) + qualityOf(label);
  }

  #shown(id) {
    return this.element.querySelectorAll(`.examples [data-id="${id}"]`);
  }

  #example(name, { id, path, thumbnail, shows }) {
    const opener = button({ className: "opener" }, make("img", { src: thumbnail, alt: nameOf(path), loading: "lazy" }));
    opener.addEventListener("click", () => this.doing.onOpen(id));
    const item = make("li", {}, opener);
    item.dataset.id = id;
    if (this.teacher.writable) {
      const back = button({ className: "back", textContent: "×", ariaLabel: `Take back that ${nameOf(path)} ${shows ? "shows" : "doesn’t show"} it`, title: "Take it back" });
      back.addEventListener("click", async () => {
        try {
          await this.teacher.takeBack(name, id);
          item.remove();
          await this.#recount(name);
        } catch (error) {
          this.#fail(error);
        }
      });
      item.append(back);
    }
    return item;
  }

  async #recount(name) {
    const label = (await this.teacher.labels(this.signal)).find((each) => each.name === name);
    if (!label) this.doing.onName(""); // it went with the last picture that showed it
    else {
      this.#tellCounts(label);
      this.lesson?.renew();
    }
  }

  #learner(name) {
    const made = button({ className: "pill", textContent: "Learn it" });
    made.addEventListener("click", () =>
      this.teacher.learn(name).then(
        () => this.show({ label: name }, this.signal),
        (error) => this.#fail(error),
      ),
    );
    return made;
  }

  #renamer(name) {
    const made = button({ className: "pill", textContent: "Rename" });
    made.addEventListener("click", () => {
      const input = make("input", { value: name, maxLength: 100, required: true, ariaLabel: "Name" });
      const form = make("form", { className: "entry" }, input, make("button", { className: "pill", textContent: "Rename" }));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.teacher.rename(name, input.value).then(
          (label) => this.doing.onName(label.name),
          (error) => {
            input.setCustomValidity(`${error.message}.`);
            input.reportValidity();
            input.addEventListener("input", () => input.setCustomValidity(""), { once: true });
          },
        );
      });
      form.addEventListener("keydown", (event) => event.key === "Escape" && form.replaceWith(made));
      made.replaceWith(form);
      input.select();
      input.focus();
    });
    return made;
  }

  /** Asks once more before it does. */
  #forgetter(name) {
    const made = button({ className: "pill", textContent: "Forget" });
    let sure = false;
    made.addEventListener("click", async () => {
      if (!sure) {
        sure = true;
        made.textContent = "Forget all it was taught?";
        return;
      }
      try {
        await this.teacher.forget(name);
        this.doing.onName("");
      } catch (error) {
        this.#fail(error);
      }
    });
    made.addEventListener("blur", () => {
      sure = false;
      made.textContent = "Forget";
    });
    return made;
  }
}
