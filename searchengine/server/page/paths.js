// Paths out of the page: to the clipboard, or as a text file with one on each line.

import { button } from "./elements.js";

const SAID_FOR = 1500; // ms

/**
 * A button that copies, and says so.
 *
 * @param {string} label
 * @param {() => string[] | Promise<string[]>} paths
 * @param {(paths: string[]) => string} otherwise where there is no clipboard (no https, no permission); returns what to say
 */
export function copyButton(label, paths, otherwise = downloadInstead) {
  return telling(label, async () => {
    const found = await paths();
    const copied = await navigator.clipboard?.writeText(found.join("\n")).then(() => true, () => false);
    return copied ? "Copied" : otherwise(found);
  });
}

/** A button that saves them under a name. */
export function saveButton(label, paths, name) {
  return telling(label, async () => {
    download(await paths(), name);
    return "Downloaded";
  });
}

function telling(label, deed) {
  const made = button({ className: "pill", textContent: label });
  made.addEventListener("click", async () => {
    made.textContent = await deed().catch((error) => error.message);
    setTimeout(() => (made.textContent = label), SAID_FOR);
  });
  return made;
}

function downloadInstead(paths) {
  download(paths, "paths.txt");
  return "Downloaded";
}

function download(paths, name) {
  const address = URL.createObjectURL(new Blob([`${paths.join("\n")}\n`], { type: "text/plain" }));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address));
}
