// What is done with a topic: put on the agenda, parked, started, given more time, finished with one line.

export function start({ room, ui, text, offerUndo }, id) {
  const { say } = text;
  const current = room.run.current_topic_id;
  const topic = room.topics.get(id);
  room.do("agenda:start", { topic_id: id, minutes: ui.minutes.get(id) || topic.minutes });
  if (current) offerUndo({ text: say("talked_now", { words: room.topics.get(current).words }), label: say("add_line"), act: "open-finish", topic: current });
}

export function park({ room, text, voice, offerUndo }, id) {
  const { say } = text;
  room.do("agenda:park", { topic_id: id });
  const sentence = say("parked_now", { words: room.topics.get(id).words });
  voice.say(sentence);
  offerUndo({ text: sentence, label: say("plan_again"), act: "plan", topic: id });
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

export function listenToFinish({ room, place }) {
  place("finish-form").addEventListener("submit", (event) => {
    const form = event.target;
    room.do("agenda:finish", { topic_id: form.dataset.topic, outcome: form.elements.outcome.value.trim() });
  });
}

export const topicActs = (kit) => ({
  plan: (element) => {
    kit.ui.undo = null;
    kit.room.do("agenda:plan", { topic_id: element.dataset.topic });
  },
  park: (element) => park(kit, element.dataset.topic),
  start: (element) => start(kit, element.dataset.topic),
  extend: (element) => kit.room.do("agenda:extend", { topic_id: element.dataset.topic, minutes: 5 }),
  "open-finish": (element) => openFinish(kit, element.dataset.topic),
});
