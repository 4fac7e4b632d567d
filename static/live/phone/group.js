// The group's topics with Me too. News waits behind a button, and order changes only when it is pressed.

import { el } from "../dom.js";
import { inOneLine } from "../words.js";
import { button, note, wordsIn } from "./kit.js";
import { groupOrder, isMine, OVER, supports } from "./topics.js";

const AT_FIRST = 10;

function groupNote(topic, mine, support, { text, stale }) {
  const { say, count } = text;
  const lines = [];
  if (mine) lines.push(say("yours"));
  else if (topic.author) lines.push(say("from", { name: topic.author }));
  const n = topic.supports;
  if (mine && n && !stale()) lines.push(count("others", n));
  if (!mine && support.on && !support.waits) {
    if (stale()) lines.push(say("with_you"));
    else lines.push(n > 1 ? say("with_you_many", { n }) : say("with_you_only"));
  }
  const state = { current: "talking_now", talked_about: "talked_about", parked: "kept", taken_back: "taken_back" }[topic.state];
  if (state) lines.push(say(state));
  return lines.length ? note(inOneLine(lines)) : null;
}

function meToo(topic, support, { say }) {
  return el(
    "button",
    {
      type: "button", class: "gv-metoo", "data-key": "me-too", "data-do": "support", "data-topic": topic.id, "aria-pressed": support.on ? "true" : "false",
      "data-waiting": support.waits, "aria-label": support.waits ? null : say("me_too_which", { words: topic.words }),
    },
    say(support.waits ? "me_too_waits" : "me_too"),
  );
}

function groupRow(topic, kit) {
  const mine = isMine(kit, topic);
  const support = supports(kit, topic.id);
  return el(
    "li", { class: `gv-row live-row${topic.state === "taken_back" ? " gv-row--quiet" : ""}`, "data-key": topic.id },
    el("div", { class: "gv-row__body" }, el("p", { class: "gv-row__title" }, wordsIn(topic)), groupNote(topic, mine, support, kit)),
    !mine && !kit.isOver() && !OVER.has(topic.state) ? meToo(topic, support, kit.text) : null,
  );
}

function newIds(kit) {
  const seen = new Set(kit.ui.shown);
  return groupOrder(kit).filter((topic) => !seen.has(topic.id)).map((topic) => topic.id);
}

export function drawGroup(kit) {
  const { room, ui, text, voice, data } = kit;
  const { say, count } = text;
  if (kit.isOver() || room.run.only_one_on_ones) {
    kit.show("group");
    return;
  }
  ui.shown ||= groupOrder(kit).map((topic) => topic.id);
  for (const id of newIds(kit)) {
    if (isMine(kit, { id })) ui.shown.push(id); // one's own is no news to oneself
  }
  const news = newIds(kit);
  // What somebody took back has no words any more: their own copy says what became of it, and others need no empty row.
  const topics = ui.shown.map((id) => room.topics.get(id)).filter((topic) => topic && topic.state !== "taken_back");
  const visible = ui.allShown ? topics : topics.slice(0, AT_FIRST);
  const languages = new Set(topics.map((topic) => topic.language).filter(Boolean));
  kit.show(
    "group", el("h2", { tabindex: "-1" }, say("topics_from_group")),
    news.length ? el("button", { type: "button", class: "gv-news", "data-key": "news", "data-do": "show-news" }, count("show_new", news.length)) : null,
    visible.length ? el("ul", { class: "gv-rows", "data-key": "rows" }, visible.map((topic) => groupRow(topic, kit))) : null,
    !visible.length && !news.length ? el("div", { class: "gv-empty" }, el("p", {}, say("no_topics"))) : null,
    visible.length < topics.length ? button(say("show_all", { n: topics.length }), "show-all", { "data-key": "all" }) : null,
    [...languages].some((code) => code !== data.language) ? note(say("writers_language")) : null,
  );
  if (news.length > ui.news) voice.say(count("new_topics", news.length));
  ui.news = news.length;
}

export function groupActs(kit) {
  const { room, ui, focusAfter } = kit;
  return {
    support({ dataset }) {
      const topic = room.topics.get(dataset.topic);
      room.do("agenda:support", { topic_id: topic.id, on: !supports(kit, topic.id).on }, { words: topic.words });
    },
    "show-news": () => focusAfter(() => (ui.shown = groupOrder(kit).map((topic) => topic.id)), "#group h2"),
    "show-all": () => focusAfter(() => (ui.allShown = true), `#group .gv-row:nth-child(${AT_FIRST + 1}) button, #group h2`),
  };
}
