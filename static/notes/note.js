// The note's page: saves while somebody writes, keeps the words on this computer until the clinic has them, and says which is so.
//
// Nothing is kept here longer than needed: the copy on this computer goes as soon as the clinic has received the same words.
// A draft that was changed elsewhere is never overwritten; the page offers to compare the two.

const PAUSE = 2000; // after the last key
const AT_MOST = 10000; // while somebody writes without a pause
const AGAIN = 5000;
const TIMEOUT = 10000;

const form = document.getElementById("note");
const line = document.querySelector("[data-saved]");
const signedOutCard = document.querySelector("[data-note-signed-out]");
const troubleCard = document.querySelector("[data-trouble]");
const troubleText = document.querySelector("[data-trouble-text]");
const versionsCard = document.querySelector("[data-two-versions]");
const key = `groupvisits-note:${form.dataset.owner}:${form.dataset.note}`;

let savedText = JSON.stringify(read());
let savedAt = form.dataset.savedAt ? Date.now() - age(form.dataset.savedAt) : null;
let state = "saved"; // saved, writing, here (no connection), away (signed out), nowhere, refused, conflict
let reason = "";
let inFlight = null;
let timer = null;
let firstChangeAt = null;
let durable = true;

// ---- the words ----

function fields() {
  return Array.from(form.elements).filter((e) => e.name && !["csrf_token", "base_revision", "act"].includes(e.name));
}

function read() {
  const words = {};
  for (const element of fields()) {
    if (element.type !== "radio") words[element.name] = element.value.trim();
    else if (element.checked) words[element.name] = element.value;
  }
  return words;
}

function fill(words) {
  for (const element of fields()) {
    if (element.type === "radio") element.checked = words[element.name] === element.value;
    else if (element.name in words) element.value = words[element.name];
  }
  showAll();
}

function revision() {
  return Number(form.elements.base_revision.value);
}

// ---- this computer ----

function keepHere() {
  try {
    localStorage.setItem(key, JSON.stringify({ revision: revision(), words: read(), at: Date.now() }));
    durable = true;
  } catch {
    durable = false; // full or forbidden: the page says so when it matters
  }
}

function forgetHere() {
  try {
    localStorage.removeItem(key);
  } catch {
    // It was never kept.
  }
}

function keptHere() {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

// ---- the clinic ----

function changed() {
  keepHere();
  if (state === "conflict") return;
  if (state === "saved") become("writing");
  firstChangeAt ??= performance.now();
  const wait = Math.max(0, Math.min(PAUSE, AT_MOST - (performance.now() - firstChangeAt)));
  window.clearTimeout(timer);
  timer = window.setTimeout(save, wait);
}

function save() {
  inFlight ??= saveOnce().finally(() => {
    inFlight = null;
  });
  return inFlight;
}

async function saveOnce() {
  window.clearTimeout(timer);
  firstChangeAt = null;
  const words = read();
  const text = JSON.stringify(words);
  if (text === savedText || state === "conflict") {
    if (text === savedText) saved(text);
    return;
  }
  let answer;
  try {
    answer = await send(words);
    if (answer.code === "csrf" && (await renewToken())) answer = await send(words);
  } catch {
    answer = { status: 0 };
  }
  if (answer.ok) {
    form.elements.base_revision.value = answer.revision;
    savedText = text;
    savedAt = Date.now();
    saved(text);
  } else if (answer.code === "draft_changed") {
    become("conflict");
  } else if (answer.status === 401 || answer.code === "csrf") {
    become(durable ? "away" : "nowhere");
    timer = window.setTimeout(save, AGAIN * 3);
  } else if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    reason = answer.message || "";
    become("refused");
  } else {
    become(durable ? "here" : "nowhere");
    timer = window.setTimeout(save, AGAIN);
  }
}

async function send(words) {
  const stop = new AbortController();
  const limit = window.setTimeout(() => stop.abort(), TIMEOUT);
  try {
    const response = await fetch(form.dataset.draft, {
      method: "PUT",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
      body: JSON.stringify({ base_revision: revision(), ...words }),
      credentials: "same-origin",
      signal: stop.signal,
    });
    const body = await response.json();
    if (body.ok) return { ok: true, status: response.status, revision: body.result.revision };
    return { ok: false, status: response.status, code: body.error.code, message: body.error.message };
  } finally {
    window.clearTimeout(limit);
  }
}

