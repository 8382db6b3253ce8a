// The page's whole state is in its address: what is asked, and which picture is open.

/** @returns {{q: string, open: number | null}} */
export function read(search = location.search) {
  const values = new URLSearchParams(search);
  const open = Number(values.get("open"));
  return { q: (values.get("q") ?? "").trim(), open: Number.isSafeInteger(open) && open > 0 ? open : null };
}

export function write({ q, open }) {
  const values = new URLSearchParams();
  if (q) values.set("q", q);
  if (open) values.set("open", open);
  const text = values.toString();
  return text ? `/?${text}` : "/";
}
