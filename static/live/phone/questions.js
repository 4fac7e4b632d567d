// What the clinic asks this person: alone or in the group, other words, and the silent question to the room.
// No answer is the usual one, and all buttons of a question look alike.

import { el } from "../dom.js";
import { button, card, choices, note, wordsIn } from "./kit.js";
import { inOwnLanguage } from "./translate.js";

const POLL = { keep_going: "poll_keep_going", move_on: "poll_move_on", park: "poll_park" };

const pendingFor = ({ pending }, name, id) => pending(name).findLast((record) => Object.values(record.body).includes(id));

function sendingNote(record, { text, slow }) {
  return record ? note(text.say(slow(record) ? "answer_waits" : "sending")) : null;
}

function openPoll({ room, isOver }) {
  const { poll } = room.run;
  const topic = poll && room.topics.get(poll.topic_id);
  return topic && !isOver() ? { poll, topic } : null;
}

function pollCard(kit) {
  const found = openPoll(kit);
  if (!found || kit.stale()) return null;
  const { say } = kit.text;
  const { poll, topic } = found;
  const record = pendingFor(kit, "live:answer_poll", poll.id);
  const given = record ? record.body.answer : kit.room.me.poll_answer;
  const answer = ([value, key]) =>
    button(say(key), "answer-poll", { "data-key": value, "data-poll": poll.id, "data-answer": value, "aria-pressed": given === value ? "true" : "false" });
  return el(
    "div", { class: "gv-card gv-card--now", "data-key": `poll ${poll.id}` }, el("h2", { tabindex: "-1" }, say("poll_title")), el("p", {}, wordsIn(topic)), inOwnLanguage(topic, kit),
    choices(Object.entries(POLL).map(answer), { three: true }), sendingNote(record, kit) || note(say(given ? "poll_thanks" : "poll_note")),
  );
}

export function askQuestion({ room, text }) {
  const provider = room.me.slot?.provider;
  return provider ? text.say("ask_question_with", { provider }) : text.say("ask_question");
}

function askedCard(topic, kit) {
  const { say } = kit.text;
  const record = pendingFor(kit, "agenda:route", topic.id);
  const answer = (route, key) => button(say(key), "route", { "data-key": route, "data-topic": topic.id, "data-route": route, "aria-disabled": record ? "true" : null });
  return el(
    "div", { class: "gv-card gv-card--now", "data-key": `asked ${topic.id}` }, el("h2", { tabindex: "-1" }, askQuestion(kit)), el("p", {}, wordsIn(topic)),
    choices([answer("one_on_one", "ask_alone"), answer("group", "ask_group")]), sendingNote(record, kit) || note(say("ask_hidden")),
  );
}

function suggestedCard(topic, kit) {
  const { say } = kit.text;
  const record = pendingFor(kit, "agenda:agree_words", topic.id);
  const answer = (agree, key) =>
    button(say(key), "agree-words", { "data-key": key, "data-topic": topic.id, "data-agree": agree ? "yes" : "no", "aria-disabled": record ? "true" : null });
  return el(
    "div", { class: "gv-card gv-card--now", "data-key": `words ${topic.id}` }, el("h2", { tabindex: "-1" }, say("suggest_title")),
    el("dl", { class: "live-both" }, el("dt", {}, say("suggest_yours")), el("dd", {}, wordsIn(topic)), el("dt", {}, say("suggest_new")), el("dd", {}, el("span", { dir: "auto" }, topic.suggested_words))),
    choices([answer(true, "suggest_use"), answer(false, "suggest_keep")]), sendingNote(record, kit) || note(say("suggest_note")),
  );
}

function asking({ room, isOver }) {
  if (isOver()) return { asked: [], suggested: [] };
  return { asked: room.me.topics.filter((topic) => topic.is_asked), suggested: room.me.topics.filter((topic) => topic.suggested_words && !topic.is_asked) };
}

export function drawQuestions(kit) {
  const { asked, suggested } = asking(kit);
  kit.show("questions", asked.map((topic) => askedCard(topic, kit)), suggested.map((topic) => suggestedCard(topic, kit)), pollCard(kit));
}

// A question that has come is said once, politely.
export function tellQuestions(kit) {
  const { ui, text, voice } = kit;
  const { asked, suggested } = asking(kit);
  const poll = openPoll(kit);
  const open = new Map([
    ...asked.map((topic) => [`asked ${topic.id}`, () => askQuestion(kit)]),
    ...suggested.map((topic) => [`words ${topic.id}`, () => text.say("suggest_title")]),
    ...(poll ? [[`poll ${poll.poll.id}`, () => `${text.say("poll_title")} ${poll.topic.words}`]] : []),
  ]);
  for (const [key, sentence] of open) {
    if (ui.asked && !ui.asked.has(key)) voice.say(sentence());
  }
  ui.asked = new Set(open.keys());
}

export function questionActs({ room }) {
  const about = (id) => ({ words: room.me.topics.find((topic) => topic.id === id)?.words });
  return {
    "answer-poll": ({ dataset }) => room.do("live:answer_poll", { poll_id: dataset.poll, answer: dataset.answer }),
    route: ({ dataset }) => room.do("agenda:route", { topic_id: dataset.topic, route: dataset.route }, about(dataset.topic)),
    "agree-words": ({ dataset }) => room.do("agenda:agree_words", { topic_id: dataset.topic, agree: dataset.agree === "yes" }, about(dataset.topic)),
    "still-matters": ({ dataset }) => room.do("agenda:still_matters", { topic_id: dataset.topic, matters: dataset.matters === "yes" }, about(dataset.topic)),
    "keep-apart": ({ dataset }) => room.do("agenda:keep_apart", { topic_id: dataset.topic }, about(dataset.topic)),
  };
}
