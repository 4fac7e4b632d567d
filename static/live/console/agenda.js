// The middle of the console: the current topic with its time, the agenda with what still fits, what has been talked about.

import { el, show } from "../dom.js";
import { minutesUntil } from "../words.js";

const CHOICES = [5, 10, 15, 20, 30];

// The room's topics as the console sorts them.
export function agendaOf({ room, ui }) {
  const all = [...room.topics.values()];
  const group = all.filter((topic) => topic.route !== "one_on_one");
  if (ui.order && room.version >= ui.orderVersion) ui.order = null;
  const mine = new Map((ui.order || []).map((id, i) => [id, i]));
  const planned = group
    .filter((topic) => topic.state === "planned")
    .sort((a, b) => (mine.get(a.id) ?? Infinity) - (mine.get(b.id) ?? Infinity) || (a.rank ?? Infinity) - (b.rank ?? Infinity));
  const byTime = (a, b) => new Date(a.proposed_at) - new Date(b.proposed_at);
  return {
    all,
    alone: all.filter((topic) => topic.route === "one_on_one" && topic.state !== "taken_back"),
    current: room.run.current_topic_id ? room.topics.get(room.run.current_topic_id) : null,
    fresh: group.filter((topic) => topic.state === "new").sort(byTime),
    planned,
    talked: group.filter((topic) => topic.state === "talked_about"),
    parked: group.filter((topic) => topic.state === "parked"),
  };
}

// Rows keep their places while somebody points at them or types in them.
function held(planned, { room, ui, place }) {
  const isHeld = (ui.touching || place("middle").contains(document.activeElement)) && !ui.order && ui.follow === null;
  if (room.version >= ui.follow) ui.follow = null; // the order that was asked for has come
  const order = planned.map((topic) => topic.id);
  if (!isHeld || !ui.shownOrder.length) {
    ui.shownOrder = order;
    return { shown: planned, moved: false };
  }
  const places = new Map(ui.shownOrder.map((id, i) => [id, i]));
  const shown = [...planned].sort((a, b) => (places.get(a.id) ?? Infinity) - (places.get(b.id) ?? Infinity));
  ui.shownOrder = shown.map((topic) => topic.id);
  return { shown, moved: order.join() !== ui.shownOrder.join() };
}

// The group's conversation is the longest part; its end, or the current part's if that is later, is where time ends.
function timeline(shown, { room, ui }) {
  const { run } = room;
  const longest = run.phases.reduce((best, part, i) => (part.minutes > (run.phases[best]?.minutes ?? -1) ? i : best), 0);
  const part = run.phases[Math.max(longest, run.state === "open" ? run.phase : 0)];
  const ends = new Date(part ? part.ends_at : run.ends_at);
  let at = Math.max(room.now(), run.topic_ends_at ? new Date(run.topic_ends_at) : 0);
  if (part && !run.topic_ends_at && (run.state !== "open" || run.phase < longest)) at = Math.max(at, new Date(part.starts_at));
  let fits = true;
  const rows = shown.map((topic) => {
    const minutes = ui.minutes.get(topic.id) || topic.minutes;
    const starts = at;
    at += minutes * 60000;
    fits &&= at <= ends.getTime() + 30000;
    return { topic, minutes, starts, fits };
  });
  return { rows, ends };
}

function currentCard(current, kit) {
  const { room, text, stale, waits, button } = kit;
  const { say, count } = text;
  const { run } = room;
  if (!current) {
    const { planned, all } = agendaOf(kit);
    const hint = planned.length ? "nothing_now_start" : all.length ? "nothing_now_plan" : "no_topics";
    return el("div", { class: "gv-card gv-card--now", "data-key": "nothing" }, el("h2", {}, say("nothing_now")), el("p", {}, say(hint)));
  }
  const total = new Date(run.topic_ends_at) - new Date(run.topic_started_at);
  const left = Math.max(0, new Date(run.topic_ends_at) - room.now());
  const minutes = minutesUntil(run.topic_ends_at, room.now());
  const leftText = minutes ? count("minutes_left", minutes) : say("time_is_up");
  const topic = { "data-topic": current.id };
  return el(
    "div", { class: "gv-card gv-card--now", "data-key": current.id },
    el(
      "div", { class: "gv-console__head live-current-head" },
      el("p", {}, el("strong", { class: "gv-tag gv-tag--tint" }, say("talking_now")), " ", el("span", { class: "gv-quiet" }, `${say("from_name", { name: current.author })} ${current.supports ? count("said_me_too", current.supports) : ""}`)),
      stale() ? null : el("p", { class: "gv-timeleft" }, leftText),
    ),
    el("h2", { class: "gv-big", lang: current.language, dir: "auto" }, current.words),
    stale() ? null : el("progress", { class: "gv-bar", value: Math.round(left / 1000), max: Math.max(1, Math.round(total / 1000)), "aria-label": leftText }),
    el(
      "div", { class: "gv-buttons" },
      button(say("finish"), "open-finish", { small: false, kind: "primary", "data-key": "finish", ...topic, waiting: waits("agenda:finish", current.id) }),
      button(say("five_more"), "extend", { small: false, "data-key": "extend", ...topic, waiting: waits("agenda:extend", current.id) }),
      button(say("park"), "park", { small: false, "data-key": "park", ...topic, waiting: waits("agenda:park", current.id) }),
    ),
  );
}

