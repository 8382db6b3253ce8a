// What is known of a picture, as a list.

import { make } from "./elements.js";
import { copyButton } from "./paths.js";
import { bytes, clock, nameOf, partOf } from "./words.js";

/**
 * @param {HTMLElement} element
 * @param {object} known a result, a picture's details, or both together
 */
export function writeFacts(element, known) {
  if (!known.path) {
    element.replaceChildren();
    return;
  }
  const rows = [
    ["Title", known.title],
    ["Caption", known.caption],
    ["Described by imgsearch", known.described],
    ["Text", known.text],
    ["Keywords", known.keywords?.join(", ")],
    ["Labels", known.labels?.map(({ name, shows }) => (shows ? name : `not ${name}`)).join(", ")],
    ["Taken", known.taken_at && new Date(known.taken_at).toLocaleString([], { dateStyle: "long", timeStyle: "short" })],
    ["Place", known.place],
    ["Position", known.latitude !== undefined && known.latitude !== null && mapLink(known.latitude, known.longitude)],
    ["Camera", known.camera],
    ["Lens", known.lens],
    ["Focal length", known.focal_length && `${Math.round(known.focal_length * 10) / 10} mm`],
    ["Size", `${known.width} × ${known.height}${known.size ? `, ${bytes(known.size)}` : ""}`],
    ["Length", known.duration && clock(known.duration)],
    ["Found at", typeof known.time === "number" && clock(known.time)],
    ["Found in", known.region && partOf(known.region)],
    ["Format", known.format],
    ["Rating", known.rating > 0 ? "★".repeat(known.rating) : known.rating === -1 && "rejected"],
    ["Score", typeof known.score === "number" && known.score.toFixed(3)],
    ["Relevant", { true: "yes", false: "less so" }[typeof known.score === "number" ? known.relevant : undefined]],
    ["State", [known.offline && "offline", ...(known.flags ?? [])].filter(Boolean).join(", ")],
  ];
  const list = make("dl");
  for (const [head, value] of rows) {
    if (value) list.append(make("dt", { textContent: head }), make("dd", {}, value));
  }
  const others = (known.copies ?? []).concat(known.edits ?? []);
  element.replaceChildren(make("h2", { textContent: nameOf(known.path) }), list, ...[known.path, ...others].map(pathLine));
}

function pathLine(path) {
  const text = make("code", { textContent: path });
  const copy = copyButton("Copy path", () => [path], () => {
    getSelection().selectAllChildren(text); // Ctrl-C does it then
    return "Selected";
  });
  return make("p", { className: "path" }, text, copy);
}

/** A link, no map: nothing is loaded from elsewhere. */
function mapLink(latitude, longitude) {
  const [lat, lon] = [latitude.toFixed(5), longitude.toFixed(5)];
  return make("a", {
    href: `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=14/${lat}/${lon}`,
    target: "_blank",
    rel: "noreferrer noopener",
    title: "On OpenStreetMap",
    textContent: `${lat}, ${lon}`,
  });
}