function saved(text) {
  if (JSON.stringify(read()) === text) {
    forgetHere();
    become("saved");
  } else {
    become("writing");
    changed();
  }
}

function token() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

// The token ends with the browser session; whoever signed in again in another tab has a new one.
async function renewToken() {
  const response = await fetch(window.location.href, { credentials: "same-origin", cache: "no-store", headers: { "X-Background": "1" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("note") && page.querySelector('meta[name="csrf-token"]')?.content;
  if (!fresh || fresh === token()) return false;
  document.querySelector('meta[name="csrf-token"]').content = fresh;
  form.elements.csrf_token.value = fresh;
  return true;
}

// ---- what is so ----

function become(next) {
  state = next;
  versionsCard.classList.toggle("gv-hidden", state !== "conflict");
  signedOutCard.classList.toggle("gv-hidden", state !== "away");
  say();
}

function say() {
  const words = line.dataset;
  let sentence = "";
  if (state === "saved" && savedAt === null) return;
  if (state === "saved") {
    const seconds = Math.round((Date.now() - savedAt) / 1000);
    if (seconds < 3) sentence = words.now;
    else if (seconds < 120) sentence = words.seconds.replace("{n}", String(seconds < 10 ? seconds : seconds - (seconds % 10)));
    else sentence = words.minutes.replace("{n}", String(Math.floor(seconds / 60)));
  } else if (state === "refused") {
    sentence = words.refused.replace("{reason}", reason);
  } else {
    sentence = state === "conflict" ? words.writing : words[state];
  }
  if (line.textContent !== sentence) line.textContent = sentence;
  const isTrouble = ["here", "nowhere", "refused"].includes(state);
  troubleCard.classList.toggle("gv-hidden", !isTrouble);
  if (isTrouble && troubleText.textContent !== sentence) troubleText.textContent = sentence;
}

function age(iso) {
  return Math.max(0, Date.now() - new Date(iso).getTime());
}

// ---- writing ----

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 4}px`;
}

function showSureness() {
  const chosen = form.querySelector('input[name="plan_confidence"]:checked');
  const hint = document.querySelector("[data-not-sure]");
  hint.classList.toggle("gv-hidden", !chosen || Number(chosen.value) >= Number(hint.dataset.enough));
}

function showAll() {
  for (const area of form.querySelectorAll("textarea")) grow(area);
  showSureness();
}

form.addEventListener("input", (event) => {
  if (event.target.tagName === "TEXTAREA") grow(event.target);
  showSureness();
  changed();
});

for (const quote of document.querySelectorAll("[data-quote]")) {
  quote.hidden = false;
  const button = quote.querySelector("[data-use]");
  button.addEventListener("click", () => {
    const area = form.elements[button.dataset.use];
    const words = quote.querySelector("[lang]").textContent;
    area.value = area.value.trim() ? `${area.value.trim()}\n${words}` : words;
    grow(area);
    area.focus();
    changed();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.contains(event.target)) {
    event.preventDefault();
    form.querySelector('button[value="check"]').click();
  }
});

// The page's own buttons send everything; an autosave on its way goes first, so that this page does not conflict with itself.
document.addEventListener("submit", (event) => {
  if (event.target !== form || !inFlight) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = event.submitter;
  inFlight.finally(() => form.requestSubmit(button));
}, true);

window.addEventListener("online", () => state !== "saved" && save());
document.addEventListener("visibilitychange", () => document.hidden && state === "writing" && save());
window.setInterval(say, 1000);

// ---- coming back ----

showAll();
const kept = keptHere();
if (kept && JSON.stringify(kept.words) === savedText) {
  forgetHere();
} else if (kept) {
  fill(kept.words);
  if (kept.revision === revision()) {
    changed();
  } else {
    form.elements.base_revision.value = kept.revision;
    become("conflict");
  }
}
