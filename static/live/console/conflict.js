// Two who lead at once: an act that somebody else was faster with is shown beside how it is now. Nothing is lost, nothing done blindly.

import { el } from "../dom.js";
import { agendaOf } from "./agenda.js";
import { reasonWords } from "./ask.js";
import { orderByHand, orderByRule } from "./order.js";
import { ownerLines, promptLines } from "./runsheet.js";

// What was meant with a topic, in words.
const MEANT = {
  "agenda:plan": "meant_plan", "agenda:start": "meant_start", "agenda:extend": "meant_extend", "agenda:finish": "meant_finish", "agenda:park": "meant_park",
  "agenda:decline": "meant_decline", "agenda:ask_privately": "meant_ask", "agenda:show": "meant_show", "agenda:suggest_words": "meant_suggest",
  "agenda:merge": "meant_merge", "agenda:unmerge": "meant_unmerge", "agenda:split": "meant_split", "agenda:unsplit": "meant_unsplit",
};

// What both changed, and for each the lines to read: what it is about, mine, and how it is now.
const ABOUT = { "agenda:order": aboutOrder, "live:prompt": aboutPrompt, "live:phase_owner": aboutOwner };

export const isConflict = ({ name }, error) => error?.code === "changed_meanwhile" && (name in MEANT || name in ABOUT);

const subject = ({ name, body }) => body.topic_id || `${name}-${body.phase ?? ""}`;

export function addConflict({ ui, room, text, voice }, record, error) {
  ui.conflicts = ui.conflicts.filter((other) => subject(other) !== subject(record));
  ui.conflicts.push({ ...record, changed: error });
  room.fetch(); // how it is now may still be on its way
  voice.interrupt(text.say("conflict_title", { name: change({ room, text }, ui.conflicts.at(-1)).name }));
}

// Who changed it, and when: a topic says so itself.
function change({ room, text }, { body, changed }) {
  const { changed_by: name, changed_at: at } = room.topics.get(body.topic_id) || changed;
  return { name: name || text.say("somebody_else"), at };
}

const NOW = {
  new: "now_new", planned: "now_planned", current: "now_current", talked_about: "now_talked_about", parked: "now_parked", declined: "now_declined",
  merged: "now_merged", split: "now_split", taken_back: "now_taken_back",
};

// How the topic is now, in words; the reason its proposer was told, what the group took from it, and other words they were asked about.
function now({ text }, topic) {
  const { say } = text;
  if (topic.hidden_because === "asked") return [say("now_asked", { words: topic.words })];
  return [
    say(NOW[topic.state] || "now_new", { words: topic.words }), topic.reason ? say("told_why", { reason: reasonWords(text, topic.reason) }) : null,
    topic.outcome ? `“${topic.outcome}”` : null, topic.suggested_words ? say("words_suggested", { name: topic.author, words: topic.suggested_words }) : null,
  ];
}

// What was written or chosen with the act: it is read before one of the two is taken.
function written({ room, text }, { outcome, words, parts = [], reason, into_id: other }) {
  return [outcome, words, ...parts, reason && reasonWords(text, reason), room.topics.get(other)?.words].filter(Boolean).map((each) => `“${each}”`);
}

// What somebody wanted to do with a topic, in words; null of other acts.
export function meant({ room, text }, { name, body, about }) {
  const topic = room.topics.get(body.topic_id);
  return topic && name in MEANT ? text.say(MEANT[name], { words: about.was || topic.words, n: body.minutes }) : null;
}

function aboutTopic(kit, record) {
  const topic = kit.room.topics.get(record.body.topic_id);
  return topic ? { mine: [meant(kit, record), ...written(kit, record.body)], theirs: now(kit, topic) } : null;
}

