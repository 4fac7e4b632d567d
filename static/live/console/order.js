// Ordering the agenda by hand, and showing an order that waited.

import { agendaOf } from "./agenda.js";

export function move(kit, id, by) {
  const { room, ui, text, voice } = kit;
  const { say } = text;
  const ids = agendaOf(kit).planned.map((topic) => topic.id);
  const from = ids.indexOf(id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= ids.length) return;
  ids.splice(to, 0, ...ids.splice(from, 1));
  ui.order = ids;
  ui.orderVersion = Infinity;
  room.do("agenda:order", { topic_ids: ids });
  voice.say(say("moved", { words: room.topics.get(id).words, n: to + 1, all: ids.length }));
}

export function orderAnswered({ ui }, { record, ok, result }) {
  if (record.name !== "agenda:order") return;
  if (!ok) ui.order = ui.follow = null;
  else if (record.body.topic_ids.length) ui.orderVersion = result.version;
  else ui.follow = result.version;
}

export const orderActs = (kit) => ({
  up: (element) => move(kit, element.dataset.topic, -1),
  down: (element) => move(kit, element.dataset.topic, 1),
  "reset-order": () => {
    kit.ui.order = null;
    kit.ui.follow = Infinity;
    kit.room.do("agenda:order", { topic_ids: [] });
  },
  "show-order": () => (kit.ui.shownOrder = []),
});
