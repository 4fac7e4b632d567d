// One's own topics and the group's, with what this person did laid over what the clinic has told.

export const OVER = new Set(["talked_about", "answered_one_on_one", "parked", "taken_back", "declined", "merged", "split"]);
const ORDER = { current: 0, planned: 1, new: 2, talked_about: 3, parked: 4 };

// The clinic may tell of a topic a moment before it says that it has received it: that is one topic, not two.
function isThere({ body, about }, { me }) {
  return Boolean(about.known) && me.topics.some((topic) => topic.words === body.words && topic.route === body.route && !about.known.includes(topic.id));
}

export function myTopics({ room, ui, pending, slow }) {
  const known = new Set(room.me.topics.map((topic) => topic.id));
  ui.sent = ui.sent.filter((topic) => !known.has(topic.id));
  const waiting = pending("agenda:propose").filter((record) => !isThere(record, room)).map((record) => ({
    id: record.command_id, words: record.body.words, route: record.body.route, state: slow(record) ? "waiting" : "sending",
  }));
  const withdrawn = new Set(pending("agenda:take_back").map((record) => record.body.topic_id));
  const reworded = new Map(pending("agenda:reword").map((record) => [record.body.topic_id, record]));
  return [...room.me.topics.map((topic) => ({ ...topic, language: room.topics.get(topic.id)?.language })), ...ui.sent, ...waiting].map((topic) => {
    const reword = reworded.get(topic.id);
    return { ...topic, withdrawing: withdrawn.has(topic.id), ...(reword ? { words: reword.body.words, rewording: reword } : {}) };
  });
}

export const isMine = ({ room, ui }, { id }) => [...room.me.topics, ...ui.sent].some((own) => own.id === id);

// The group reads one topic where several ask the same: one's own may be part of it.
export const isPartlyMine = ({ room }, { id }) => room.me.topics.some((own) => own.joined_to?.id === id);

export function supports({ room, pending, slow }, topicId) {
  const last = pending("agenda:support").filter((record) => record.body.topic_id === topicId).at(-1);
  return { on: last ? last.body.on : room.me.supported.includes(topicId), waits: Boolean(last) && slow(last) };
}

// How many "me too" are left to give, with what is on its way; null: as many as one likes.
export function supportsLeft({ room, pending }) {
  const { supports_left: left, supported } = room.me;
  if (left === null || left === undefined) return null;
  const wanted = new Map(pending("agenda:support").map((record) => [record.body.topic_id, record.body.on]));
  return [...wanted].reduce((n, [id, on]) => n + (on === supported.includes(id) ? 0 : on ? -1 : 1), left);
}

export function groupOrder({ room }) {
  return [...room.topics.values()]
    .filter((topic) => topic.state in ORDER && !topic.is_hidden)
    .sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.rank ?? Infinity) - (b.rank ?? Infinity));
}
