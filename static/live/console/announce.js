// What a screen reader is told, politely and in one batch: what came in, who waits, the time at five and at one minute.

import { minutesUntil } from "../words.js";
import { agendaOf } from "./agenda.js";
import { holdsWords } from "./topic.js";

const ANNOUNCE_AT = [5, 1];

function tellNew(kit) {
  const { ui, text, voice } = kit;
  const { fresh } = agendaOf(kit);
  const ids = fresh.map((topic) => topic.id);
  if (ui.knownNew) {
    const came = ids.filter((id) => !ui.knownNew.has(id)).length;
    if (came) voice.say(text.count("came_in", came));
  }
  ui.knownNew = new Set([...(ui.knownNew || []), ...ids]);
}

// Time is said at five and at one minute, here only: a wall or a phone that speaks would stop a conversation.
function tellTime({ room, ui, text, stale, voice }) {
  const { say, count } = text;
  const { run } = room;
  const left = run.current_topic_id && run.topic_ends_at && !stale() ? minutesUntil(run.topic_ends_at, room.now()) : null;
  const before = ui.minutesLeft;
  ui.minutesLeft = left === null ? null : { topic: run.current_topic_id, left };
  if (left === null || !before || before.topic !== run.current_topic_id || before.left <= left) return;
  if (left === 0) voice.say(say("time_is_up"));
  else if (ANNOUNCE_AT.includes(left)) voice.say(count("minutes_left", left));
}

function tellGuests({ room, ui, text, voice }) {
  for (const guest of room.guests.values()) {
    if (!ui.knownGuests.has(guest.id)) voice.say(text.say("guest_came", { n: guest.number }));
    ui.knownGuests.add(guest.id);
  }
}

// Whoever wrote a line reads once what it may hold, beside the way to change it.
function tellLines({ room, ui, text, voice, offerUndo }) {
  for (const [id, version] of ui.lines) {
    if (room.version < version) continue;
    ui.lines.delete(id);
    const topic = room.topics.get(id);
    if (!topic?.outcome_holds) continue;
    const sentence = text.say("line_holds", { line: topic.outcome, what: holdsWords(text, topic.outcome_holds) });
    offerUndo("agenda:finish", sentence, { label: text.say("change_line"), act: "open-finish", topic: id });
    voice.say(sentence);
  }
}

export function announce(kit) {
  for (const tell of [tellNew, tellTime, tellGuests, tellLines]) tell(kit);
}