function aboutOrder(kit, { body }) {
  const { room, text } = kit;
  const { say } = text;
  const numbered = (ids) => ids.map((id, i) => `${i + 1}. ${room.topics.get(id).words}`);
  const planned = agendaOf(kit).planned.map((topic) => topic.id);
  return {
    what: say("about_order"), mine: body.topic_ids.length ? numbered(stillOn(body.topic_ids, planned)) : [say("order_rule")],
    theirs: [room.run.by_hand ? null : say("order_rule"), ...numbered(planned)],
  };
}

function aboutPrompt(kit, { body }) {
  const part = kit.room.run.phases[body.phase];
  return part && { what: kit.text.say("about_prompt", { name: part.name }), mine: promptLines(kit, body), theirs: promptLines(kit, part) };
}

function aboutOwner(kit, { body }) {
  const part = kit.room.run.phases[body.phase];
  return part && { what: kit.text.say("about_owner", { name: part.name }), mine: ownerLines(kit, body), theirs: ownerLines(kit, { owner: part.owner, seat_id: part.owner_seat_id }) };
}

// The order that was meant, of what is on the agenda now: what came meanwhile stands at its end.
const stillOn = (ids, planned) => [...ids.filter((id) => planned.includes(id)), ...planned.filter((id) => !ids.includes(id))];

function age({ room, text, stale }, { name, at }) {
  if (!at || stale()) return name;
  const seconds = Math.max(0, Math.round((room.now() - new Date(at)) / 1000));
  if (seconds < 60) return text.count("changed_seconds", seconds, { name });
  return text.count("changed_minutes", Math.floor(seconds / 60), { name });
}

function card(kit, record, index) {
  const { text, button } = kit;
  const { say } = text;
  const sides = (ABOUT[record.name] || aboutTopic)(kit, record);
  if (!sides) return null;
  const changed = change(kit, record);
  const { name } = changed;
  const lines = (all) => all.map((line) => (line ? el("p", { dir: "auto" }, line) : null));
  return el(
    "div", { class: "gv-card gv-card--warning", "data-key": `conflict-${subject(record)}` }, el("h2", { dir: "auto" }, say("conflict_title", { name })),
    el("p", { dir: "auto" }, sides.what ? [el("strong", {}, sides.what), " "] : null, say("nothing_lost")),
    el(
      "div", { class: "live-pair" },
      el("div", { class: "gv-card gv-card--plain" }, el("h3", {}, say("you")), lines(sides.mine), button(say("take_mine"), "take-mine", { "data-key": "mine", "data-index": index })),
      el("div", { class: "gv-card gv-card--plain" }, el("h3", { dir: "auto" }, age(kit, changed)), lines(sides.theirs), button(say("keep_theirs", { name }), "keep-theirs", { kind: "primary", "data-key": "theirs", "data-index": index })),
    ),
  );
}

export const conflictCards = (kit) => kit.ui.conflicts.map((record, i) => card(kit, record, i));

// The same act on it as it is now.
function takeMine(kit, index) {
  const [{ name, body }] = kit.ui.conflicts.splice(index, 1);
  const { room } = kit;
  if (name === "agenda:order") {
    if (body.topic_ids.length) orderByHand(kit, stillOn(body.topic_ids, agendaOf(kit).planned.map((topic) => topic.id)));
    else orderByRule(kit);
  } else if (name in ABOUT) {
    room.do(name, { ...body, base_version: room.version });
  } else {
    takeMineOfTopic(kit, name, body);
  }
}

// More minutes for a topic that is no longer on means: it is on again.
function takeMineOfTopic({ act, room }, name, { topic_id: id, base_rev: _, ...rest }) {
  const ended = name === "agenda:extend" && room.run.current_topic_id !== id;
  act(ended ? "agenda:start" : name, id, rest);
}

export const conflictActs = (kit) => ({
  "take-mine": ({ dataset }) => takeMine(kit, Number(dataset.index)),
  "keep-theirs": ({ dataset }) => kit.ui.conflicts.splice(Number(dataset.index), 1),
});
