// The group's topics with Me too. News waits behind a button, and order changes only when it is pressed.

import { el } from "../dom.js";
import { inOneLine } from "../words.js";
import { button, note, wordsIn } from "./kit.js";
import { speakPart } from "./speak.js";
import { isTouching } from "./steady.js";
import { groupOrder, isMine, isPartlyMine, OVER, supports, supportsLeft } from "./topics.js";
import { translatePart, translationsOf } from "./translate.js";

const AT_FIRST = 10;

function groupNote(topic, { mine, partly }, support, { text, stale }) {
  const { say, count } = text;
  const lines = [];
  if (mine) lines.push(say("yours"));
  else if (topic.author) lines.push(say("from", { name: topic.author }));
  if (partly) lines.push(say("yours_joined"));
  const n = topic.supports;
  if (mine && n && !stale()) lines.push(count("others", n));
  if (!mine && !partly && support.on && !support.waits) {
    if (stale()) lines.push(say("with_you"));
    else lines.push(n > 1 ? say("with_you_many", { n }) : say("with_you_only"));
  }
  const state = { current: "talking_now", talked_about: "talked_about", parked: "kept" }[topic.state];
  if (state) lines.push(say(state));
  return lines.length ? note(inOneLine(lines)) : null;
}

function meToo(topic, support, left, { say }) {
  const full = left !== null && left <= 0 && !support.on;
  return el(
    "button",
    {
      type: "button", class: "gv-metoo", "data-key": "me-too", "data-do": "support", "data-topic": topic.id, "aria-pressed": support.on ? "true" : "false",
      "data-waiting": support.waits, "aria-label": say(support.waits ? "me_too_waits_which" : "me_too_which", { words: topic.words }),
      "aria-disabled": full ? "true" : null, "aria-describedby": full ? "me-too-left" : null,
    },
    say(support.waits ? "me_too_waits" : "me_too"),
  );
}

function groupRow(topic, left, kit) {
  const whose = { mine: isMine(kit, topic), partly: isPartlyMine(kit, topic) };
  const support = supports(kit, topic.id);
  const canSupport = !whose.mine && !whose.partly && !kit.isOver() && !OVER.has(topic.state);
  const extras = [speakPart(topic, kit), translatePart(topic, kit)].flat(Infinity).filter(Boolean);
  return el(
    "li", { class: "gv-row live-row", "data-key": topic.id },
    el("div", { class: "gv-row__body" }, el("p", { class: "gv-row__title" }, wordsIn(topic)), translationsOf(topic, kit), groupNote(topic, whose, support, kit)),
    canSupport ? meToo(topic, support, left, kit.text) : null,
    extras.length ? el("div", { class: "live-extras", "data-key": "extras" }, extras) : null,
  );
}

function newIds(kit) {
  const seen = new Set(kit.ui.shown);
  return groupOrder(kit).filter((topic) => !seen.has(topic.id)).map((topic) => topic.id);
}

// What the list holds. A topic that was taken back, hidden, joined or split leaves it, but not while a finger is there;
// until then its row is empty.
function listedNow(kit) {
  const { ui, room } = kit;
  const open = new Set(groupOrder(kit).map((topic) => topic.id));
  const stays = new Set(isTouching() ? ui.listed : []);
  ui.listed = ui.shown.filter((id) => open.has(id) || stays.has(id));
  return ui.listed.map((id) => (open.has(id) ? room.topics.get(id) : { id, gone: true }));
}

const goneRow = ({ id }) => el("li", { class: "gv-row live-gone", "data-key": id, "aria-hidden": "true" }, "…");

function leftLine(left, { room, text }) {
  const { say, count } = text;
  const lines = [];
  if (left !== null) lines.push(left > 0 ? count("left", left) : say("left_none"));
  if (room.run.supports_hidden) lines.push(say("counts_later"));
  return lines.length ? el("p", { class: "gv-note", id: "me-too-left" }, lines.join(" ")) : null;
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
  const topics = listedNow(kit);
  const visible = ui.allShown ? topics : topics.slice(0, AT_FIRST);
  const left = supportsLeft(kit);
  const languages = new Set(topics.map((topic) => topic.language).filter(Boolean));
  kit.show(
    "group", el("h2", { tabindex: "-1" }, say("topics_from_group")), topics.length ? leftLine(left, kit) : null,
    news.length ? el("button", { type: "button", class: "gv-news", "data-key": "news", "data-do": "show-news" }, count("show_new", news.length)) : null,
    visible.length ? el("ul", { class: "gv-rows", "data-key": "rows" }, visible.map((topic) => (topic.gone ? goneRow(topic) : groupRow(topic, left, kit)))) : null,
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
