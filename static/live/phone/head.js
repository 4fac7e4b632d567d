// Which visit this is and how old the page is.

import { el } from "../dom.js";

export function drawHead({ room, text, show, stale, isOver }) {
  const { say, clock, day } = text;
  const { run, me } = room;
  const title = run.state === "closed" ? (me.display_name ? say("thank_you", { name: me.display_name }) : say("thank_you_all")) : run.title;
  let under = "";
  if (run.state === "closed") under = say("closed_at", { group: `${run.title}, ${day(run.starts_at)}`, time: clock(run.closed_at || run.ends_at) });
  if (run.state === "cancelled") under = say("cancelled");
  if (run.state === "planned") {
    const times = { start: clock(run.starts_at), end: clock(run.ends_at), day: day(run.starts_at) };
    const today = day(run.starts_at) === day(room.now());
    under = run.only_one_on_ones ? day(run.starts_at) : `${say(today ? "when_today" : "when_day", times)} ${run.room || ""}`.trim();
  }
  show("head", el("h1", { tabindex: "-1" }, title), under ? el("p", { class: isOver() ? "gv-quiet" : null }, under) : null);
  document.querySelector("[data-age]").hidden = isOver() && room.connected && !stale();
}