function plannedNote(topic, { say, count }) {
  return el(
    "p", { class: "gv-note" }, topic.supports ? count("me_too", topic.supports, { name: topic.author }) : say("name_only", { name: topic.author }),
    topic.carried ? ` ${say("carried")}` : "", topic.not_heard_yet ? [" ", el("strong", {}, say("not_heard_yet"))] : null,
  );
}

function plannedRow({ topic, minutes, starts, fits }, index, all, kit) {
  const { room, text, stale, waits, button } = kit;
  const { say, clock } = text;
  const { words } = topic;
  const open = room.run.state === "open";
  const choices = [...new Set([...CHOICES, minutes, topic.minutes])].sort((a, b) => a - b);
  const square = (sign, act, key, at) =>
    el("button", { type: "button", class: "gv-square", "data-key": act, "data-do": act, "data-topic": topic.id, "aria-label": say(key, { words }), "aria-disabled": at ? "true" : null }, sign);
  return el(
    "li", { class: `gv-row live-planned${fits ? "" : " gv-row--quiet"}`, "data-key": topic.id, "data-planned": topic.id },
    el(
      "div", { class: "gv-when" }, stale() ? null : el("div", {}, fits ? clock(starts) : say("next_month")),
      el(
        "select", { class: "nhsuk-select live-minutes", "data-key": "minutes", "data-minutes": topic.id, "aria-label": say("minutes_for", { words }) },
        choices.map((n) => el("option", { value: n, selected: n === minutes }, say("minutes", { n }))),
      ),
    ),
    el("div", { class: "gv-row__body" }, el("p", { class: "gv-row__title", lang: topic.language, dir: "auto" }, words), plannedNote(topic, text)),
    el(
      "div", { class: "live-row-buttons" },
      open
        ? button(say("start"), "start", { small: false, "data-key": "start", "data-topic": topic.id, kind: index === 0 && !room.run.current_topic_id ? "primary" : "secondary", "aria-label": say("start_which", { words }), waiting: waits("agenda:start") })
        : null,
      square("↑", "up", "up_which", index === 0), square("↓", "down", "down_which", index === all - 1),
    ),
  );
}

function orderLine(planned, { room, ui, text, waits, button }) {
  const { say } = text;
  if (planned.length < 2) return null;
  const byHand = ui.order ? true : room.run.by_hand;
  if (byHand === false) return el("p", { class: "gv-quiet" }, `${say("order_rule")} ${say("order_hint")}`);
  return el(
    "p", { class: "gv-quiet" }, byHand ? `${say("order_by_hand")} ` : `${say("order_hint")} `,
    el("button", { type: "button", class: "gv-linkbutton", "data-do": "reset-order", "aria-disabled": waits("agenda:order") ? "true" : null }, say("order_reset")),
  );
}

function ended(topics, title, kit, row) {
  if (!topics.length) return null;
  return el(
    "details", { class: "live-ended", "data-key": title },
    el("summary", {}, `${kit.text.say(title)}: ${topics.length}`),
    el("ul", { class: "gv-rows" }, topics.map((topic) => el("li", { class: "gv-row", "data-key": topic.id }, row(topic)))),
  );
}

export function drawAgenda(kit) {
  const { room, text, place, waits, button } = kit;
  const { say, clock } = text;
  const { current, planned, talked, parked } = agendaOf(kit);
  const { shown, moved } = held(planned, kit);
  const { rows, ends } = timeline(shown, kit);
  const running = ["planned", "open"].includes(room.run.state);
  const cut = rows.findIndex((row) => !row.fits);
  const list = rows.map((row, i) => plannedRow(row, i, rows.length, kit));
  if (cut >= 0) list.splice(cut, 0, el("li", { class: "gv-cutline", "data-key": "cut" }, say("time_ends_here", { time: clock(ends) })));
  const part = room.run.phases[room.run.phase];
  const name = (topic) => el("p", { class: "gv-row__title", lang: topic.language, dir: "auto" }, topic.words);
  show(
    place("middle"),
    room.run.state === "open" ? currentCard(current, kit) : null,
    running ? el("div", { class: "gv-console__head", "data-key": "head" }, el("h2", {}, say("next")), orderLine(planned, kit)) : null,
    moved ? el("button", { type: "button", class: "gv-news", "data-key": "moved", "data-do": "show-order" }, say("order_moved")) : null,
    rows.length ? el("ul", { class: "gv-rows", "data-key": "planned" }, list) : null,
    running && !rows.length ? el("p", { class: "gv-quiet", "data-key": "empty" }, say("agenda_empty")) : null,
    room.run.state === "open" && part?.prompt ? el("div", { class: "gv-card", "data-key": "prompt" }, el("p", {}, el("strong", {}, say("you_could_say")), ` “${part.prompt}”`)) : null,
    ended(talked, "talked_about", kit, (topic) => [
      el("div", { class: "gv-row__body" }, name(topic), topic.outcome ? el("p", { class: "gv-note", dir: "auto" }, topic.outcome) : null),
      button(say(topic.outcome ? "change_line" : "add_line"), "open-finish", { "data-key": "line", "data-topic": topic.id, "aria-label": say("line_which", { words: topic.words }), waiting: waits("agenda:finish", topic.id) }),
    ]),
    ended(parked, "parked", kit, (topic) => [
      el("div", { class: "gv-row__body" }, name(topic), plannedNote(topic, text)),
      running ? button(say("plan_again"), "plan", { "data-key": "again", "data-topic": topic.id, "aria-label": say("plan_again_which", { words: topic.words }), waiting: waits("agenda:plan", topic.id) }) : null,
    ]),
  );
}
