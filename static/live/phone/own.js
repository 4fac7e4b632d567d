// One's own topics, each with what became of it and what can still be done with it.

import { el } from "../dom.js";
import { editPart } from "./edit.js";
import { fate } from "./fate.js";
import { button, choices, linkButton, note, tag, wordsIn } from "./kit.js";
import { speakPart } from "./speak.js";
import { myTopics } from "./topics.js";
import { translationsOf } from "./translate.js";

function takeBackPart(topic, { ui, text, isOver }) {
  const { say } = text;
  if (isOver() || topic.withdrawing || !["new", "planned"].includes(topic.state)) return null;
  if (ui.sure !== topic.id) {
    const label = say("take_back_which", { words: topic.words });
    return linkButton(say("take_back"), "take-back", { class: "gv-linkbutton live-take-back", "data-key": "back", "data-topic": topic.id, "aria-label": label });
  }
  const small = "nhsuk-button nhsuk-button--secondary gv-button--small";
  return el(
    "div", { class: "gv-buttons", "data-key": "sure" }, el("p", {}, say("take_back_sure")),
    button(say("take_back_yes"), "take-back-yes", { class: small, "data-topic": topic.id, "data-key": "yes" }),
    button(say("take_back_no"), "take-back-no", { class: small, "data-topic": topic.id, "data-key": "no" }),
  );
}

// A topic of an earlier visit: does it still matter? Who is joined to another one answers for their own.
function stillPart(topic, { text, pending, isOver }) {
  const { say } = text;
  const stands = ["new", "planned"].includes(topic.joined_to ? topic.joined_to.state : topic.state);
  if (!topic.carried || topic.still_matters !== null || isOver() || topic.withdrawing || !stands) return null;
  const waits = pending("agenda:still_matters").some((record) => record.body.topic_id === topic.id);
  const answer = (matters, key) =>
    button(say(key), "still-matters", {
      class: "nhsuk-button nhsuk-button--secondary gv-button--small", "data-key": key, "data-topic": topic.id, "data-matters": matters,
      "aria-label": say(`${key}_which`, { words: topic.words }), "aria-disabled": waits ? "true" : null,
    });
  return el("div", { class: "live-still", "data-key": "still" }, el("p", {}, say("still_question")), choices([answer("yes", "still_yes"), answer("no", "still_no")]));
}

function apartPart(topic, { text, pending, isOver }) {
  if (!topic.joined_to || isOver()) return null;
  const waits = pending("agenda:keep_apart").some((record) => record.body.topic_id === topic.id);
  return linkButton(text.say("keep_apart"), "keep-apart", {
    "data-key": "apart", "data-topic": topic.id, "aria-disabled": waits ? "true" : null, "aria-label": text.say("keep_apart_which", { words: topic.words }),
  });
}

function partLine(topic, { room, text }) {
  const whole = room.me.topics.find((own) => own.id === topic.split_from_id);
  return whole ? note(text.say("part_of", { words: whole.words })) : null;
}

function ownRow(topic, kit) {
  const { say } = kit.text;
  const became = fate(topic, kit);
  const inGroup = kit.room.topics.get(topic.id);
  return el(
    "li", { class: "gv-row", "data-key": topic.id },
    el(
      "div", { class: "gv-row__body" }, el("p", { class: "gv-row__title" }, wordsIn(topic)), translationsOf(inGroup, kit), tag(became.kind, became.text),
      became.lines.map((line) => el("p", { class: "gv-note", dir: "auto" }, line)), partLine(topic, kit),
      topic.withdrawing ? note(say("waits_take_back", { words: topic.words })) : null,
      stillPart(topic, kit),
      el("div", { class: "live-extras", "data-key": "extras" }, apartPart(topic, kit), inGroup?.words ? speakPart(inGroup, kit) : null, editPart(topic, kit), takeBackPart(topic, kit)),
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
  kit.show("own", el("h2", { tabindex: "-1" }, title), el("ul", { class: "gv-rows" }, topics.map((topic) => ownRow(topic, kit))));
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
