// How numbers, names and times are said.

/** "1 picture", "1,204 pictures". */
export const counted = (count, one, many = `${one}s`) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** A path's last part. */
export const nameOf = (path) => path.split(/[/\\]/).pop();

export function bytes(size) {
  const names = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), names.length - 1);
  const value = size / 1000 ** power;
  return `${value.toFixed(power && value < 10 ? 1 : 0)} ${names[power]}`;
}

/** Where in a video: "1:05". */
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Which part of a picture: "top left", "middle". @param {number[]} box left, top, right, bottom as shares */
export function partOf([left, top, right, bottom]) {
  const third = (share, words) => words[Math.min(Math.floor(share * 3), 2)];
  const parts = [third((top + bottom) / 2, ["top", "", "bottom"]), third((left + right) / 2, ["left", "", "right"])];
  return parts.filter(Boolean).join(" ") || "middle";
}

/** How long something takes, as exactly as one cares: "8 s", "3 min", "2 h 10 min". */
export function span(seconds) {
  if (seconds < 1) return "under a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const moment = (iso) => new Date(iso).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
