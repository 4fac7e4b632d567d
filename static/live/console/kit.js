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

  // What the page itself remembers; everything else is the room's.
  const ui = {
    minutes: new Map(), // chosen for topics not yet started
    order: null, // how this person has just ordered, until the clinic says the same
    orderVersion: Infinity,
    shownOrder: [],
    follow: null, // the version that brings the order this person asked back
    touching: false, // the pointer is over the agenda
    refused: [],
    undo: null, // {text, act, label, topic, until}
    guestErrors: new Set(),
    knownNew: null,
    knownGuests: new Set(),
    minutesLeft: null,
    keys: keysAreOn(),
  };

  return {
    data, text, room, ui, place, draw,
    voice: announcer(place("voice"), place("voice-urgent")),
    stale: () => room.age() >= STALE_AFTER,
    // Whether such a command is on its way; with an id, one about that.
    waits: (name, id) => room.queue.waiting.some((record) => record.name === name && (id === undefined || Object.values(record.body).includes(id))),
    button: (label, act, { kind = "secondary", small = true, waiting = false, ...attributes } = {}) =>
      el(
        "button",
        {
          type: "button", class: `nhsuk-button${kind === "primary" ? "" : ` nhsuk-button--${kind}`}${small ? " gv-button--small" : ""}`, "data-do": act,
          "aria-disabled": waiting ? "true" : null, ...attributes,
        },
        label,
      ),
    offerUndo: (undo) => (ui.undo = { ...undo, until: performance.now() + UNDO_FOR }),
  };
}
