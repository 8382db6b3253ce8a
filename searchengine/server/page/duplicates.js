// Groups of files that are the same picture, for review: which one to keep, and the paths of the others.
// Nothing is deleted here or anywhere.

import * as address from "./address.js";
import * as api from "./api.js";
import { button, make } from "./elements.js";
import { paragraph, tell, tellProblem } from "./notice.js";
import { copyButton, saveButton } from "./paths.js";
import { bytes, counted, nameOf } from "./words.js";

const PAGE = 50;
const MOST = 500; // groups in one answer of the server's

const LEVELS = {
  exact: ["Same file", "Files with the same bytes."],
  edited: ["Edited", "One picture saved anew, resized, cropped a little, turned or recoloured, as its pixels tell."],
  burst: ["Burst", "Edits, and shots of one scene within seconds."],
  similar: ["Similar", "Edits, bursts, and other pictures that look much alike."],
};

export class Duplicates {
  #groups = [];
  #kept = new Map(); // group → path, where the visitor decides otherwise
  #left = new Set(); // groups that stay as they are

  /**
   * @param {HTMLElement} element
   * @param {{onOpen: (id: number) => void, onLevel: (level: string) => void, onAnswer: () => void, onLocked: () => void}} doing
   */
  constructor(element, doing) {
    this.element = element;
    this.doing = doing;
  }

  /** The group that a picture belongs to: what the lightbox leads through. */
  pictures(id) {
    const group = this.#groups.find(({ members }) => members.some((member) => member.id === id));
    return [...new Map((group?.members ?? []).map((member) => [member.id, member])).values()];
  }

  /** What was found before may not be true any more. */
  forget() {
    this.level = undefined;
  }

  /** @param {AbortSignal} signal that the visitor has gone elsewhere */
  async show({ level }, signal) {
    this.signal = signal;
    if (this.level === level) return;
    this.level = level;
    this.#groups = [];
    this.next = undefined;
    this.summary = make("p", { className: "summary", textContent: this.#patience() });
    this.summary.role = "status";
    this.list = make("div", { className: "groups" });
    const busy = make("progress", { ariaLabel: "Comparing" });
    this.exports = make("div", { className: "exports", hidden: true }, ...this.#exports());
    this.notice = make("section", { className: "notice", hidden: true });
    this.end = make("div", { ariaHidden: "true" });
    this.element.replaceChildren(
      make("header", {}, make("h1", { textContent: "Duplicates" }), this.#levels()),
      paragraph(LEVELS[level][1], " Nothing is deleted here: you get the paths of the others."),
      this.summary,
      busy,
      this.exports,
      this.notice,
      this.list,
      this.end,
    );
    try {
      await this.#load(PAGE);
      if (!this.#groups.length) tell(this.notice, "No duplicates", paragraph(`No ${level === "exact" ? "file is there twice" : "two files are that alike"}.`));
      this.doing.onAnswer();
    } catch (error) {
      if (error.name === "AbortError") this.level = undefined;
      else this.#fail(error);
    } finally {
      busy.remove();
    }
  }

  #patience() {
    return this.level === "exact" ? "Looking …" : "Comparing pictures; the first time this takes a while in a large library …";
  }

  #fail(error) {
    this.level = undefined;
    this.summary.textContent = "";
    if (error.status === 401) this.doing.onLocked();
    else tellProblem(this.notice, error);
  }

  #levels() {
    const links = Object.entries(LEVELS).map(([level, [name]]) => {
      const link = make("a", { textContent: name, href: address.write({ ...address.read(""), view: "duplicates", level }) });
      if (level === this.level) link.ariaCurrent = "page";
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.doing.onLevel(level);
      });
      return link;
    });
    return make("nav", { className: "levels", ariaLabel: "How alike" }, ...links);
  }

