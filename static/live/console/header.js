// The top of the console: the clock, the wall's curtain, the end of the visit.

import { show } from "../dom.js";
import { leadButtons, leadLine, view } from "./lead.js";

export function drawHeader(kit) {
  const { room, text, stale, waits, button, place } = kit;
  const { say, clock } = text;
  const { run } = room;
  show(place("lead-line"), leadLine(kit));
  place("console").dataset.view = view(kit);
  show(place("clock"), stale() ? "" : clock(room.now()));
  const running = run.state === "open";
  show(
    place("header-buttons"),
    running
      ? [
          button(run.curtain ? say("curtain_up") : say("curtain"), "curtain", { small: false, "data-key": "curtain", waiting: waits("live:curtain"), kind: run.curtain ? "primary" : "secondary" }),
          leadButtons(kit),
          button(say("close_visit"), "open-close", { small: false, "data-key": "close", waiting: waits("live:close") }),
        ]
      : null,
  );
}

// The other way from what was asked for last: that may still be on its way.
function curtain({ room, ui, text, offerUndo }) {
  const { say } = text;
  const asked = room.queue.waiting.findLast(({ name }) => name === "live:curtain");
  const on = !(asked ? asked.body.on : room.run.curtain);
  room.do("live:curtain", { on });
  if (on) offerUndo("live:curtain", say("curtain_is_down"), { label: say("curtain_up"), act: "curtain" });
  else ui.undo = null;
}

export const headerActs = (kit) => ({ curtain: () => curtain(kit) });
