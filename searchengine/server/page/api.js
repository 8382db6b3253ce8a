// What the page asks the server. Every error becomes a `Problem` with words for people.

export class Problem extends Error {
  constructor({ detail, status, query, start, end }) {
    super(detail);
    Object.assign(this, { status, query, start, end });
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ status: 0, detail: "The server doesn’t answer. Is imgsearch serve still running?" });
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const said = await answer.json().catch(() => ({}));
  throw new Problem({ detail: `The server answers ${answer.status}.`, ...said, status: answer.status });
}

/**
 * A page of results.
 *
 * @param {{q: string, sort: string, strictness: number, collapse: boolean, k: number, cursor?: string, sent?: Blob | null, url?: string}} question
 *   `sent` is the picture that `image:sent` means, `url` the address of the one that `image:url` does.
 */
export function search({ sent, signal, ...question }) {
  const asked = Object.entries(question).filter(([, value]) => value !== undefined && value !== null);
  if (!sent && question.url) return send("/api/search", Object.fromEntries(asked), signal);
  if (!sent) return ask(`/api/search?${new URLSearchParams(asked)}`, { signal });
  const form = new FormData();
  for (const [name, value] of asked) form.set(name, value);
  form.set("sent", sent, "picture");
  return ask("/api/search", { method: "POST", body: form, signal });
}

/** Where a whole answer, as far as it is relevant, is to be had as a text of paths. */
export const pathsAddress = (question) => `/api/export?${new URLSearchParams({ ...question, format: "paths" })}`;

export const image = (id, signal) => ask(`/api/images/${id}`, { signal });
export const facets = (folder) => ask(`/api/facets?${new URLSearchParams({ folder })}`);
export const status = (signal) => ask("/api/status", { signal });
export const progress = (signal) => ask("/api/progress", { signal });
export const failures = (values, signal) => ask(`/api/failures?${new URLSearchParams(values)}`, { signal });
export const duplicates = (values, signal) => ask(`/api/duplicates?${new URLSearchParams(values)}`, { signal });

const labelAt = (name, rest = "") => `/api/labels/${encodeURIComponent(name)}${rest}`;
export const labels = (signal) => ask("/api/labels", { signal });
export const suggestions = (name, k, signal) => ask(labelAt(name, `/suggest?k=${k}`), { signal });
export const examples = (name, values, signal) => ask(labelAt(name, `/examples?${new URLSearchParams(values)}`), { signal });
export const teach = (name, ids, shows) => send(labelAt(name, "/examples"), { ids, shows });
export const takeBack = (name, id) => ask(labelAt(name, `/examples/${id}`), { method: "DELETE" });
export const forgetLabel = (name) => ask(labelAt(name), { method: "DELETE" });
export const renameLabel = (name, to) => send(labelAt(name), { name: to }, undefined, "PATCH");
export const learn = (name) => ask(labelAt(name, "/train"), { method: "POST" });

export const signIn = (token) => send("/api/session", { token });

function send(path, values, signal, method = "POST") {
  return ask(path, { signal, method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(values) });
}
