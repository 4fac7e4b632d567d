// When one's own one-on-one is, and how many are before.

import { el } from "../dom.js";
import { minutesUntil } from "../words.js";
import { callState, placeAndProvider } from "./call.js";
import { wishPart } from "./wish.js";

const WAITS = new Set(["planned", "called", "coming"]);

function oldWords(slot, open, { say }) {
  const before = slot.before_you ?? 0;
  let text = "old_any";
  if (["called", "coming"].includes(slot.state)) text = "old_called";
  else if (slot.state === "planned" && open) text = ["old_next", "old_one"][before] || "old_many";
  return { title: say("ask_staff"), lines: [say(text, { n: before })] };
}

// Only while the clinic knows it: when the one before was to be over, or the time that was planned. In steps of five minutes, so that it does not count down.
function soon({ expected_at: expected }, { room, text }) {
  const minutes = expected ? minutesUntil(expected, room.now()) : 0;
  return minutes ? text.say("in_about", { n: Math.max(5, Math.round(minutes / 5) * 5) }) : null;
}

function waitingWords({ room, text }, facts) {
  const { say } = text;
  const { slot } = room.me;
  const before = slot.before_you ?? 0;
  const title = before === 0 ? say("you_are_next") : before <= 3 ? say(`before_${before}`) : say("before_many", { n: before });
  if (before === 0) return { title, lines: [soon(slot, { room, text }), placeAndProvider(slot, text), say("stay_until_called")], now: true };
  const ends = new Date(slot.planned_at).getTime() + slot.minutes * 60000;
  const mineIsAfter = room.me.topics.some((topic) => topic.state === "planned" && topic.planned_at && new Date(topic.planned_at) >= ends);
  const about = slot.place ? say("about_place_provider", facts) : `${say("one_on_one_when_no_place", facts)}, ${slot.provider}.`;
  return { title, lines: [about, mineIsAfter ? say("topic_after") : null], now: true };
}

function slotWords(kit) {
  const { room, text, stale } = kit;
  const { say, clock } = text;
  const { slot, number } = room.me;
  const open = room.run.state === "open";
  const facts = { time: clock(slot.planned_at), place: slot.place, provider: slot.provider, n: slot.minutes };
  if (slot.state === "finished") return { title: say("one_on_one_done"), lines: [say("one_on_one_done_more")] };
  if (stale()) return oldWords(slot, open, text);
  if (slot.state === "started") return { title: say("now_in"), lines: [placeAndProvider(slot, text)], now: true };
  if (slot.state === "missed") return { title: say("one_on_one_missed"), lines: [say("ask_staff")] };
  if (["called", "coming"].includes(slot.state)) return { title: say("come_now"), lines: [placeAndProvider(slot, text)], now: true };
  if (open) return waitingWords(kit, facts);
  return {
    title: slot.place ? say("one_on_one_when", facts) : say("one_on_one_when_no_place", facts),
    lines: [say("one_on_one_with", facts), number ? say("your_number", { n: number }) : null, say("we_tell_you")],
  };
}

export function drawOneOnOne(kit) {
  const { room, text, show, isOver } = kit;
  if (isOver() || callState(kit)) {
    show("one-on-one");
    return;
  }
  const { slot } = room.me;
  const { title, lines, now } = slot ? slotWords(kit) : { lines: [text.say("one_on_one_no_time")] };
  show(
    "one-on-one", el("h2", {}, text.say("your_one_on_one")),
    el(
      "div", { class: `gv-card gv-card--edge gv-card--${now ? "tint" : "paper"}` }, title ? el("h3", {}, title) : null, el("p", {}, lines.filter(Boolean).join(" ")),
      !slot || WAITS.has(slot.state) ? wishPart(kit) : null,
    ),
  );
}