  async #load(count) {
    const values = { level: this.level, k: count, ...(this.next && { cursor: this.next }) };
    const found = await api.duplicates(values, this.signal);
    this.next = found.next;
    this.total = found.total;
    this.unreadable = found.unreadable;
    this.#groups.push(...found.groups);
    this.list.append(...found.groups.map((group) => this.#card(group)));
    this.#summarise();
    this.#watchEnd();
  }

  #watchEnd() {
    this.watching?.disconnect();
    if (!this.next) return;
    this.watching = new IntersectionObserver(
      (entries) => {
        if (!entries.some((each) => each.isIntersecting)) return;
        this.watching.disconnect();
        this.#load(PAGE).catch((error) => error.name === "AbortError" || this.#fail(error));
      },
      { rootMargin: "1000px" },
    );
    this.watching.observe(this.end);
  }

  #summarise() {
    const others = this.#groups.flatMap((group) => this.#others(group));
    const size = bytes(others.reduce((sum, member) => sum + member.bytes, 0));
    const so = this.next ? " in those shown" : "";
    const unread = this.unreadable ? ` ${counted(this.unreadable, "picture")} couldn’t be looked at.` : "";
    this.summary.textContent = this.total
      ? `${counted(this.total, "group")}; besides those to keep, ${counted(others.length, "file")}${so}, ${size}.${unread}`
      : unread;
    this.exports.hidden = !this.total;
  }

  #others(group) {
    return this.#left.has(group) ? [] : group.members.filter(({ path }) => path !== this.#keep(group));
  }

  #keep(group) {
    return this.#kept.get(group) ?? group.keep;
  }

  /** Of every group, also of those that haven't been scrolled to. */
  async #otherPaths() {
    while (this.next) await this.#load(MOST);
    return this.#groups.flatMap((group) => this.#others(group)).map(({ path }) => path);
  }

  #exports() {
    const paths = () => this.#otherPaths();
    return [copyButton("Copy the others’ paths", paths), saveButton("Download as text", paths, `duplicates-${this.level}.txt`)];
  }

  #card(group) {
    const why = make("p", { className: "why" });
    const leave = button({ className: "pill" });
    const card = make("section", { className: "group" });
    const copy = copyButton("Copy the others’ paths", () => this.#others(group).map(({ path }) => path));
    const members = group.members.map((member) => this.#member(group, member, update));
    const tools = make("div", { className: "exports" }, copy, leave);
    card.append(make("header", {}, why, tools), make("div", { className: "members" }, ...members));
    leave.addEventListener("click", () => {
      if (!this.#left.delete(group)) this.#left.add(group);
      update();
    });
    const summarise = () => this.#summarise();
    const state = () => [this.#left.has(group), this.#keep(group)];
    update(true);
    return card;

    function update(first = false) {
      const [left, keep] = state();
      card.classList.toggle("left", left);
      leave.textContent = left ? "Review again" : "Leave as it is";
      copy.disabled = left;
      why.replaceChildren(make("strong", { textContent: `Keep ${nameOf(keep)}` }), ` · ${keep === group.keep ? group.why : "your choice"}`);
      if (left) why.textContent = `${counted(group.members.length, "file")}, all kept`;
      members.forEach((figure, i) => figure.classList.toggle("keep", group.members[i].path === keep));
      if (first !== true) summarise();
    }
  }

  #member(group, member, update) {
    const name = nameOf(member.path);
    const picture = make("img", { src: member.thumbnail, alt: `${name}, open it`, loading: "lazy", width: member.width, height: member.height });
    const opener = button({ className: "opener" }, picture);
    opener.addEventListener("click", () => this.doing.onOpen(member.id));
    const choice = make("input", { type: "radio", name: `keep ${group.keep}`, checked: member.path === group.keep });
    choice.addEventListener("change", () => {
      this.#kept.set(group, member.path);
      update();
    });
    const taken = member.taken_at && new Date(member.taken_at).toLocaleDateString();
    const facts = [`${member.width} × ${member.height}`, bytes(member.bytes), member.format, taken, member.offline && "offline"];
    const alike = member.level === "exact" ? "the same bytes" : `${member.level}, ${member.score.toFixed(2)} alike`;
    if (member.path !== group.keep) facts.push(alike);
    return make(
      "figure",
      {},
      opener,
      make(
        "figcaption",
        {},
        make("label", {}, choice, ` Keep`, make("span", { className: "unseen", textContent: ` ${name}` })),
        make("span", { className: "facts", textContent: facts.filter(Boolean).join(" · ") }),
        make("code", { textContent: member.path }),
      ),
    );
  }
}
