// What is said under a topic's words wherever it stands on the console: its translations, what was joined to it, what it waits for.

import { el } from "../dom.js";

// A part of a topic that is whole again: nothing of it is shown.
export const isPutTogether = (topic) => Boolean(topic.merged_into_id) && topic.merged_into_id === topic.split_from_id;

export const joinedTo = ({ room }, id) => [...room.topics.values()].filter((topic) => topic.state === "merged" && topic.merged_into_id === id && !isPutTogether(topic));

const HIDDEN = { asked: "hidden_asked", personal: "hidden_personal", alarm: "hidden_alarm" };

// Which kind of personal detail it may be, where the server could tell.
const HOLDS = { email: "holds_email", phone: "holds_phone", number: "holds_number", birth_date: "holds_birth_date", address: "holds_address", name: "holds_name" };

export const holdsWords = ({ say }, kind) => say(HOLDS[kind] || "hidden_personal");

const hiddenWords = (text, because, holds) => (because === "personal" ? holdsWords(text, holds) : text.say(HIDDEN[because]));

function small(kit, label, act, attributes) {
  return el("button", { type: "button", class: "gv-linkbutton", "data-do": act, "data-key": act, ...attributes }, label);
}

function languageName(ours, theirs) {
  try {
    return new Intl.DisplayNames([ours], { type: "language" }).of(theirs);
  } catch {
    return theirs;
  }
}

const HERE = new Set(["arrived", "attended"]);
const COMING = new Set(["invited", "offered", "confirmed"]);
const isHere = (person) => Boolean(person) && (HERE.has(person.state) || person.phone_live);

// Whether it still has to be heard; of somebody who is not in the room, that they are not. Before the first has arrived nobody is missed.
export function heardNote(kit, topic) {
  const { room, text } = kit;
  if (!topic.not_heard_yet) return null;
  const authors = [topic, ...joinedTo(kit, topic.id)].map((each) => room.people.get(each.author_seat_id));
  const begun = room.run.state === "open" && [...room.people.values()].some(({ state }) => HERE.has(state));
  if (!begun || authors.some(isHere)) return text.say("not_heard_yet");
  return text.say(authors.some((person) => person && COMING.has(person.state)) ? "not_here_yet" : "not_here_today");
}

function translation(kit, topic, { language, words, by, hidden_because: hidden, holds }) {
  const { data, text, waits } = kit;
  const { say } = text;
  const name = languageName(data.language, language);
  return el(
    "p", { class: "gv-note live-translation", "data-key": `lang-${language}` }, el("span", {}, `${name}: `), el("span", { lang: language, dir: "auto" }, `“${words}”`), ` ${say("translated_by", { name: by })} `, hidden ? [el("strong", { class: "gv-tag gv-tag--amber" }, hiddenWords(text, hidden, holds)), " "] : null,
    hidden === "personal"
      ? [
          small(kit, say("show_anyway"), "show", {
            "data-topic": topic.id, "aria-label": say("show_language_which", { language: name, words: topic.words }), "aria-disabled": waits("agenda:show", topic.id) ? "true" : null,
          }), " ",
        ]
      : null,
    small(kit, say("take_away"), "drop-translation", {
      "data-topic": topic.id, "data-language": language, "aria-label": say("take_away_which", { language: name, words: topic.words }),
      "aria-disabled": waits("agenda:drop_translation", topic.id) ? "true" : null,
    }),
  );
}

function joined(kit, topic) {
  const { say } = kit.text;
  return el(
    "p", { class: "gv-note", "data-key": `joined-${topic.id}` }, `${say("joined_here", { name: topic.author })} `, el("span", { lang: topic.language, dir: "auto" }, `“${topic.words}”`), " ",
    small(kit, say("keep_apart"), "unmerge", { "data-topic": topic.id, "aria-label": say("keep_apart_which", { words: topic.words }), "aria-disabled": kit.waits("agenda:unmerge", topic.id) ? "true" : null }),
  );
}

