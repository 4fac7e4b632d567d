// A few minutes in which phones and wall ask for topics.

import { el } from "../dom.js";

const CHOICES = [3, 5, 10];

export function drawGather({ room, text, stale, waits, button }) {
  const { say, clock, count } = text;
  const { gathering_until: until, state } = room.run;
  if (state !== "open") return null;
  if (until && new Date(until) > room.now()) {
    return el(
      "div", { class: "gv-card gv-card--tint", "data-key": "gathering" }, el("p", {}, stale() ? say("gathering") : say("gathering_until", { time: clock(until) })),
      button(say("end_gathering"), "end-gather", { "data-key": "end", waiting: waits("live:gather") }),
    );
  }
  return el(
    "div", { class: "live-gather", "data-key": "gather" },
    el("select", { class: "nhsuk-select live-minutes", id: "gather-minutes", "data-key": "minutes", "aria-label": say("gather_minutes") }, CHOICES.map((n) => el("option", { value: n, selected: n === 5 }, count("n_minutes", n)))),
    button(say("gather"), "gather", { "data-key": "go", waiting: waits("live:gather") }),
  );
}

export const gatherActs = ({ room, place }) => ({
  gather: () => room.do("live:gather", { minutes: Number(place("gather-minutes").value) }),
  "end-gather": () => room.do("live:gather", { minutes: 0 }),
});
