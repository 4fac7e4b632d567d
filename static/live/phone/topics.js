// One's own topics and the group's, with what this person did laid over what the clinic has told.

export const OVER = new Set(["talked_about", "answered_one_on_one", "parked", "taken_back"]);
const ORDER = { current: 0, planned: 1, new: 2, talked_about: 3, parked: 4 };

export function myTopics({ room, ui, pending, slow }) {
  const known = new Set(room.me.topics.map((topic) => topic.id));
  ui.sent = ui.sent.filter((topic) => !known.has(topic.id));
  const waiting = pending("agenda:propose").map((record) => ({
    id: record.command_id, words: record.body.words, route: record.body.route, state: slow(record) ? "waiting" : "sending",
  }));
  const withdrawn = new Set(pending("agenda:take_back").map((record) => record.body.topic_id));
  return [...room.me.topics, ...ui.sent, ...waiting].map((topic) => (withdrawn.has(topic.id) ? { ...topic, withdrawing: true } : topic));
}

export const isMine = ({ room, ui }, { id }) => [...room.me.topics, ...ui.sent].some((own) => own.id === id);

export function supports({ room, pending, slow }, topicId) {
  const last = pending("agenda:support").filter((record) => record.body.topic_id === topicId).at(-1);
  return { on: last ? last.body.on : room.me.supported.includes(topicId), waits: Boolean(last) && slow(last) };
}

export function groupOrder({ room }) {
  return [...room.topics.values()]
    .filter((topic) => topic.state in ORDER)
    .sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.rank ?? Infinity) - (b.rank ?? Infinity));
}
