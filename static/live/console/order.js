// Ordering the agenda by hand, by ↑ and ↓, Alt and the arrow keys, or dragging; and showing an order that waited.

import { agendaOf } from "./agenda.js";

export function move(kit, id, by) {
  moveTo(kit, id, (from) => from + by);
}

// An order says which version of the visit it began with: what somebody else ordered since is not written over.
function seen({ room, ui }) {
  if (!ui.order) ui.orderBase = room.version;
  return ui.orderBase;
}

export function orderByHand(kit, ids) {
  const base = seen(kit);
  kit.ui.order = ids;
  kit.ui.orderVersion = Infinity;
  kit.room.do("agenda:order", { topic_ids: ids, base_version: base });
}

export function orderByRule(kit) {
  const base = seen(kit);
  kit.ui.order = null;
  kit.ui.follow = Infinity;
  kit.room.do("agenda:order", { topic_ids: [], base_version: base });
}

function moveTo(kit, id, place) {
  const { room, ui, text, voice } = kit;
  const ids = agendaOf(kit).planned.map((topic) => topic.id);
  const from = ids.indexOf(id);
  const to = place(from, ids);
  if (from < 0 || to < 0 || to >= ids.length || to === from) return;
  ids.splice(to, 0, ...ids.splice(from, 1));
  orderByHand(kit, ids);
  voice.say(text.say("moved", { words: room.topics.get(id).words, n: to + 1, all: ids.length }));
}

// Dragging a row by its grip. Rows stay where they are until it is let go; a line shows where it would stand.
export function listenToDrag(kit) {
  const { ui, place, draw } = kit;
  const middle = place("middle");

  function over(event) {
    const row = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-planned]");
    if (!row) return null;
    const box = row.getBoundingClientRect();
    return { over: row.dataset.planned, side: event.clientY < box.top + box.height / 2 ? "before" : "after" };
  }

  function moved(event) {
    if (!ui.drag) return;
    Object.assign(ui.drag, over(event) || { over: null });
    draw();
  }

  function ended(event) {
    const { drag } = ui;
    ui.drag = null;
    window.removeEventListener("pointermove", moved);
    window.removeEventListener("pointerup", ended);
    window.removeEventListener("pointercancel", ended);
    if (drag && event.type === "pointerup" && drag.over && drag.over !== drag.id) {
      moveTo(kit, drag.id, (from, ids) => {
        const target = ids.indexOf(drag.over) + (drag.side === "after" ? 1 : 0);
        return target > from ? target - 1 : target;
      });
    }
    draw();
  }

  middle.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    ui.drag = { id: grip.dataset.grip, over: null, side: null };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", ended);
    window.addEventListener("pointercancel", ended);
  });
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
  "fit-in": ({ dataset: { topic, before } }) => {
    moveTo(kit, topic, (_, ids) => ids.indexOf(before));
    kit.draw();
    kit.place("middle").querySelector(`[data-planned="${topic}"] [data-do="up"]`)?.focus(); // the button is gone
  },
  "reset-order": () => orderByRule(kit),
  "show-order": () => (kit.ui.shownOrder = []),
});
