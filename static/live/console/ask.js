// Questions about one topic: to talk alone, other words, its parts, why it is kept or not talked about.

import { el } from "../dom.js";
import { field, openDialog, quoted, radios } from "./dialog.js";

const MAX_PARTS = 4;
export const REASONS = { no_time: "why_no_time", fits_later: "why_fits_later", not_here: "why_not_here" };

function sentLine({ text, stale }, topic) {
  const { say, clock } = text;
  return `${stale() ? say("name_only", { name: topic.author }) : say("who_when", { name: topic.author, time: clock(topic.proposed_at) })} ${say("sent_to_group")}`;
}

function openAsk(kit, id) {
  const { room, text } = kit;
  const { say } = text;
  const topic = room.topics.get(id);
  const name = topic.author;
  const slot = [...room.slots.values()].find((each) => each.seat_id === topic.author_seat_id);
  const phone = room.people.get(topic.author_seat_id)?.phone_live;
  openDialog(kit, {
    title: say("ask_title", { name }),
    parts: [
      quoted(topic, sentLine(kit, topic)),
      el("h3", { class: "gv-section" }, say("while_we_wait")), el("p", {}, say("while_hidden")),
      el("h3", { class: "gv-section" }, say("phone_will_ask", { name })),
      el(
        "div", { class: "gv-card gv-card--edge live-message" }, el("p", {}, slot ? say("ask_question_with", { provider: slot.provider }) : say("ask_question")),
        el("p", { class: "gv-quiet" }, say("ask_choices")),
      ),
      phone ? null : el("p", { class: "gv-note" }, say("phone_not_live", { name })),
      el("h3", { class: "gv-section" }, say("if_no_answer")), el("p", {}, say("no_answer_alone")),
    ],
    submit: say("ask_name", { name }),
    act: () => {
      kit.act("agenda:ask_privately", id);
      return null;
    },
  });
}

function openSuggest(kit, id) {
  const { room, text } = kit;
  const { say } = text;
  const topic = room.topics.get(id);
  openDialog(kit, {
    title: topic.hidden_because === "personal" ? say("ask_to_change", { name: topic.author }) : say("suggest_title", { name: topic.author }),
    parts: [
      quoted(topic, sentLine(kit, topic)),
      field("words", say("other_words"), { hint: say("suggest_hint", { name: topic.author }), value: topic.suggested_words || topic.words, rows: 2, lang: topic.language }),
    ],
    submit: say("ask_name", { name: topic.author }),
    act: ({ words }) => {
      if (!words || words === topic.words) return ["words", say("write_other_words")];
      kit.act("agenda:suggest_words", id, { words }, { words });
      return null;
    },
  });
}

function openSplit(kit, id) {
  const { room, text } = kit;
  const { say } = text;
  const topic = room.topics.get(id);
  const names = Array.from({ length: MAX_PARTS }, (_, i) => `part${i + 1}`);
  openDialog(kit, {
    title: say("split_title"),
    parts: [
      quoted(topic, sentLine(kit, topic)), el("p", {}, say("split_hint", { name: topic.author })),
      names.map((name, i) => field(name, say(i < 2 ? "part_n" : "part_n_if", { n: i + 1 }), { rows: 2, lang: topic.language, value: i ? "" : topic.words })),
    ],
    submit: say("split_now"),
    note: say("undo_until_close"),
    act: (given) => {
      const parts = names.map((name) => given[name]).filter(Boolean);
      if (parts.length < 2) return [given.part1 ? "part2" : "part1", say("write_two_parts")];
      kit.act("agenda:split", id, { parts });
      return null;
    },
  });
}

// For a parked topic the reason may come afterwards, or never; a declined one needs one.
function openReason(kit, id, { act, title, submit }) {
  const { room, text, ui } = kit;
  const { say } = text;
  const topic = room.topics.get(id);
  ui.undo = null;
  const own = topic.reason && !(topic.reason in REASONS) ? topic.reason : "";
  openDialog(kit, {
    title,
    parts: [
      quoted(topic, sentLine(kit, topic)),
      radios("why", say("why_for", { name: topic.author }), [...Object.entries(REASONS).map(([value, key]) => [value, say(key)]), ["own", say("why_own")]], own ? "own" : topic.reason || null),
      field("own", say("your_words"), { value: own, most: 200 }),
    ],
    submit,
    changed: (form) => {
      form.querySelector('[data-field="own"]').hidden = form.elements.why.value !== "own";
    },
    act: ({ why, own: written }) => {
      if (!why) return ["why", say("choose_why")];
      if (why === "own" && !written) return ["own", say("write_why")];
      kit.act(act, id, { reason: why === "own" ? written : why });
      return null;
    },
  });
}

// A reason as its proposer reads it.
export function reasonWords({ say }, reason) {
  return reason in REASONS ? say(REASONS[reason]) : reason;
}

export const askActs = (kit) => ({
  "open-ask": ({ dataset }) => openAsk(kit, dataset.topic),
  "open-suggest": ({ dataset }) => openSuggest(kit, dataset.topic),
  "open-split": ({ dataset }) => openSplit(kit, dataset.topic),
  "open-why": ({ dataset }) => openReason(kit, dataset.topic, { act: "agenda:park", title: kit.text.say("why_parked_title"), submit: kit.text.say("tell_why") }),
  "open-decline": ({ dataset }) => openReason(kit, dataset.topic, { act: "agenda:decline", title: kit.text.say("decline_title"), submit: kit.text.say("decline_now") }),
});
