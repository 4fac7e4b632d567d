// The parts of the visit: which one it is in, who leads it, how long it still has.

import { el, show } from "../dom.js";
import { minutesUntil } from "../words.js";

function partState(kit, part, index) {
  const { room, text, stale } = kit;
  const { say, count } = text;
  const { run } = room;
  if (run.state !== "open" || index !== run.phase || stale()) return null;
  const left = minutesUntil(part.ends_at, room.now());
  return left ? count("part_left", left) : say("part_over");
}

export function drawRunSheet(kit) {
  const { data, room, text, stale, waits, button, place } = kit;
  const { say, clock } = text;
  const { run } = room;
  const open = run.state === "open";
  show(
    place("runsheet"),
    run.phases.map((part, index) => {
      const current = open && index === run.phase;
      const done = open && index < run.phase;
      // Who led what is over is no news; the words of the clinic's list read as part of the sentence.
      const name = part.owner && !done ? say("part_led_by", { name: part.name, owner: data.strings.owners[part.owner] || part.owner }) : part.name;
      const left = partState(kit, part, index);
      const passed = current && !stale() ? Math.min(part.minutes * 60, Math.max(0, (room.now() - new Date(part.starts_at)) / 1000)) : null;
      const to = index === run.phase + 1 ? ["move_on", "move_on_to"] : index === run.phase - 1 ? ["go_back", "go_back_to"] : null;
      return el(
        "li", { class: "gv-runsheet__part live-part-of-visit", "data-key": String(index), "aria-current": current ? "step" : null },
        el(
          "div", {}, done ? [el("span", { "aria-hidden": "true" }, "✓ "), el("span", { class: "nhsuk-u-visually-hidden" }, `${say("part_done")} `)] : null,
          left ? `${name}. ${left}` : name,
          el("strong", {}, current ? say("part_times", { start: clock(part.starts_at), end: clock(part.ends_at) }) : clock(part.starts_at)),
        ),
        open && to
          ? button(say(to[0]), "phase", { "data-key": "go", "data-phase": index, "aria-label": say(to[1], { name: part.name }), waiting: waits("live:phase") })
          : null,
        passed !== null ? el("progress", { class: "gv-bar", value: Math.round(passed), max: part.minutes * 60, "aria-hidden": "true" }) : null,
      );
    }),
  );
}

export const runSheetActs = ({ room }) => ({
  phase: (element) => room.do("live:phase", { phase: Number(element.dataset.phase) }),
});
