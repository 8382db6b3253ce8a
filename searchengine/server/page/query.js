// A query's pictures apart from its words: the box shows the ones as little pictures, the others as text.

const EXAMPLE = /(^|\s)(-?)image:(\d+|sent)(?:\^\d+(?:\.\d+)?)?(?=\s|$)/g;

/** The name under which a picture of the visitor's goes along with a query. */
export const SENT = "sent";

/** @returns {{examples: {text: string, reference: string, away: boolean}[], words: string}} */
export function split(q) {
  const examples = [];
  const words = q.replace(EXAMPLE, (text, _, minus, reference) => {
    examples.push({ text: text.trim(), reference, away: minus === "-" });
    return " ";
  });
  return { examples, words: words.replace(/\s+/g, " ").trim() };
}

export function join(examples, words) {
  return [...examples.map((example) => example.text), words.trim()].filter(Boolean).join(" ");
}

export const asksBySent = (q) => split(q).examples.some((example) => example.reference === SENT);

/** A value of a filter as the query language takes it. */
export function filter(key, value) {
  if (key === "year") return `after:${value} before:${Number(value) + 1}`;
  return /^[\w.-]+$/.test(value) ? `${key}:${value}` : `${key}:"${value.replace(/["\\]/g, "\\$&")}"`;
}
