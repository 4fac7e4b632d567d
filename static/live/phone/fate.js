// What became of a topic of one's own, in a word and a line or two.

import { inOneLine } from "../words.js";

const REASONS = { no_time: "why_no_time", fits_later: "why_fits_later", not_here: "why_not_here", no_one_on_one: "why_no_one_on_one" };

// In the reader's language where the reason is one of ours, else in the words of whoever leads.
function why({ reason }, { say }) {
  if (!reason) return "";
  return reason in REASONS ? say(REASONS[reason]) : say("why_words", { words: reason });
}

function joinedLine(topic, { room, isOver, text }) {
  const { say } = text;
  const own = new Set(room.me.topics.map(({ id }) => id));
  if (topic.joined_to) {
    if (own.has(topic.joined_to.id)) return say("own_topics_joined");
    if (isOver() || ["talked_about", "current"].includes(topic.joined_to.state)) return say("together_with", { words: topic.joined_to.words });
    return topic.joined_to.author ? say("joined_with_name", { name: topic.joined_to.author }) : say("joined");
  }
  const others = (topic.joined || []).filter(({ id }) => !own.has(id));
  if (!topic.joined?.length) return "";
  if (!others.length) return say("own_topics_joined");
  if (others.length > 1) return say("asked_by_many", { n: others.length });
  return others[0].author ? say("asked_with_name", { name: others[0].author }) : say("asked_by_one");
}

function checkedLine({ route }, { room, text }) {
  const { say } = text;
  const { emergency_number: number } = room.run;
  return `${say(route === "group" ? "checked" : "checked_alone")} ${number ? say("unwell_number", { number }) : say("unwell")}`;
}

const AWAY = new Set(["called", "coming", "started"]); // in their one-on-one, or on the way

const ENDED = {
  talked_about: { kind: "green", text: "talked_about" }, answered_one_on_one: { kind: "green", text: "answered" }, taken_back: { kind: "grey", text: "taken_back" },
  declined: { kind: "grey", text: "declined" }, parked: { kind: "grey", text: "kept" }, split: { kind: "tint", text: "went_on_in_parts" },
};

function endedLine(state, topic, { room, text }) {
  const { say, day } = text;
  const outcome = topic.outcome && state === "talked_about" ? say("we_took", { outcome: topic.outcome }) : topic.outcome;
  const until = state === "parked" && room.me.next_visit ? say("kept_until", { day: day(room.me.next_visit.starts_at) }) : "";
  return inOneLine([outcome, ["parked", "declined"].includes(state) ? why(topic, text) : "", until]);
}

// When it was written, while nothing has become of it yet.
function writtenLine({ state, pre_visit: before, sent_at: sent }, { room, text }) {
  const { say, clock, day } = text;
  if (state !== "new") return "";
  if (before) return say("before_visit");
  if (!sent) return "";
  return day(sent) === day(room.now()) ? say("sent_at", { time: clock(sent) }) : say("sent_on", { day: day(sent), time: clock(sent) });
}

function standing(state, topic, { text, stale, isOver }) {
  const { say, clock } = text;
  if (topic.route === "one_on_one") return { kind: "tint", text: say("only_one_on_one"), line: say("nobody_sees") };
  if (topic.is_asked) return { kind: "tint", text: say("asked_tag"), line: say("ask_hidden") };
  if (state === "current") return { kind: "tint", text: say("talking_now") };
  if (state === "planned") return { kind: "tint", text: topic.planned_at && !stale() ? say("planned_about", { time: clock(topic.planned_at) }) : say("planned") };
  return { kind: "green", text: isOver() ? say("late_received") : say("received") };
}

// {kind, text}: the tag; lines: what stands under it.
export function fate(topic, kit) {
  const { say } = kit.text;
  if (topic.state === "waiting") return { kind: "amber-dashed", text: say("saved_here"), lines: [say("not_yet_clinic")] };
  if (topic.state === "sending") return { kind: "grey", text: say("saved_here"), lines: [say("sending")] };
  if (topic.rewording) {
    const waits = kit.slow(topic.rewording);
    return { kind: waits ? "amber-dashed" : "grey", text: say("saved_here"), lines: [say(waits ? "reword_waits" : "sending")] };
  }
  const state = topic.joined_to ? topic.joined_to.state : topic.state;
  const ended = ENDED[state];
  if (ended) return { kind: ended.kind, text: say(ended.text), lines: [endedLine(state, topic, kit), joinedLine(topic, kit)].filter(Boolean) };
  const { kind, text, line } = standing(state, topic, kit);
  const carried = topic.carried && topic.still_matters ? say("still_said") : "";
  const waits = state === "planned" && AWAY.has(kit.room.me.slot?.state) ? say("group_waits") : "";
  return { kind, text, lines: [line, waits, writtenLine(topic, kit), topic.is_checked ? checkedLine(topic, kit) : "", joinedLine(topic, kit), carried].filter(Boolean) };
}

// A change of what became of one's own topics is said once.
export function tellFates(kit) {
  const { room, ui, text, voice } = kit;
  const stands = new Map(room.me.topics.map((topic) => [topic.id, topic.joined_to ? `with ${topic.joined_to.id} ${topic.joined_to.state}` : topic.state]));
  for (const topic of room.me.topics) {
    const before = ui.fates?.get(topic.id);
    if (before === undefined || before === stands.get(topic.id) || topic.state === "taken_back") continue;
    const { text: said } = fate(topic, kit);
    const more = topic.joined_to && !before.startsWith("with") ? ` ${joinedLine(topic, kit)}` : "";
    voice.say(`${text.say("fate_changed", { words: topic.words, fate: said })}${more}`);
  }
  ui.fates = stands;
}
