// Changing one's own topic: other words until somebody says "me too", and whether it is for the group.

import { el } from "../dom.js";
import { clearCheck, mayGo } from "./check.js";
import { begunIn, button, emergency } from "./kit.js";

export function editPart(topic, kit) {
  const { room, text, pending, isOver } = kit;
  const { say } = text;
  const open = ["new", "planned"].includes(topic.state);
  const busy = topic.withdrawing || topic.rewording || pending("agenda:route").some((record) => record.body.topic_id === topic.id);
  const begun = begunIn(`form[data-act="reword"][data-topic="${topic.id}"]`);
  if (busy || (!begun && (!open || isOver() || topic.is_asked))) return null;
  const id = `change-${topic.id}`;
  const alone = topic.route === "one_on_one";
  const moves = alone ? !room.run.only_one_on_ones : true;
  const key = begun ? begun.dataset.key : `change ${topic.route} ${topic.can_reword} ${topic.words}`; // other words or another way: a form of its own
  return el(
    "details", { class: "live-fold", "data-key": key },
    el("summary", { "aria-label": say("change_which", { words: topic.words }) }, say("change")),
    topic.can_reword || begun
      ? el(
          "form", { "data-own": true, "data-key": "words", "data-act": "reword", "data-topic": topic.id, "data-route": topic.route, novalidate: true }, emergency(kit),
          el("label", { class: "nhsuk-label", for: id }, say("change_words")),
          el("textarea", { class: "nhsuk-textarea", id, name: "words", rows: 2, maxlength: 300, dir: "auto" }, topic.words),
          el("button", { class: "nhsuk-button nhsuk-button--secondary gv-button--small", type: "submit", "data-anyway": say("save_anyway") }, say("change_save")),
        )
      : el("p", { class: "gv-note" }, say("change_supported")),
    moves
      ? button(say(alone ? "change_to_group" : "change_to_one_on_one"), "route", {
          class: "nhsuk-button nhsuk-button--secondary gv-button--small", "data-key": "route", "data-topic": topic.id, "data-route": alone ? "group" : "one_on_one",
        })
      : null,
  );
}

export const editForms = (kit) => ({
  reword(form) {
    const words = form.elements.words.value.trim();
    if (!words) {
      form.elements.words.focus();
    } else if (form.dataset.route !== "group" || mayGo(form, words, kit)) {
      clearCheck(form);
      kit.room.do("agenda:reword", { topic_id: form.dataset.topic, words }, { words });
    }
  },
});
