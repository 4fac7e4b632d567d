// Before words go to the group: is there a telephone number, an address or the like in them? Nothing is forbidden, and
// nothing has been sent yet; the person decides. The patterns are the server's own (docs/protocol.md, section 5).

import { el } from "../dom.js";
import { linkButton } from "./kit.js";

const SAID = { phone: "check_phone", email: "check_email", address: "check_address", number: "check_number", birth_date: "check_birth_date" };
const TOO_FAST = 700; // a second tap that was meant for the first question

const looked = new WeakMap(); // form → {words, at}
let patterns = null;

export function detailIn(words, { personal }) {
  patterns ||= personal.map(({ kind, source, flags }) => [kind, new RegExp(source, flags)]);
  const plain = words.normalize("NFKC").split(/\s+/).filter(Boolean).join(" ");
  return patterns.find(([, pattern]) => pattern.test(plain))?.[0] || null;
}

export const isAsked = (form) => looked.has(form);

// The words are the person's own again, or gone.
export function clearCheck(form) {
  if (!looked.delete(form)) return;
  form.querySelector(".live-check")?.remove();
  const field = form.elements.words;
  field.setAttribute("aria-describedby", (field.getAttribute("aria-describedby") || "").replace(/ ?\S+-check/, ""));
  const button = form.querySelector("[data-anyway]");
  if (button?.dataset.plain) button.textContent = button.dataset.plain;
}

// Whether these words may go: nothing personal was found, or the person has been asked about exactly these.
export function mayGo(form, words, { data, text, voice }) {
  const { say } = text;
  const kind = detailIn(words, data);
  const before = looked.get(form);
  if (kind && before?.words === words) return performance.now() - before.at > TOO_FAST;
  clearCheck(form);
  if (!kind) return true;
  looked.set(form, { words, at: performance.now() });
  const field = form.elements.words;
  const id = `${field.id}-check`;
  const card = el(
    "div", { class: "gv-card gv-card--warning live-check" }, el("h3", { tabindex: "-1" }, say("check_title")),
    el("p", { id }, `${say(SAID[kind])} ${say("check_rest")}`), linkButton(say("check_change"), "check-change"),
  );
  field.before(card);
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${id}`.trim());
  const button = form.querySelector("[data-anyway]");
  if (button) {
    button.dataset.plain ||= button.textContent;
    button.textContent = button.dataset.anyway;
  }
  voice.say(`${say(SAID[kind])} ${say("check_rest")}`);
  card.querySelector("h3").focus();
  return false;
}

export function listenForChanges() {
  document.addEventListener("input", (event) => {
    if (event.target.name === "words" && event.target.form && isAsked(event.target.form)) clearCheck(event.target.form);
  });
}

export const checkActs = () => ({
  "check-change": (element) => element.closest("form").elements.words.focus(),
});
