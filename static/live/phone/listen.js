// "Today I am here to listen": a choice like any other, for this visit.

import { el } from "../dom.js";

export function drawListening({ room, text, show, pending }) {
  const { say } = text;
  if (!["planned", "open"].includes(room.run.state) || room.run.only_one_on_ones) {
    show("listening");
    return;
  }
  const record = pending("live:listen").at(-1);
  const on = record ? record.body.on : Boolean(room.me.listening);
  show(
    "listening",
    el("button", { type: "button", class: "gv-metoo", "data-key": "button", "data-do": "listen", "data-on": on ? "no" : "yes", "aria-pressed": on ? "true" : "false" }, say("listen")),
    on ? el("p", { class: "gv-note" }, say("listen_on")) : null,
  );
}

export const listenActs = ({ room }) => ({
  listen: ({ dataset }) => room.do("live:listen", { on: dataset.on === "yes" }),
});
