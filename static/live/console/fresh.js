// The left of the console: topics that came in and wait to be sorted.

import { el, show } from "../dom.js";
import { agendaOf } from "./agenda.js";

function topicNote({ text, stale }, topic) {
  const { say, count, clock } = text;
  return el(
    "p", { class: "gv-note" }, stale() ? say("name_only", { name: topic.author }) : say("who_when", { name: topic.author, time: clock(topic.proposed_at) }),
    topic.supports ? ` ${count("said_me_too", topic.supports)}.` : "", topic.carried ? ` ${say("carried")}` : "",
    topic.not_heard_yet ? [" ", el("strong", {}, say("not_heard_yet"))] : null,
  );
}

export function drawNew(kit) {
  const { room, text, waits, button, place } = kit;
  const { say, count } = text;
  const { fresh, alone, all } = agendaOf(kit);
  const canAct = ["planned", "open"].includes(room.run.state);
  show(
    place("new"),
    el("div", { class: "gv-console__head" }, el("h2", {}, say("new_topics")), fresh.length ? el("span", { class: "gv-quiet" }, say("to_sort", { n: fresh.length })) : null),
    fresh.map((topic, i) =>
      el(
        "div", { class: "gv-card gv-card--plain", "data-key": topic.id },
        el("h3", { lang: topic.language, dir: "auto" }, topic.words), topicNote(kit, topic),
        canAct
          ? el(
              "div", { class: "gv-buttons" },
              button(say("put_on_agenda"), "plan", { "data-key": "plan", kind: i === 0 ? "primary" : "secondary", "data-topic": topic.id, "aria-label": say("put_on_agenda_which", { words: topic.words }), waiting: waits("agenda:plan", topic.id) }),
              button(say("park"), "park", { "data-key": "park", "data-topic": topic.id, "aria-label": say("park_which", { words: topic.words }), waiting: waits("agenda:park", topic.id) }),
            )
          : null,
      ),
    ),
    fresh.length ? null : el("p", { class: "gv-quiet", "data-key": "none" }, all.length ? say("no_new") : say("no_topics")),
    alone.length ? el("p", { class: "gv-quiet", "data-key": "alone" }, count("one_on_one", alone.length)) : null,
    canAct ? button(say("add_for"), "open-add", { "data-key": "add", small: false, waiting: waits("agenda:propose_for") }) : null,
  );
}
