// One's own topics, each with what became of it and what can still be done with it.

import { el } from "../dom.js";
import { fate } from "./fate.js";
import { button, note, tag, wordsIn } from "./kit.js";
import { myTopics } from "./topics.js";

function takeBackPart(topic, { ui, text, isOver }) {
  const { say } = text;
  if (isOver() || topic.withdrawing || !["new", "planned"].includes(topic.state)) return null;
  if (ui.sure !== topic.id) {
    return el(
      "button", { type: "button", class: "gv-linkbutton live-take-back", "data-key": "back", "data-do": "take-back", "data-topic": topic.id, "aria-label": say("take_back_which", { words: topic.words }) },
      say("take_back"),
    );
  }
  const small = "nhsuk-button nhsuk-button--secondary gv-button--small";
  return el(
    "div", { class: "gv-buttons", "data-key": "sure" }, el("p", {}, say("take_back_sure")),
    button(say("take_back_yes"), "take-back-yes", { class: small, "data-topic": topic.id, "data-key": "yes" }),
    button(say("take_back_no"), "take-back-no", { class: small, "data-topic": topic.id, "data-key": "no" }),
  );
}

function ownRow(topic, kit) {
  const became = fate(topic, kit);
  return el(
    "li", { class: "gv-row", "data-key": topic.id },
    el(
      "div", { class: "gv-row__body" }, el("p", { class: "gv-row__title" }, wordsIn(topic)), tag(became.kind, became.text),
      became.note ? el("p", { class: "gv-note", dir: "auto" }, became.note) : null,
      topic.withdrawing ? note(kit.text.say("waits_take_back", { words: topic.words })) : null, takeBackPart(topic, kit),
    ),
  );
}

export function drawOwn(kit) {
  const topics = myTopics(kit);
  if (!topics.length) {
    kit.show("own");
    return;
  }
  const title = kit.text.say(kit.room.run.state === "planned" ? "your_topics" : "became_of_yours");
  kit.show("own", el("h2", {}, title), el("ul", { class: "gv-rows" }, topics.map((topic) => ownRow(topic, kit))));
}

export function ownActs({ room, ui, focusAfter }) {
  return {
    "take-back": ({ dataset: { topic } }) => focusAfter(() => (ui.sure = topic), `[data-do="take-back-yes"][data-topic="${topic}"]`),
    "take-back-no": ({ dataset: { topic } }) => focusAfter(() => (ui.sure = null), `[data-do="take-back"][data-topic="${topic}"]`),
    "take-back-yes"({ dataset: { topic: id } }) {
      const topic = room.me.topics.find((own) => own.id === id);
      ui.sure = null;
      if (topic) room.do("agenda:take_back", { topic_id: id }, { words: topic.words });
    },
  };
}
