// One question a page, a draft on the phone until the answers are in, and sending that does not give up.
// Without this script the page is one long form that works all the same.
import { forgetDraft, keepDraft, readDraft } from "./draft.js";

const RETRY_SECONDS = 15;
const form = document.getElementById("answers");
const intro = document.querySelector("[data-intro]");
const heading = document.getElementById("heading");
const waiting = document.getElementById("waiting");
const saving = document.getElementById("saving");
const questions = [...form.querySelectorAll("[data-question]")];
const address = location.pathname;
const refused = document.querySelector(".nhsuk-error-summary") !== null;

let place = -1; // -1 is the page before the questions
let isSending = false;
let isWaiting = false;
let timer = 0;

function answers() {
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
}

function keep() {
  return keepDraft(address, { answers: answers(), place, isWaiting });
}

function fill(kept) {
  for (const [name, value] of Object.entries(kept)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
}

function show(next, { focus = true } = {}) {
  place = Math.max(-1, Math.min(next, questions.length - 1));
  const questionsAreShown = !isWaiting && !isSending;
  intro.hidden = !questionsAreShown || place !== -1;
  heading.classList.toggle("nhsuk-u-visually-hidden", place !== -1 || !questionsAreShown);
  questions.forEach((question, i) => (question.hidden = !questionsAreShown || i !== place));
  waiting.hidden = !isWaiting || isSending;
  saving.hidden = !isSending;
  if (!focus) return;
  window.scrollTo(0, 0);
  const first = isWaiting ? waiting : place === -1 ? heading : questions[place].querySelector("[data-place]");
  first.focus({ preventScroll: true });
}

function clear(question) {
  for (const field of question.querySelectorAll("input, textarea")) {
    if (field.type === "radio") field.checked = false;
    else field.value = "";
  }
}

async function send() {
  if (isSending) return;
  window.clearTimeout(timer);
  isSending = true;
  show(place, { focus: false });
  let response = null;
  try {
    // No cookie goes along: nothing but the answers may travel.
    response = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(answers()),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout ? AbortSignal.timeout(20000) : undefined,
    });
  } catch {
    // No connection: the answers wait.
  }
  isSending = false;
  if (response && response.ok) {
    forgetDraft(address);
    location.replace(response.url || location.href);
    return;
  }
  if (response && response.status < 500 && response.status !== 429) {
    isWaiting = false;
    keep();
    form.submit(); // refused: the page itself says why and keeps what was typed
    return;
  }
  isWaiting = true;
  waiting.querySelector("[data-kept]").hidden = !keep();
  waiting.querySelector("[data-memory]").hidden = !waiting.querySelector("[data-kept]").hidden;
  show(place);
  timer = window.setTimeout(send, RETRY_SECONDS * 1000);
}

function begin() {
  form.classList.add("feedback-stepwise");
  for (const hidden of document.querySelectorAll("[data-start], [data-next], [data-ways]")) hidden.hidden = false;
  document.querySelector("[data-start]").addEventListener("click", () => show(0));
  questions.forEach((question, i) => {
    question.querySelector("[data-next]")?.addEventListener("click", () => show(i + 1));
    question.querySelector("[data-back]").addEventListener("click", () => show(i - 1));
    question.querySelector("[data-skip]").addEventListener("click", () => {
      clear(question);
      if (i + 1 < questions.length) show(i + 1);
      else form.requestSubmit();
      keep();
    });
  });
  // Enter in a question means "next", not "send everything".
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.type !== "radio" || place === questions.length - 1) return;
    event.preventDefault();
    show(place + 1);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener("input", keep);
  form.addEventListener("click", keep);
  waiting.querySelector("[data-again]").addEventListener("click", send);
  document.querySelector("[data-look]").addEventListener("click", () => {
    window.clearTimeout(timer);
    isWaiting = false;
    keep();
    show(0);
  });
  window.addEventListener("online", () => isWaiting && send());
  document.addEventListener("visibilitychange", () => !document.hidden && isWaiting && send());

  const draft = readDraft(address);
  if (draft) {
    fill(draft.answers || {});
    isWaiting = Boolean(draft.isWaiting);
    show(Number.isInteger(draft.place) ? draft.place : -1, { focus: false });
    if (isWaiting) send();
    return;
  }
  show(-1, { focus: false });
  keep(); // so that this form can be found again on this phone
}

// After a refusal every question is shown at once, with the messages and what was typed.
if (!refused) begin();
