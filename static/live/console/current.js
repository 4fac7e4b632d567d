// What is talked about now: its words, its time, and the silent question to the room.

import { el } from "../dom.js";
import { minutesUntil } from "../words.js";
import { agendaOf } from "./agenda.js";
import { view } from "./lead.js";
import { details } from "./topic.js";

const ANSWERS = { keep_going: "poll_keep_going", move_on: "poll_move_on", park: "poll_park" };

function answers({ room, text, waits, button }, topic) {
  const { say, count } = text;
  const { poll } = room.run;
  if (!poll || poll.topic_id !== topic.id) return null;
  const given = poll.keep_going + poll.move_on + poll.park;
  const phones = [...room.people.values()].filter((person) => person.phone_live).length;
  return el(
    "div", { class: "gv-card gv-card--tint", "data-key": "poll" }, el("h3", {}, say("room_was_asked")),
    el("ul", { class: "live-answers" }, Object.entries(ANSWERS).map(([answer, key]) => el("li", { "data-key": answer }, `${say(key)} `, el("strong", {}, String(poll[answer]))))),
    el("p", { class: "gv-note" }, `${say("poll_given", { n: given, all: count("phones", Math.max(phones, given)) })} ${say("poll_silent")}`),
    button(say("end_poll"), "end-poll", { "data-key": "end-poll", "data-poll": poll.id, waiting: waits("live:end_poll") }),
  );
}

export function currentCard(current, kit) {
  const { room, text, stale, waits, button } = kit;
  const { say, count } = text;
  const { run } = room;
  if (!current) {
    const { planned, fresh, all } = agendaOf(kit);
    const hint = planned.length ? "nothing_now_start" : fresh.length ? "nothing_now_plan" : all.length ? "nothing_left" : "no_topics";
    return el("div", { class: "gv-card gv-card--now", "data-key": "nothing" }, el("h2", {}, say("nothing_now")), el("p", {}, say(hint)));
  }
  const total = new Date(run.topic_ends_at) - new Date(run.topic_started_at);
  const left = Math.max(0, new Date(run.topic_ends_at) - room.now());
  const minutes = minutesUntil(run.topic_ends_at, room.now());
  const leftText = minutes ? count("minutes_left", minutes) : say("time_is_up");
  const topic = { "data-topic": current.id };
  const asked = run.poll?.topic_id === current.id;
  return el(
    "div", { class: "gv-card gv-card--now", "data-key": current.id },
    el(
      "div", { class: "gv-console__head live-current-head" },
      el("p", {}, el("strong", { class: "gv-tag gv-tag--tint" }, say("talking_now")), " ", el("span", { class: "gv-quiet", dir: "auto" }, `${say("from_name", { name: current.author })} ${current.supports ? count("said_me_too", current.supports) : ""}`)),
      stale() ? null : el("p", { class: "gv-timeleft" }, leftText),
    ),
    el("h2", { class: "gv-big", lang: current.language, dir: "auto" }, current.words), details(kit, current),
    stale() ? null : el("progress", { class: "gv-bar", value: Math.round(left / 1000), max: Math.max(1, Math.round(total / 1000)), "aria-label": leftText }),
    view(kit) === "help"
      ? null
      : el(
          "div", { class: "gv-buttons" },
          button(say("finish"), "open-finish", { small: false, kind: "primary", "data-key": "finish", ...topic, waiting: waits("agenda:finish", current.id) }),
          button(say("five_more"), "extend", { small: false, "data-key": "extend", ...topic, waiting: waits("agenda:extend", current.id) }),
          // It stays where it is: Park must not slide under the finger.
          button(say("ask_the_room"), "ask-room", { small: false, "data-key": "ask-room", ...topic, waiting: asked || waits("live:ask_room", current.id) }),
          button(say("park"), "park", { small: false, "data-key": "park", ...topic, waiting: waits("agenda:park", current.id) }),
        ),
    answers(kit, current),
  );
}

export const pollActs = ({ room }) => ({
  "ask-room": ({ dataset }) => room.do("live:ask_room", { topic_id: dataset.topic }),
  "end-poll": ({ dataset }) => room.do("live:end_poll", { poll_id: dataset.poll }),
});
