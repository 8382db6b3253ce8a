// What is said instead of results: that there are none, or why it didn't work.

import { make } from "./elements.js";

export const paragraph = (...parts) => make("p", {}, ...parts);
export const code = (text) => make("code", { textContent: text });

/** Fill the element with a heading and lines. */
export function tell(element, title, ...lines) {
  element.replaceChildren(make("h2", { textContent: title }), ...lines);
  element.hidden = false;
}

/** @param {import("./api.js").Problem} problem */
export function tellProblem(element, problem) {
  const said = `${problem.message[0].toUpperCase()}${problem.message.slice(1)}.`.replace(/([.?!]|\))\.$/, "$1");
  const lines = [paragraph(said)];
  if (problem.query && problem.end > problem.start) lines.push(pointAt(problem));
  tell(element, problem.status === 400 ? "This can’t be asked" : "That didn’t work", ...lines);
}

/** The query with the words at fault marked. The server counts characters as Python does. */
function pointAt({ query, start, end }) {
  const letters = [...query];
  const fault = make("mark", { textContent: letters.slice(start, end).join("") });
  return make("p", { className: "query" }, letters.slice(0, start).join(""), fault, letters.slice(end).join(""));
}
