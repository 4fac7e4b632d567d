// Everything the parts of the phone's page need to draw themselves and to act.

import { announcer, el, show } from "../dom.js";
import { Room } from "../protocol.js";
import { wordsOf } from "../words.js";

const STALE_AFTER = 30;
const SLOW = 1500; // a thing that waits longer than this is said to wait

// `draw` draws the whole page again.
export function makeKit(data, draw) {
  const place = (id) => document.getElementById(id);
  const room = new Room({ ...data, audience: "patient" });

  // What the page itself remembers; everything else is the room's.
  const ui = {
    shown: null, // ids of the group's topics in the order the person sees them
    allShown: false,
    sure: null, // the topic about to be taken back
    sent: [], // received by the clinic, but not yet in what it tells
    refused: [], // {title, reason} to read and close
    back: 0, // how many things reached the clinic after a time without connection
    cutOff: false, // there was no connection, and what waited then is not yet all there
    waitedOffline: 0,
    wasCalled: null,
    listed: [], // the topics of the group that are shown; it does not change under a finger
    news: 0, // new topics told so far
    fates: null, // what was told of one's own topics
    asked: null, // which questions were told
  };

  const kit = {
    data, room, ui, place, draw,
    text: wordsOf(data),
    voice: announcer(place("voice"), place("voice-urgent")),
    show: (id, ...content) => show(place(id), ...content),
    stale: () => room.age() >= STALE_AFTER,
    isOver: () => ["closed", "cancelled"].includes(room.run.state),
    slow: (record) => !room.connected || Date.now() - record.saved_at > SLOW,
    pending: (name) => room.queue.waiting.filter((record) => record.name === name),
    // A button that goes away hands the focus to what it led to, so that a keyboard or a reader's voice is not thrown to the top.
    focusAfter(change, selector) {
      change();
      draw();
      const found = [...document.querySelectorAll(selector)];
      (found.find((element) => element.matches("button, input, textarea")) || found[0])?.focus({ preventScroll: true });
    },
  };
  return kit;
}

// ---- small parts ----

export const note = (...text) => el("p", { class: "gv-note" }, text.filter(Boolean).join(" "));

export const tag = (kind, text) =>
  el("strong", { class: `gv-tag gv-tag--${kind}` }, kind === "green" ? el("span", { "aria-hidden": "true" }, "✓ ") : null, text);

export const wordsIn = (topic) => el("span", { lang: topic.language, dir: "auto" }, topic.words);

export const linkButton = (text, act, attributes) => el("button", { type: "button", class: "gv-linkbutton", "data-do": act, ...attributes }, text);

export const button = (text, act, { kind = "secondary", ...attributes } = {}) =>
  el("button", { type: "button", class: `nhsuk-button nhsuk-button--${kind}`, "data-do": act, ...attributes }, text);

// Two or three answers of which none is the usual one: all look alike.
export const choices = (buttons, { three = false } = {}) => el("div", { class: `live-choices${three ? " live-choices--three" : ""}`, "data-key": "choices" }, buttons);

// The fold in which somebody has begun to write, if they have: it stays as it is until they send it or empty it, whatever others do meanwhile.
export function begunIn(form) {
  const box = document.querySelector(`${form} textarea`);
  return box && box.value !== box.defaultValue ? box.closest("details") : null;
}

// At every box for free text.
export function emergency({ room, text }) {
  const { emergency_number: number } = room.run;
  return el("p", { class: "gv-emergency" }, number ? text.say("emergency_number", { number }) : text.say("emergency"));
}

export const card = (kind, title, ...content) => el("div", { class: `gv-card gv-card--${kind}` }, title ? el("h2", {}, title) : null, content);
