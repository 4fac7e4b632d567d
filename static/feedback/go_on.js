// Leads back to a form that was opened on this phone and not sent.
import { readDraft } from "./draft.js";

const link = document.querySelector("[data-go-on]");
const draft = readDraft();
if (link && draft) {
  link.href = draft.address;
  link.hidden = false;
}
