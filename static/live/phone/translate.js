// A topic in other languages: under its own words, never instead of them; and a way to add one.

import { el } from "../dom.js";
import { clearCheck, mayGo } from "./check.js";
import { emergency, note } from "./kit.js";
import { OVER } from "./topics.js";

const nameOf = (code, { languages }) => languages.find(([each]) => each === code)?.[1] || code;

export function translationsOf(topic, { data }) {
  return (topic?.translations || []).map(({ language, words }) =>
    el("p", { class: "gv-note live-translation", "data-key": `in ${language}` }, `${nameOf(language, data)}: `, el("span", { lang: language, dir: "auto" }, words)),
  );
}

function missing(topic, { data }) {
  const there = new Set([topic.language, ...topic.translations.map(({ language }) => language)]);
  return data.languages.filter(([code]) => !there.has(code));
}

export function translatePart(topic, kit) {
  const { data, text, pending, isOver, slow } = kit;
  const { say } = text;
  const record = pending("agenda:translate").find((each) => each.body.topic_id === topic.id);
  if (record) return note(say(slow(record) ? "translation_waits" : "sending"));
  const choices = missing(topic, kit);
  if (!choices.length || isOver() || OVER.has(topic.state)) return null;
  const id = `in-${topic.id}`;
  const usual = choices.some(([code]) => code === data.language) ? data.language : choices[0][0];
  const label = say("translate_which", { words: topic.words });
  return el(
    "details", { class: "live-fold", "data-key": `translate ${choices.map(([code]) => code).join(" ")}` }, el("summary", { "aria-label": label }, say("translate")),
    el(
      "form", { "data-own": true, "data-act": "translate", "data-topic": topic.id, novalidate: true }, emergency(kit),
      el("label", { class: "nhsuk-label", for: `${id}-language` }, say("translate_language")),
      el("select", { class: "nhsuk-select", id: `${id}-language`, name: "language" }, choices.map(([code, name]) => el("option", { value: code, lang: code, selected: code === usual }, name))),
      el("label", { class: "nhsuk-label", for: id }, say("translate_words")),
      el("textarea", { class: "nhsuk-textarea", id, name: "words", rows: 2, maxlength: 300, dir: "auto" }),
      el("button", { class: "nhsuk-button nhsuk-button--secondary gv-button--small", type: "submit", "data-anyway": say("send_anyway") }, say("translate_add")),
    ),
  );
}

export const translateForms = (kit) => ({
  translate(form) {
    const words = form.elements.words.value.trim();
    const { topic } = form.dataset;
    if (!words) form.elements.words.focus();
    else if (mayGo(form, words, kit)) {
      clearCheck(form);
      kit.room.do("agenda:translate", { topic_id: topic, language: form.elements.language.value, words }, { words });
    }
  },
});
