// A query's parts: words stay text in the box; pictures, filters and what is to be avoided become chips.

/** The name under which a picture of the visitor's goes along with a query. */
export const SENT = "sent";
/** The same of a picture on the web. */
export const URL_NAME = "url";

// As searchengine/query/grammar.py cuts a query into terms. Plain words make one text, wherever they stand.
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const VALUE = String.raw`(?:${QUOTED}|(?:[^\s|"\\^]|\\.)(?:[^\s|\\^]|\\.)*)`;
const WEIGHT = String.raw`(?:\^\d+(?:\.\d+)?)`;
const TERM = new RegExp(
  [
    String.raw`(?<minus>-(?=\S))?(?:`,
    String.raw`(?<exact>${QUOTED})`,
    String.raw`|(?<group>\((?:[^()\\]|\\.)*\))(?<weight>${WEIGHT})?`,
    String.raw`|(?<key>\p{L}+):(?<values>${VALUE}(?:\|${VALUE})*)${WEIGHT}?`,
    String.raw`|(?<word>(?:[^\s\\]|\\.|\\$)+)`,
    String.raw`)(?=\s|$)`,
  ].join(""),
  "gsu",
);
const PICTURE = new RegExp(String.raw`^(?:\d+|${SENT}|${URL_NAME})$`);
const WEB = /^https?:\/\/\S+$/i;
const FOLDER = /^path:(?:"((?:[^"\\]|\\.)*)\/\*"|([\w./-]+)\/\*)$/;

/**
 * @typedef {{text: string, away: boolean, reference: string | null}} Part
 *   `text`: as it stands in the query; `reference`: of a picture its id, "sent" or "url".
 * @param {string} q
 * @returns {{parts: Part[], words: string}}
 */
export function split(q) {
  const parts = [];
  const words = [];
  for (const { 0: text, groups } of q.matchAll(TERM)) {
    const { minus, exact, group, weight, key, values } = groups;
    const picture = key?.toLowerCase() === "image" && PICTURE.test(values);
    if (exact || key || minus || (group && weight)) {
      parts.push({ text, away: Boolean(minus), reference: picture ? values : null });
    } else words.push(text);
  }
  return { parts, words: words.join(" ") };
}

/** @param {Part[]} parts */
export const join = (parts, words) => [...parts.map((part) => part.text), words.trim()].filter(Boolean).join(" ");

/** Whether a query asks by a picture of this reference. */
export const asksBy = (q, reference) => split(q).parts.some((part) => part.reference === reference);

export const asksForLabel = (q) => split(q).parts.some(({ text }) => /^-?label:/i.test(text));

/** A picture's address on the web among a query's words, and the query with `image:url` in its place. */
export function withoutAddress(q) {
  const words = q.split(/\s+/);
  const url = words.find((word) => WEB.test(word)) ?? "";
  return { url, q: url ? [...new Set(words.map((word) => (word === url ? `image:${URL_NAME}` : word)))].join(" ") : q };
}

export const isAddress = (text) => WEB.test(text.trim());

/** The folder that a query is about, as one of its filters says; "" where it is about all. */
export function folderOf(q) {
  const [found] = split(q).parts.map(({ text }) => FOLDER.exec(text)).filter(Boolean);
  return (found?.[1] ?? found?.[2] ?? "").replace(/\\(.)/g, "$1");
}

/** The query about a folder, instead of the one that it is about. */
export function withFolder(q, folder) {
  const { parts, words } = split(q);
  return join([...parts.filter(({ text }) => !FOLDER.test(text)), { text: filter("path", `${folder}/*`) }], words);
}

/** The query with a picture besides what it has, towards it or away from it. */
export function withPicture(q, id, { away = false } = {}) {
  const { parts, words } = split(q);
  const others = parts.filter((part) => part.reference !== String(id));
  return join([...others, { text: `${away ? "-" : ""}image:${id}` }], words);
}

/** A value of a facet as the query language takes it. */
export function filter(key, value) {
  if (key === "year") return `after:${value} before:${Number(value) + 1}`;
  return /^[\w./*-]+$/.test(value) ? `${key}:${value}` : `${key}:"${value.replace(/["\\]/g, "\\$&")}"`;
}