export function details(kit, topic) {
  const { room, text, waits, stale } = kit;
  const { say, clock } = text;
  const whole = topic.split_from_id ? room.topics.get(topic.split_from_id) : null;
  const open = ["planned", "open"].includes(room.run.state);
  return [
    topic.hidden_because ? el("p", { class: "gv-note", "data-key": "hidden" }, el("strong", { class: "gv-tag gv-tag--amber" }, hiddenWords(text, topic.hidden_because, topic.holds)), " ", say(`${HIDDEN[topic.hidden_because]}_note`, { name: topic.author })) : null,
    topic.held_until && !stale() ? el("p", { class: "gv-note", "data-key": "held" }, el("strong", {}, say("held", { name: topic.held_for, time: clock(Math.max(room.now(), new Date(topic.held_until))) }))) : null,
    topic.suggested_words ? el("p", { class: "gv-note", dir: "auto", "data-key": "suggested" }, say("words_suggested", { name: topic.author, words: topic.suggested_words })) : null,
    topic.carried && topic.still_matters !== null && topic.still_matters !== undefined ? el("p", { class: "gv-note", "data-key": "matters" }, say(topic.still_matters ? "still_matters" : "matters_no_more", { name: topic.author })) : null,
    (topic.translations || []).map((each) => translation(kit, topic, each)),
    joinedTo(kit, topic.id).map((each) => joined(kit, each)),
    whole && open
      ? el(
          "p", { class: "gv-note", "data-key": "part" }, `${say("part_of")} `, el("span", { lang: whole.language, dir: "auto" }, `“${whole.words}”`), " ",
          small(kit, say("unsplit"), "unsplit", { "data-topic": whole.id, "aria-label": say("unsplit_which", { words: whole.words }), "aria-disabled": waits("agenda:unsplit", whole.id) ? "true" : null }),
        )
      : null,
  ];
}

// "More": the acts that are needed less often, one row further down.
export function moreButton({ ui, text, button }, topic) {
  return button(text.say("more"), "more", { small: true, "data-key": "more", "data-topic": topic.id, "aria-expanded": String(ui.more === topic.id), "aria-label": text.say("more_which", { words: topic.words }) });
}

const JOINABLE = new Set(["new", "planned", "parked"]);
export const canJoin = (topic) => topic.route !== "one_on_one" && !topic.hidden_because && JOINABLE.has(topic.state);

export function moreActs(kit, topic, without = []) {
  const { ui, text, waits, button } = kit;
  const { say } = text;
  if (ui.more !== topic.id) return null;
  const hidden = Boolean(topic.hidden_because);
  const acts = [
    hidden ? null : ["ask_privately", "open-ask", "agenda:ask_privately"],
    topic.hidden_because === "alarm" ? null : ["suggest_words", "open-suggest", "agenda:suggest_words"],
    canJoin(topic) ? ["join_with", "open-join", "agenda:merge"] : null,
    hidden ? null : ["split", "open-split", "agenda:split"],
    ["park", "park", "agenda:park"],
    ["decline", "open-decline", "agenda:decline"],
  ];
  return el(
    "div", { class: "gv-buttons live-more", role: "group", "aria-label": say("more_which", { words: topic.words }), "data-key": "more-acts" },
    acts.filter((each) => each && !without.includes(each[0])).map(([key, act, name]) => button(say(key), act, { "data-key": act, "data-topic": topic.id, "aria-label": say(`${key}_which`, { words: topic.words }), waiting: waits(name, topic.id) })),
  );
}

export const detailActs = (kit) => ({
  more: ({ dataset }) => (kit.ui.more = kit.ui.more === dataset.topic ? null : dataset.topic),
  unmerge: ({ dataset }) => kit.act("agenda:unmerge", dataset.topic),
  unsplit: ({ dataset }) => kit.act("agenda:unsplit", dataset.topic),
  show: ({ dataset }) => kit.act("agenda:show", dataset.topic),
  "drop-translation": ({ dataset }) => kit.room.do("agenda:drop_translation", { topic_id: dataset.topic, language: dataset.language }),
});
