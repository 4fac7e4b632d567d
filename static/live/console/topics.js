// What is done with a topic: put on the agenda, parked, started, given more time, finished with one line.

export function start({ room, ui, text, voice, act, offerUndo }, id) {
  const { say } = text;
  const current = room.run.current_topic_id;
  const topic = room.topics.get(id);
  if (topic.held_until && ui.anyway !== id) {
    ui.anyway = id;
    voice.say(say("start_held", { name: topic.held_for }));
    return;
  }
  ui.anyway = null;
  act("agenda:start", id, { minutes: ui.minutes.get(id) || topic.minutes });
  if (current) offerUndo("agenda:start", say("talked_now", { words: room.topics.get(current).words }), { label: say("add_line"), act: "open-finish", topic: current });
}

export function park({ room, text, voice, act, offerUndo }, id) {
  const { say } = text;
  act("agenda:park", id);
  const sentence = say("parked_now", { words: room.topics.get(id).words });
  offerUndo("agenda:park", sentence, { label: say("plan_again"), act: "plan", topic: id }, { label: say("say_why"), act: "open-why", topic: id });
  voice.say(room.connected ? sentence : say("once_back", { what: sentence }));
}

function openFinish({ room, ui, place }, id) {
  const topic = room.topics.get(id);
  const form = place("finish-form");
  form.dataset.topic = id;
  form.elements.outcome.value = topic.outcome || "";
  place("finish-topic").textContent = topic.words;
  ui.undo = null;
  place("finish-dialog").showModal();
}

export function listenToFinish({ act, place }) {
  place("finish-form").addEventListener("submit", (event) => {
    const form = event.target;
    act("agenda:finish", form.dataset.topic, { outcome: form.elements.outcome.value.trim() });
  });
}

// The line is kept; what it may hold is told when it has come back (announce.js).
export function lineAnswered({ ui }, { record, ok, result }) {
  if (ok && record.name === "agenda:finish") ui.lines.set(record.body.topic_id, result.version);
}

export const topicActs = (kit) => ({
  plan: ({ dataset }) => {
    kit.ui.undo = null;
    kit.act("agenda:plan", dataset.topic);
  },
  park: ({ dataset }) => park(kit, dataset.topic),
  start: ({ dataset }) => start(kit, dataset.topic),
  extend: ({ dataset }) => kit.act("agenda:extend", dataset.topic, { minutes: 5 }),
  "open-finish": ({ dataset }) => openFinish(kit, dataset.topic),
  "share-time": () => {
    kit.ui.minutes.clear();
    kit.room.do("live:share_time", {});
  },
  supports: ({ dataset }) => kit.room.do("agenda:show_supports", { on: dataset.on === "true" }),
});
