// The visitor's own picture: where it comes from (dropped, pasted, chosen), and how a reload finds it again.

import { isAddress } from "./query.js";

const KEY = "imgsearch.sent";
const SIDE = 768; // pixels; more than any model looks at

let picture = null;

/** Calls `use` with every picture that is dropped, pasted or chosen, and `useText` with a text that is pasted beside the fields. */
export function listen({ overlay, input, use, useText }) {
  const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0; // each element under the pointer tells of its own entering and leaving
  addEventListener("dragenter", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    depth += 1;
    overlay.classList.add("here");
  });
  addEventListener("dragover", (event) => carriesFile(event) && event.preventDefault());
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) overlay.classList.remove("here");
  });
  addEventListener("drop", (event) => {
    depth = 0;
    overlay.classList.remove("here");
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    use(file);
  });
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
    const text = event.clipboardData?.getData("text") ?? "";
    if (file) use(file);
    else if (event.target.matches?.("#query, :not(input)") && !event.target.value && isAddress(text)) useText(text);
    else return;
    event.preventDefault();
  });
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) use(file);
  });
}

/** Take a picture as the one that is sent; a small copy of it outlives a reload, not the tab. */
export async function keep(file) {
  picture = file;
  try {
    sessionStorage.setItem(KEY, await smallCopy(file));
  } catch {
    sessionStorage.removeItem(KEY); // a format this browser doesn't read: it is sent all the same
  }
}

/** The picture that is sent, or null where this tab has none. @returns {Promise<Blob | null>} */
export async function sent() {
  if (!picture) {
    const kept = sessionStorage.getItem(KEY);
    picture = kept ? fromDataUrl(kept) : null;
  }
  return picture;
}

/** Something to show for it. */
export const thumbnail = () => sessionStorage.getItem(KEY);

async function smallCopy(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // as the server sees what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.toDataURL("image/jpeg", 0.9);
}

function fromDataUrl(url) {
  const bytes = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "image/jpeg" });
}
