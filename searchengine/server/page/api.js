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

/** A page of results. @param {Blob | null} sent the picture that `image:sent` means */
export function search({ q, k, cursor, sent, signal }) {
  if (sent) {
    const form = new FormData();
    form.set("q", q);
    form.set("k", k);
    if (cursor) form.set("cursor", cursor);
    form.set("sent", sent, "picture");
    return ask("/api/search", { method: "POST", body: form, signal });
  }
  const values = new URLSearchParams({ q, k });
  if (cursor) values.set("cursor", cursor);
  return ask(`/api/search?${values}`, { signal });
}

export const image = (id, signal) => ask(`/api/images/${id}`, { signal });
export const facets = () => ask("/api/facets");

export const signIn = (token) =>
  ask("/api/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
