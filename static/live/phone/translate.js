// A topic in other languages: under its own words, never instead of them; a way to add one, and to change one's own.

import { el } from "../dom.js";
import { clearCheck, mayGo } from "./check.js";
import { begunIn, emergency, linkButton, note, wordsIn } from "./kit.js";
import { OVER } from "./topics.js";

const nameOf = (code, { languages }) => languages.find(([each]) => each === code)?.[1] || code;

// Its words in the reader's language, where somebody has added them.
export function inOwnLanguage(topic, { data }) {
  const other = topic.translations?.find(({ language }) => language === data.language);
  return other ? el("p", { class: "live-in-own", "data-key": "in own language" }, wordsIn(other)) : null;
}

// What this person wrote under a topic, also what waits until somebody has looked at it.
const ownOf = (topic, { room }) => room.me.translated.filter(({ topic_id }) => topic_id === topic?.id);

export function translationsOf(topic, kit) {
  const { data, text } = kit;
  const line = ({ language, words, is_checked: waits }) =>
    el(
      "p", { class: "gv-note live-translation", "data-key": `in ${language}` }, `${nameOf(language, data)}: `, el("span", { lang: language, dir: "auto" }, words),
      waits ? ` ${text.say("checked")}` : null,
    );
  return [...(topic?.translations || []), ...ownOf(topic, kit).filter((own) => own.is_checked)].map(line);
}

function missing(topic, kit) {
  const there = new Set([topic.language, ...[...topic.translations, ...ownOf(topic, kit)].map(({ language }) => language)]);
  return kit.data.languages.filter(([code]) => !there.has(code));
}

function ownPart(topic, { language, words }, kit) {
  const { data, text, pending } = kit;
  const { say } = text;
  const id = `own-${topic.id}-${language}`;
  const name = nameOf(language, data);
  const begun = begunIn(`form[data-act="translate"][data-topic="${topic.id}"][data-language="${language}"]`);
  const going = pending("agenda:drop_translation").some(({ body }) => body.topic_id === topic.id && body.language === language);
  return el(
    "details", { class: "live-fold", "data-key": begun ? begun.dataset.key : `own ${language} ${words}` }, el("summary", { "aria-label": say("translation_change_which", { language: name, words: topic.words }) }, say("translation_change", { language: name })),
    el(
      "form", { "data-own": true, "data-act": "translate", "data-key": "words", "data-topic": topic.id, "data-language": language, novalidate: true }, emergency(kit),
      el("input", { type: "hidden", name: "language", value: language }),
      el("label", { class: "nhsuk-label", for: id }, say("change_words")),
      el("textarea", { class: "nhsuk-textarea", id, name: "words", rows: 2, maxlength: 300, dir: "auto", lang: language }, words),
      el("button", { class: "nhsuk-button nhsuk-button--secondary gv-button--small", type: "submit", "data-anyway": say("save_anyway") }, say("change_save")),
    ),
    linkButton(say("translation_drop"), "drop-translation", {
      "data-key": "drop", "data-topic": topic.id, "data-language": language, "aria-disabled": going ? "true" : null, "aria-label": say("translation_drop_which", { language: name, words: topic.words }),
    }),
  );
}

export function translatePart(topic, kit) {
  const { text, pending, isOver, slow } = kit;
  const { say } = text;
  const record = pending("agenda:translate").find((each) => each.body.topic_id === topic.id);
  if (record) return note(say(slow(record) ? "translation_waits" : "sending"));
  const begun = begunIn(`form[data-act="translate"][data-topic="${topic.id}"]:not([data-language])`);
  if (isOver() || OVER.has(topic.state)) return begun ? addPart(topic, begun, kit) : null;
  return [ownOf(topic, kit).map((own) => ownPart(topic, own, kit)), addPart(topic, begun, kit)];
}

function addPart(topic, begun, kit) {
  const { data, text } = kit;
  const { say } = text;
  const choices = missing(topic, kit);
  if (!choices.length && !begun) return null;
  const id = `in-${topic.id}`;
  const usual = choices.some(([code]) => code === data.language) ? data.language : choices[0]?.[0];
  const label = say("translate_which", { words: topic.words });
  return el(
    "details", { class: "live-fold", "data-key": begun ? begun.dataset.key : `translate ${choices.map(([code]) => code).join(" ")}` }, el("summary", { "aria-label": label }, say("translate")),
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

export const translateActs = ({ room }) => ({
  "drop-translation"({ dataset: { topic, language } }) {
    const words = room.me.translated.find((own) => own.topic_id === topic && own.language === language)?.words;
    room.do("agenda:drop_translation", { topic_id: topic, language }, { words });
  },
});

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
