// What waits on this phone, what was refused, and whether the connection is back.

import { el } from "../dom.js";
import { button, card } from "./kit.js";

const WAITS = {
  "agenda:propose": "waits_topic", "agenda:take_back": "waits_take_back", "slots:answer": "waits_answer", "agenda:reword": "waits_reword", "agenda:route": "waits_about",
  "agenda:agree_words": "waits_about", "agenda:still_matters": "waits_about", "agenda:keep_apart": "waits_about", "agenda:translate": "waits_translation",
  "agenda:drop_translation": "waits_take_back",
  "live:answer_poll": "waits_poll", "live:wish": "waits_wish", "live:listen": "waits_listen",
};

function waitsFor(record, { say }) {
  const key = record.name === "agenda:support" ? (record.body.on ? "waits_me_too" : "waits_no_me_too") : WAITS[record.name];
  return el("li", { dir: "auto" }, say(key, { words: record.body.words || record.about.words || "" }));
}

export function drawNotices({ room, ui, text, show, slow }) {
  const { say, count } = text;
  const waiting = room.queue.waiting.filter(slow);
  const parts = [];
  if (room.ended) {
    const kind = room.ended === 401 ? "signed_out" : "gone";
    parts.push(card("red", say(`${kind}_title`), el("p", {}, say(kind)), button(say("open_again"), "reload")));
  } else if (room.queue.held) {
    parts.push(card("red", say("signed_out_title"), el("p", {}, say("signed_out")), button(say("open_again"), "reload")));
  }
  if (waiting.length) {
    const keep = room.queue.durable ? say("keep_open") : say("memory_only");
    parts.push(
      card(
        "warning", count("waiting", waiting.length), el("ul", { class: "nhsuk-list nhsuk-list--bullet" }, waiting.map((record) => waitsFor(record, text))),
        el("p", {}, `${say(room.connected ? "sending" : "we_send_them")} ${room.connected && room.queue.durable ? "" : keep}`.trim()),
        button(say("try_now"), "try"),
      ),
    );
  } else if (ui.back && room.connected) {
    const key = ui.back === 1 ? "back_one" : ui.back === 2 ? "back_both" : "back_many";
    parts.push(card("green", say("back_title"), el("p", {}, say(key, { n: ui.back }))));
  }
  for (const [i, { title, reason }] of ui.refused.entries()) {
    parts.push(card("red", title, el("p", {}, reason), button(say("close_notice"), "close-notice", { "data-index": i })));
  }
  show("notices", parts);
}

// The connection came or went.
export function tellOnline({ room, ui, text, voice }, yes) {
  if (!yes) {
    ui.cutOff = true;
    ui.back = 0;
    voice.say(text.say("connection_lost"));
  } else if (!room.queue.waiting.length) {
    ui.cutOff = false;
  }
}

// A thing has reached the clinic; after a time without connection the last one says so.
export function countArrived({ room, ui, text, voice }) {
  if (ui.cutOff) ui.waitedOffline += 1;
  if (!ui.waitedOffline || room.queue.waiting.length) return;
  ui.back = ui.waitedOffline;
  ui.waitedOffline = 0;
  ui.cutOff = false;
  voice.say(text.say("back_title"));
}

export function addRefusal({ ui, voice }, title, reason) {
  ui.refused.push({ title, reason });
  voice.say(`${title} ${reason}`);
}

export const noticeActs = ({ room, ui }) => ({
  "close-notice": (element) => ui.refused.splice(Number(element.dataset.index), 1),
  try: () => room.wake(),
  reload: () => window.location.reload(),
});
