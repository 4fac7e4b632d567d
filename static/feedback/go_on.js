// Leads back to a form that was opened on this phone and not sent.
import { openForm } from "./draft.js";

const link = document.querySelector("[data-go-on]");
const address = openForm();
if (link && address) {
  link.href = address;
  link.hidden = false;
}
