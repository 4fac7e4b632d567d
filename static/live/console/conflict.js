// Two who lead at once: an act that somebody else was faster with is shown beside how the topic is now. Nothing is lost, nothing done blindly.

import { el } from "../dom.js";
import { reasonWords } from "./ask.js";

// What was meant, in words.
const MEANT = {
  "agenda:plan": "meant_plan", "agenda:start": "meant_start", "agenda:extend": "meant_extend", "agenda:finish": "meant_finish", "agenda:park": "meant_park",
  "agenda:decline": "meant_decline", "agenda:ask_privately": "meant_ask", "agenda:show": "meant_show", "agenda:suggest_words": "meant_suggest",
  "agenda:merge": "meant_merge", "agenda:unmerge": "meant_unmerge", "agenda:split": "meant_split", "agenda:unsplit": "meant_unsplit",
};

export const isConflict = ({ name }, error) => error?.code === "changed_meanwhile" && name in MEANT;

export function addConflict({ ui, room, text, voice }, record) {
  ui.conflicts = ui.conflicts.filter((other) => other.body.topic_id !== record.body.topic_id);
  ui.conflicts.push(record);
  room.fetch(); // how it is now may still be on its way
  voice.interrupt(text.say("conflict_title", { name: by({ room, text }, record) }));
}

const by = ({ room, text }, record) => room.topics.get(record.body.topic_id)?.changed_by || text.say("somebody_else");

const NOW = {
  new: "now_new", planned: "now_planned", current: "now_current", talked_about: "now_talked_about", parked: "now_parked", declined: "now_declined",
  merged: "now_merged", split: "now_split", taken_back: "now_taken_back",
};

// How the topic is now, in words; and the reason its proposer was told.
function now({ text }, topic) {
  const { say } = text;
  if (topic.hidden_because === "asked") return [say("now_asked", { words: topic.words })];
  const sentence = say(NOW[topic.state] || "now_new", { words: topic.words });
  return topic.reason ? [sentence, say("told_why", { reason: reasonWords(text, topic.reason) })] : [sentence];
}

function age({ room, text, stale }, topic) {
  if (!topic.changed_at || stale()) return topic.changed_by;
  const seconds = Math.max(0, Math.round((room.now() - new Date(topic.changed_at)) / 1000));
  if (seconds < 60) return text.count("changed_seconds", seconds, { name: topic.changed_by });
  return text.count("changed_minutes", Math.floor(seconds / 60), { name: topic.changed_by });
}

function card(kit, record, index) {
  const { room, text, button } = kit;
  const { say } = text;
  const topic = room.topics.get(record.body.topic_id);
  if (!topic) return null;
  const name = by(kit, record);
  return el(
    "div", { class: "gv-card gv-card--warning", "data-key": `conflict-${topic.id}` }, el("h2", { dir: "auto" }, say("conflict_title", { name })), el("p", {}, say("nothing_lost")),
    el(
      "div", { class: "live-pair" },
      el("div", { class: "gv-card gv-card--plain" }, el("h3", {}, say("you")), el("p", { dir: "auto" }, say(MEANT[record.name], { words: record.about.was || topic.words, n: record.body.minutes })), button(say("take_mine"), "take-mine", { "data-key": "mine", "data-index": index })),
      el("div", { class: "gv-card gv-card--plain" }, el("h3", { dir: "auto" }, age(kit, topic)), now(kit, topic).map((line) => el("p", { dir: "auto" }, line)), button(say("keep_theirs", { name }), "keep-theirs", { kind: "primary", "data-key": "theirs", "data-index": index })),
    ),
  );
}

export const conflictCards = (kit) => kit.ui.conflicts.map((record, i) => card(kit, record, i));

// The same act on the topic as it is now. More minutes for a topic that is no longer on means: it is on again.
function takeMine(kit, index) {
  const [{ name, body }] = kit.ui.conflicts.splice(index, 1);
  const { topic_id: id, base_rev: _, ...rest } = body;
  const ended = name === "agenda:extend" && kit.room.run.current_topic_id !== id;
  kit.act(ended ? "agenda:start" : name, id, rest);
}

export const conflictActs = (kit) => ({
  "take-mine": ({ dataset }) => takeMine(kit, Number(dataset.index)),
  "keep-theirs": ({ dataset }) => kit.ui.conflicts.splice(Number(dataset.index), 1),
});
