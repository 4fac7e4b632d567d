// "Please tell me in person": besides what the phone says, somebody comes.

import { el } from "../dom.js";

export function wishPart({ room, text, pending }) {
  const { say } = text;
  const record = pending("live:wish").at(-1);
  const on = record ? record.body.in_person : Boolean(room.me.in_person);
  return el(
    "div", { class: "live-wish", "data-key": "wish" },
    el("button", { type: "button", class: "gv-metoo", "data-key": "button", "data-do": "wish", "data-on": on ? "no" : "yes", "aria-pressed": on ? "true" : "false" }, say("wish")),
    on ? el("p", { class: "gv-note" }, say("wish_on")) : null,
  );
}

export const wishActs = ({ room }) => ({
  wish: ({ dataset }) => room.do("live:wish", { in_person: dataset.on === "yes" }),
});
