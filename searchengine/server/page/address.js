// The page's whole state is in its address: which view, what is asked, in which order, and which picture is open.

export const SORTS = ["relevance", "newest", "oldest"];
export const LEVELS = ["exact", "edited", "burst", "similar"];
export const STRICTNESS = 0.9;
const VIEWS = ["results", "duplicates", "labels", "status"];

/**
 * @typedef {{view: string, q: string, url: string, sort: string, strictness: number, collapse: boolean, level: string, label: string, open: number | null}} State
 * @returns {State}
 */
export function read(search = location.search) {
  const values = new URLSearchParams(search);
  const one = (name, choices) => (choices.includes(values.get(name)) ? values.get(name) : choices[0]);
  const open = Number(values.get("open"));
  const strictness = parseFloat(values.get("strictness"));
  return {
    view: one("view", VIEWS),
    q: (values.get("q") ?? "").trim(),
    url: values.get("url") ?? "",
    sort: one("sort", SORTS),
    strictness: strictness >= 0 && strictness <= 1 ? strictness : STRICTNESS,
    collapse: values.get("collapse") === "true",
    level: one("level", LEVELS),
    label: values.get("label") ?? "",
    open: Number.isSafeInteger(open) && open > 0 ? open : null,
  };
}

/** What is as usual isn't said. */
export function write({ view, q, url, sort, strictness, collapse, level, label, open }) {
  const values = new URLSearchParams();
  if (view !== VIEWS[0]) values.set("view", view);
  if (q) values.set("q", q);
  if (url) values.set("url", url);
  if (sort !== SORTS[0]) values.set("sort", sort);
  if (strictness !== STRICTNESS) values.set("strictness", strictness);
  if (collapse) values.set("collapse", "true");
  if (level !== LEVELS[0]) values.set("level", level);
  if (label) values.set("label", label);
  if (open) values.set("open", open);
  const text = values.toString();
  return text ? `/?${text}` : "/";
}

/** What decides about the answer, and nothing else. */
export const question = ({ q, url, sort, strictness, collapse }) => JSON.stringify([q, url, sort, strictness, collapse]);
