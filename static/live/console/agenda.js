// The middle of the console: the current topic, the agenda with what still fits, what has been talked about.

import { el, show } from "../dom.js";
import { reasonWords } from "./ask.js";
import { skipLink } from "./columns.js";
import { currentCard } from "./current.js";
import { view } from "./lead.js";
import { promptCard } from "./runsheet.js";
import { similarTo } from "./similar.js";
import { details, heardNote, holdsWords, isPutTogether, moreActs, moreButton } from "./topic.js";

const CHOICES = [5, 10, 15, 20, 30];
const SLACK = 30000; // a topic this much too long still fits

// The room's topics as the console sorts them.
export function agendaOf({ room, ui }) {
  const all = [...room.topics.values()].filter((topic) => !isPutTogether(topic));
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
    declined: group.filter((topic) => topic.state === "declined"),
  };
}

// Rows keep their places while somebody points at them or types in them.
function held(planned, { room, ui, place }) {
  const isHeld = (ui.touching || ui.drag || place("middle").contains(document.activeElement)) && !ui.order && ui.follow === null;
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
function timeline(shown, { room, ui, stale }) {
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
    fits &&= stale() || at <= ends.getTime() + SLACK; // an old console knows no times
    return { topic, minutes, starts, fits };
  });
  return { rows, ends };
}

// Which topic a row below the line has to stand before, to end in time; what follows moves down.
function placeAbove(row, { rows, ends }) {
  const before = rows.slice(0, rows.indexOf(row)).filter(({ starts }) => starts + row.minutes * 60000 <= ends.getTime() + SLACK);
  return row.fits ? null : before.at(-1)?.topic.id;
}

function plannedNote(topic, kit) {
  const { say, count } = kit.text;
  const heard = heardNote(kit, topic);
  return el(
    "p", { class: "gv-note", dir: "auto" }, topic.supports ? count("me_too", topic.supports, { name: topic.author }) : say("name_only", { name: topic.author }),
    topic.carried ? ` ${say("carried")}` : "", heard ? [" ", el("strong", {}, heard)] : null,
  );
}

function plannedRow({ topic, minutes, starts, fits }, index, all, before, kit) {
  const { room, ui, text, stale, waits, button } = kit;
  const { say, clock } = text;
  const { words } = topic;
  const part = view(kit);
  const open = room.run.state === "open";
  const choices = [...new Set([...CHOICES, minutes, topic.minutes])].sort((a, b) => a - b);
  const alike = part === "lead" ? null : similarTo(kit, topic);
  const asks = Boolean(topic.held_until) && ui.anyway === topic.id;
  const isNext = topic.id === ui.shownOrder.find((id) => !room.topics.get(id)?.held_until);
  const square = (sign, act, key, at) =>
    el("button", { type: "button", class: "gv-square", "data-key": act, "data-do": act, "data-topic": topic.id, "aria-label": say(key, { words }), "aria-disabled": at ? "true" : null }, sign);
  const dropped = ui.drag && ui.drag.id !== topic.id && ui.drag.over === topic.id ? ` live-drop-${ui.drag.side}` : "";
  return el(
    "li", { class: `gv-row live-planned${fits ? "" : " gv-row--quiet"}${ui.drag?.id === topic.id ? " live-dragged" : ""}${dropped}`, "data-key": topic.id, "data-planned": topic.id },
    part === "lead" ? null : el("span", { class: "live-grip", "data-grip": topic.id, "aria-hidden": "true", "data-key": "grip" }, "⠿"),
    el(
      "div", { class: "gv-when" }, stale() ? null : el("div", {}, fits ? clock(starts) : say("next_month")),
      part === "lead"
        ? say("minutes", { n: minutes })
        : el(
            "select", { class: "nhsuk-select live-minutes", "data-key": "minutes", "data-minutes": topic.id, "aria-label": say("minutes_for", { words }) },
            choices.map((n) => el("option", { value: n, selected: n === minutes }, say("minutes", { n }))),
          ),
    ),
    el(
      "div", { class: "gv-row__body" }, el("p", { class: "gv-row__title", lang: topic.language, dir: "auto" }, words), plannedNote(topic, kit),
      alike
        ? el("p", { class: "gv-note", dir: "auto", "data-key": "alike" }, `${say("looks_like", { name: alike.author, words: alike.words })} `, el("button", { type: "button", class: "gv-linkbutton", "data-do": "open-join", "data-topic": topic.id, "aria-label": say("compare_which", { words }) }, say("compare")))
        : null,
      details(kit, topic), asks ? el("p", { class: "gv-note", "data-key": "asks" }, say("start_held", { name: topic.held_for })) : null,
    ),
    el(
      "div", { class: "live-row-buttons" },
      topic.hidden_because === "personal"
        ? button(say("show_anyway"), "show", { small: false, "data-key": "show", "data-topic": topic.id, "aria-label": say("show_anyway_which", { words }), waiting: waits("agenda:show", topic.id) })
        : open && part !== "help"
        ? button(say(asks ? "start_anyway" : "start"), "start", { small: false, "data-key": "start", "data-topic": topic.id, kind: isNext && !room.run.current_topic_id ? "primary" : "secondary", "aria-label": say(asks ? "start_anyway_which" : "start_which", { words }), waiting: waits("agenda:start") })
        : null,
      before && part !== "lead" ? button(say("fit_in"), "fit-in", { small: false, "data-key": "fit-in", "data-topic": topic.id, "data-before": before, "aria-label": say("fit_in_which", { words }) }) : null,
      part === "lead" ? null : [square("↑", "up", "up_which", index === 0), square("↓", "down", "down_which", index === all - 1), moreButton(kit, topic)],
    ),
    part === "lead" ? null : moreActs(kit, topic, alike ? ["join_with"] : []),
  );
}

