// What became of a topic of one's own, in a word and a line.

export function fate(topic, { room, text, stale, isOver }) {
  const { say, clock, day } = text;
  const outcome = topic.outcome && topic.state === "talked_about" ? say("we_took", { outcome: topic.outcome }) : topic.outcome;
  if (topic.state === "waiting") return { kind: "amber-dashed", text: say("saved_here"), note: say("not_yet_clinic") };
  if (topic.state === "sending") return { kind: "grey", text: say("saved_here"), note: say("sending") };
  if (topic.state === "current") return { kind: "tint", text: say("talking_now") };
  if (topic.state === "talked_about") return { kind: "green", text: say("talked_about"), note: outcome };
  if (topic.state === "answered_one_on_one") return { kind: "green", text: say("answered") };
  if (topic.state === "taken_back") return { kind: "grey", text: say("taken_back") };
  if (topic.state === "parked") {
    const until = room.me.next_visit ? say("kept_until", { day: day(room.me.next_visit.starts_at) }) : null;
    return { kind: "grey", text: say("kept"), note: [outcome, until].filter(Boolean).join(" ") };
  }
  if (topic.route === "one_on_one") return { kind: "tint", text: say("only_one_on_one"), note: say("nobody_sees") };
  if (topic.state === "planned") {
    return { kind: "tint", text: topic.planned_at && !stale() ? say("planned_about", { time: clock(topic.planned_at) }) : say("planned") };
  }
  return { kind: "green", text: isOver() ? say("late_received") : say("received") };
}

// A change of what became of one's own topics is said once.
export function tellFates(kit) {
  const { room, ui, text, voice } = kit;
  for (const topic of room.me.topics) {
    const before = ui.fates?.get(topic.id);
    if (before === undefined || before === topic.state || topic.state === "taken_back") continue;
    voice.say(text.say("fate_changed", { words: topic.words, fate: fate(topic, kit).text }));
  }
  ui.fates = new Map(room.me.topics.map((topic) => [topic.id, topic.state]));
}
