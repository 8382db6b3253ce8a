// One picture, large, with what is known of it. A modal dialog: focus stays in it, Escape closes it.

import { image } from "./api.js";

// What every browser shows; of these the file itself is taken where it isn't huge.
const SHOWN_BY_BROWSERS = new Set(["JPEG", "PNG", "WEBP", "GIF", "AVIF"]);
const HUGE = 6_000_000; // pixels

export class Lightbox {
  /** @param {{onStep: (by: number) => void, onClose: (id: number) => void, onSimilar: (id: number) => void}} doing */
  constructor(dialog, doing) {
    this.dialog = dialog;
    this.picture = dialog.querySelector("#picture");
    this.facts = dialog.querySelector("#facts");
    this.infoButton = dialog.querySelector(".info");
    this.similarTo = () => doing.onSimilar(this.id);
    dialog.querySelector(".back").addEventListener("click", () => doing.onStep(-1));
    dialog.querySelector(".on").addEventListener("click", () => doing.onStep(1));
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.querySelector(".similar").addEventListener("click", this.similarTo);
    this.infoButton.addEventListener("click", () => this.#toggleFacts());
    this.picture.addEventListener("click", () => this.picture.classList.toggle("natural"));
    this.picture.addEventListener("error", () => dialog.classList.add("gone"));
    dialog.querySelector(".stage").addEventListener("click", (event) => {
      if (event.target === event.currentTarget) dialog.close();
    });
    dialog.addEventListener("close", () => doing.onClose(this.id));
    // On the window: a button that has the focus and is hidden at an end would take the keys with it.
    addEventListener("keydown", (event) => {
      if (!dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
      const deed = {
        ArrowLeft: () => doing.onStep(-1),
        ArrowRight: () => doing.onStep(1),
        i: () => this.#toggleFacts(),
        s: this.similarTo,
      }[event.key];
      if (!deed) return;
      event.preventDefault();
      deed();
    });
  }

  /**
   * @param {number} id
   * @param {object | undefined} result the picture's result, where it is among those shown
   * @param {{first: boolean, last: boolean}} place
   */
  async show(id, result, place) {
    this.id = id;
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.querySelector(".back").hidden = place.first;
    this.dialog.querySelector(".on").hidden = place.last;
    this.dialog.classList.remove("gone");
    this.picture.classList.remove("natural");
    if (result) this.#picture(result);
    else this.picture.removeAttribute("src");
    this.#write(result ?? {}, result);
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const known = await image(id, this.asking.signal);
      if (!result) this.#picture(known);
      this.#write(known, result);
    } catch (error) {
      if (error.name !== "AbortError") this.dialog.classList.add("gone");
    }
  }

  close() {
    this.dialog.close();
  }

  #picture(known) {
    const itself = SHOWN_BY_BROWSERS.has(known.format) && known.width * known.height <= HUGE;
    this.picture.alt = nameOf(known);
    // The thumbnail is there already: it stands in until the large one is.
    this.picture.style.backgroundImage = `url("${known.thumbnail}")`;
    this.picture.width = known.width;
    this.picture.height = known.height;
    this.picture.src = itself ? known.original : known.preview;
    const original = this.dialog.querySelector(".original");
    original.href = known.original;
    this.dialog.setAttribute("aria-label", nameOf(known));
  }

  #toggleFacts() {
    this.facts.hidden = !this.facts.hidden;
    this.infoButton.ariaPressed = String(!this.facts.hidden);
  }

  #write(known, result) {
    if (!known.path) {
      this.facts.replaceChildren();
      return;
    }
    const rows = [
      ["Taken", known.taken_at && new Date(known.taken_at).toLocaleString([], { dateStyle: "long", timeStyle: "short" })],
      ["Camera", known.camera],
      ["Lens", known.lens],
      ["Focal length", known.focal_length && `${Math.round(known.focal_length * 10) / 10} mm`],
      ["Place", known.latitude != null && mapLink(known.latitude, known.longitude)],
      ["Size", `${known.width} × ${known.height}${known.size ? `, ${bytes(known.size)}` : ""}`],
      ["Length", known.duration && `${Math.round(known.duration)} s`],
      ["Format", known.format],
      ["Text", known.text],
      ["Score", result?.score != null && result.score.toFixed(3)],
      ["State", [known.offline && "offline", ...known.flags].filter(Boolean).join(", ")],
    ];
    const list = document.createElement("dl");
    for (const [head, value] of rows) {
      if (!value) continue;
      const term = Object.assign(document.createElement("dt"), { textContent: head });
      const text = document.createElement("dd");
      text.append(value);
      list.append(term, text);
    }
    const title = Object.assign(document.createElement("h2"), { textContent: nameOf(known) });
    this.facts.replaceChildren(title, list, ...[known.path, ...known.copies].map(pathLine));
  }
}

function pathLine(path) {
  const line = document.createElement("p");
  line.className = "path";
  const text = Object.assign(document.createElement("code"), { textContent: path });
  const copy = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy path" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(path);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text); // no clipboard without https or permission: Ctrl-C does it
      copy.textContent = "Selected";
    }
    setTimeout(() => (copy.textContent = "Copy path"), 1500);
  });
  line.append(text, copy);
  return line;
}

function mapLink(latitude, longitude) {
  const link = document.createElement("a");
  const [lat, lon] = [latitude.toFixed(5), longitude.toFixed(5)];
  link.href = `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=14/${lat}/${lon}`;
  link.target = "_blank";
  link.rel = "noreferrer noopener";
  link.textContent = `${lat}, ${lon}`;
  return link;
}

const nameOf = (known) => known.path.split(/[/\\]/).pop();

function bytes(size) {
  const [unit, name] = size < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  return `${(size / unit).toFixed(size / unit < 10 ? 1 : 0)} ${name}`;
}