function orderLine(planned, kit) {
  const { room, ui, text, waits } = kit;
  const { say } = text;
  if (planned.length < 2) return null;
  if (view(kit) === "lead") return null;
  const byHand = ui.order ? true : room.run.by_hand;
  if (byHand === false) return el("p", { class: "gv-quiet" }, `${say("order_rule")} ${say("order_hint")}`);
  return el(
    "p", { class: "gv-quiet" }, byHand ? `${say("order_by_hand")} ` : `${say("order_hint")} `,
    el("button", { type: "button", class: "gv-linkbutton", "data-do": "reset-order", "aria-disabled": waits("agenda:order") ? "true" : null }, say("order_reset")),
  );
}

// Where new topics stand further down, on a phone: how many, and the way there.
function toNew({ fresh }, kit) {
  const { say } = kit.text;
  if (!fresh.length || view(kit) === "lead") return null;
  return el("p", { class: "live-to-new", "data-key": "to-new" }, el("a", { href: "#new" }, `${say("new_topics")}: ${say("to_sort", { n: fresh.length })}`));
}

// What belongs to the whole agenda: the same minutes for each, and the counts where the programme hides them.
function agendaActs(rows, kit) {
  const { room, text, waits, button } = kit;
  const { say } = text;
  const { supports_hidden: hidden, hides_supports: hides, state } = room.run;
  if (state !== "open") return null;
  const counts = hidden || hides;
  if (rows.length < 2 && !counts) return null;
  return el(
    "div", { class: "gv-buttons", "data-key": "agenda-acts" },
    rows.length > 1 ? button(say("share_time"), "share-time", { "data-key": "share", waiting: waits("live:share_time") }) : null,
    counts ? button(say(hidden ? "show_supports" : "hide_supports"), "supports", { "data-key": "supports", "data-on": String(Boolean(hidden)), waiting: waits("agenda:show_supports") }) : null,
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
  const sorted = agendaOf(kit);
  const { current, planned, talked, parked, declined } = sorted;
  const leads = view(kit) === "lead";
  const { shown, moved } = held(planned, kit);
  const times = timeline(shown, kit);
  const { rows, ends } = times;
  const running = ["planned", "open"].includes(room.run.state);
  const cut = rows.findIndex((row) => !row.fits);
  const list = rows.map((row, i) => plannedRow(row, i, rows.length, placeAbove(row, times), kit));
  if (cut >= 0) list.splice(cut, 0, el("li", { class: "gv-cutline", "data-key": "cut" }, say("time_ends_here", { time: clock(ends) })));
  const why = (topic) => (topic.reason ? el("p", { class: "gv-note", dir: "auto" }, say("told_why", { reason: reasonWords(text, topic.reason) })) : null);
  const line = (topic) => [
    topic.outcome ? el("p", { class: "gv-note", dir: "auto", "data-key": "outcome" }, topic.outcome) : null,
    topic.outcome_holds ? el("p", { class: "gv-note", "data-key": "holds" }, el("strong", { class: "gv-tag gv-tag--amber" }, holdsWords(text, topic.outcome_holds)), " ", say("line_holds_note")) : null,
  ];
  const name = (topic) => el("p", { class: "gv-row__title", lang: topic.language, dir: "auto" }, topic.words);
  show(
    place("middle"),
    skipLink(kit, "middle", rows.length),
    room.run.state === "open" ? currentCard(current, kit) : null,
    toNew(sorted, kit),
    running ? el("div", { class: "gv-console__head", "data-key": "head" }, el("h2", {}, say("next")), orderLine(planned, kit)) : null,
    moved ? el("button", { type: "button", class: "gv-news", "data-key": "moved", "data-do": "show-order" }, say("order_moved")) : null,
    rows.length ? el("ul", { class: "gv-rows", "data-key": "planned" }, list) : null,
    running && !rows.length ? el("p", { class: "gv-quiet", "data-key": "empty" }, say("agenda_empty")) : null,
    leads ? null : agendaActs(rows, kit),
    promptCard(kit),
    ended(talked, "talked_about", kit, (topic) => [
      el("div", { class: "gv-row__body" }, name(topic), line(topic), details(kit, topic)),
      button(say(topic.outcome ? "change_line" : "add_line"), "open-finish", { "data-key": "line", "data-topic": topic.id, "aria-label": say("line_which", { words: topic.words }), waiting: waits("agenda:finish", topic.id) }),
    ]),
    ended(parked, "parked", kit, (topic) => [
      el("div", { class: "gv-row__body" }, name(topic), plannedNote(topic, kit), why(topic), details(kit, topic)),
      running && !leads ? button(say(topic.reason ? "change_why" : "say_why"), "open-why", { "data-key": "why", "data-topic": topic.id, "aria-label": say("say_why_which", { words: topic.words }), waiting: waits("agenda:park", topic.id) }) : null,
      running ? button(say("plan_again"), "plan", { "data-key": "again", "data-topic": topic.id, "aria-label": say("plan_again_which", { words: topic.words }), waiting: waits("agenda:plan", topic.id) }) : null,
    ]),
    ended(declined, "declined", kit, (topic) => [
      el("div", { class: "gv-row__body" }, name(topic), plannedNote(topic, kit), why(topic)),
      running && !leads ? button(say("plan_again"), "plan", { "data-key": "again", "data-topic": topic.id, "aria-label": say("plan_again_which", { words: topic.words }), waiting: waits("agenda:plan", topic.id) }) : null,
    ]),
  );
}
