// Everything the parts of the console need to draw themselves and to act.

import { announcer, el } from "../dom.js";
import { Room } from "../protocol.js";
import { wordsOf } from "../words.js";
import { keysAreOn } from "./keys.js";

export const STALE_AFTER = 30;
const UNDO_FOR = 10000;

// `draw` draws the whole page again.
export function makeKit(data, draw) {
  const place = (id) => document.getElementById(id);
  const text = wordsOf(data);
  const room = new Room({ ...data, audience: "facilitator" });
  const me = data.owner.split(":")[1];

  // What the page itself remembers; everything else is the room's.
  const ui = {
    minutes: new Map(), // chosen for topics not yet started
    order: null, // how this person has just ordered, until the clinic says the same
    orderVersion: Infinity,
    orderBase: 0, // the version of the visit that this order began with
    shownOrder: [],
    follow: null, // the version that brings the order this person asked back
    touching: false, // the pointer is over the agenda
    drag: null, // {id, to}: a row being dragged, and the place it would take
    more: null, // the topic whose further acts are shown
    pairs: null, // topics that may ask the same, once the clinic was asked
    apart: new Set(), // pairs this person said no to
    refused: [],
    conflicts: [], // acts that somebody else was faster with
    lines: new Map(), // topic → the version that brings the line this person has just written
    undo: null, // {of: the command it is about, text, buttons: [{act, label, topic}], until}
    everything: null, // whether all parts are shown; null: as fits this person's part in leading
    guestErrors: new Set(),
    knownNew: null,
    knownGuests: new Set(),
    minutesLeft: null,
    keys: keysAreOn(),
  };

  function button(label, act, { kind = "secondary", small = true, waiting = false, ...attributes } = {}) {
    const look = `nhsuk-button${kind === "primary" ? "" : ` nhsuk-button--${kind}`}${small ? " gv-button--small" : ""}`;
    return el("button", { type: "button", class: look, "data-do": act, "aria-disabled": waiting ? "true" : null, ...attributes }, label);
  }

  // An act on a topic says which state of it was looked at: what somebody else changed meanwhile is not done blindly.
  function act(name, id, more = {}, about = {}) {
    const rev = room.topics.get(id)?.rev;
    if (ui.more === id) ui.more = null;
    return room.do(name, { topic_id: id, ...more, ...(Number.isInteger(rev) ? { base_rev: rev } : {}) }, about);
  }

  // Whether such a command is on its way; with an id, one about that.
  const waits = (name, id) => room.queue.waiting.some((record) => record.name === name && (id === undefined || Object.values(record.body).includes(id)));

  return {
    data, text, room, ui, me, place, draw, button, act, waits,
    voice: announcer(place("voice"), place("voice-urgent")),
    stale: () => room.age() >= STALE_AFTER,
    offerUndo: (of, sentence, ...buttons) => (ui.undo = { of, text: sentence, buttons, until: performance.now() + UNDO_FOR }),
    // What was tapped without a connection is not said as if it were done.
    told: ({ of, text: sentence }) => (!room.connected && waits(of) ? text.say("once_back", { what: sentence }) : sentence),
  };
}
