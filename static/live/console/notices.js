// What stands above the columns: an old console, what was refused, what can still be undone.

import { el, show } from "../dom.js";
import { conflictCards } from "./conflict.js";
import { handOverCard } from "./lead.js";

function oldTitle({ room, text }) {
  const { say } = text;
  const seconds = room.age();
  if (seconds < 60) return say("old_seconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  return minutes === 1 ? say("old_minute") : say("old_minutes", { n: minutes });
}

export function drawNotices(kit) {
  const { room, ui, text, stale, button, place, told } = kit;
  const { say, count } = text;
  const parts = [];
  const waiting = room.queue.waiting.length;
  if (room.ended || room.queue.held) {
    const kind = room.ended && room.ended !== 401 ? "gone" : "signed_out";
    parts.push(el("div", { class: "gv-card gv-card--red" }, el("h2", {}, say(`${kind}_title`)), el("p", {}, say(kind)), button(say("open_again"), "reload")));
  } else if (stale() || (!room.connected && waiting)) {
    parts.push(
      el(
        "div", { class: "gv-card gv-card--warning" }, el("h2", {}, oldTitle(kit)), el("p", {}, say(stale() ? "old_text" : "old_soon")),
        el(
          "div", { class: "gv-buttons" }, button(say("try_now"), "try"), waiting ? el("p", {}, count("waiting", waiting)) : null,
          waiting && !room.queue.durable ? el("p", {}, say("memory_only")) : null,
        ),
      ),
    );
  }
  parts.push(handOverCard(kit), conflictCards(kit));
  for (const [i, { title, what, reason, record }] of ui.refused.entries()) {
    parts.push(
      el(
        "div", { class: "gv-card gv-card--red" }, el("h2", { dir: "auto" }, title), what ? el("p", { dir: "auto" }, `${what}.`) : null, el("p", {}, reason),
        el("div", { class: "gv-buttons" }, record ? button(say("change_it"), "again", { "data-index": i }) : null, button(say("close_notice"), "close-notice", { "data-index": i })),
      ),
    );
  }
  if (ui.undo) {
    parts.push(
      el(
        "div", { class: "gv-card gv-card--tint live-undo", "data-key": "undo" }, el("p", { dir: "auto" }, told(ui.undo)),
        ui.undo.buttons.map(({ label, act, topic }) => button(label, act, { "data-topic": topic, "data-key": act })),
      ),
    );
  }
  show(place("notices"), parts);
}

export function drawState({ room, place }) {
  const { state } = room.run;
  const note = place(`${state}-note`);
  if (place("not-running").dataset.state !== state) {
    place("not-running").dataset.state = state;
    place("not-running").replaceChildren(...(note ? [note.content.cloneNode(true)] : []));
  }
  place("console").hidden = state === "cancelled";
}

export const noticeActs = ({ room, ui }) => ({
  "close-notice": (element) => ui.refused.splice(Number(element.dataset.index), 1),
  try: () => room.wake(),
  reload: () => window.location.reload(),
});
