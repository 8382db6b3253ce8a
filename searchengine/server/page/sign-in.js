// Asking for the token, where the library wants one.

import * as api from "./api.js";

/** @param {() => void} then what to do with the door open */
export function signIn(then) {
  const dialog = document.querySelector("#sign-in");
  const wrong = dialog.querySelector(".wrong");
  dialog.querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    try {
      await api.signIn(event.target.token.value);
      dialog.close();
      then();
    } catch (error) {
      wrong.textContent = error.status === 401 ? "This isn’t the token." : error.message;
      wrong.hidden = false;
    }
  };
  if (!dialog.open) dialog.showModal();
}
