// The right of the console: who is at the door, the one-on-ones, who was not heard yet, who is here, the account of topics.

import { el, show } from "../dom.js";
import { agendaOf } from "./agenda.js";
import { view } from "./lead.js";

const NOT_TAPPED_AFTER = 60;
const SHOWN_AHEAD = 4;
const HERE = new Set(["arrived", "attended"]);
const FIRST = { called: 0, coming: 1, started: 2, planned: 3, missed: 4 };

function number(n, done = false) {
  return el("span", { class: `gv-number${done ? " gv-number--done" : ""}` }, n ?? "–");
}

function slotRow(slot, person, { title, note, warning, action }, { text }) {
  const wish = person?.in_person && ["planned", "called"].includes(slot.state) ? el("p", { class: "gv-note" }, el("strong", {}, text.say("tell_in_person"))) : null;
  return el(
    "li", { class: `gv-row live-slot${warning ? " gv-row--warning" : ""}`, "data-key": slot.id }, number(person?.number ?? slot.number, slot.state === "finished"),
    el("div", { class: "gv-row__body" }, el("p", { class: "gv-row__title", dir: "auto" }, warning ? el("strong", {}, title) : title), el("p", { class: "gv-note" }, note), wish),
    action ? el("div", { class: "gv-row__action" }, action) : null,
  );
}

function ago(slot, { say }, now) {
  const seconds = Math.max(0, Math.round((now - new Date(slot.called_at)) / 1000));
  return { seconds, note: seconds < 120 ? say("just_called", { provider: slot.provider, n: seconds }) : say("called_minutes", { provider: slot.provider, n: Math.floor(seconds / 60) }) };
}

function described(slot, nextOf, kit) {
  const { room, text, stale, waits, button } = kit;
  const { say, clock } = text;
  const { name, provider } = slot;
  if (slot.state === "called" && !stale()) {
    const { seconds, note } = ago(slot, text, room.now());
    const told = (label) => button(label, "tell", { "data-key": "tell", "data-slot": slot.id, waiting: waits("slots:tell", slot.id) });
    if (slot.answer === "help") return { title: say("needs_help", { name }), note, warning: true, action: told(say("i_am_going")) };
    if (slot.answer === "told") return { title: name, note: say("was_told", { provider }) };
    // Who asked to be told in person is not left waiting for a tap.
    if (kit.room.people.get(slot.seat_id)?.in_person) return { title: say("go_and_tell", { name }), note, warning: true, action: told(say("i_told", { name })) };
    if (seconds >= NOT_TAPPED_AFTER) return { title: say("has_not_tapped", { name }), note, warning: true, action: told(say("i_told", { name })) };
    return { title: name, note };
  }
  if (slot.state === "called") return { title: name, note: provider }; // an old screen calls nobody
  if (slot.state === "coming") return { title: name, note: say("is_coming", { provider }) };
  if (slot.state === "started") {
    const minutes = Math.max(0, Math.floor((room.now() - new Date(slot.started_at)) / 60000));
    if (stale()) return { title: name, note: say("with_provider", { provider }) };
    const over = minutes - slot.minutes;
    return { title: name, note: over > 0 ? say("with_over", { provider, n: over }) : say("with_minutes", { provider, n: minutes, all: slot.minutes }) };
  }
  if (slot.state === "finished") return { title: name, note: say("slot_seen", { provider }) };
  if (slot.state === "missed") return { title: name, note: slot.called_at ? say("slot_missed", { provider }) : say("slot_not_seen") };
  const isNext = nextOf.get(slot.provider_id) === slot.id;
  if (stale()) return { title: name, note: isNext ? say("slot_next_untimed", { provider }) : provider };
  // Whose time has passed waits for a resident who is late: the time is the one that was planned, and says so.
  const isLate = new Date(slot.planned_at) < room.now();
  const key = isNext ? (isLate ? "slot_next_late" : "slot_next") : isLate ? "slot_planned_late" : "slot_planned";
  return { title: name, note: say(key, { provider, time: clock(slot.planned_at) }) };
}

function oneOnOnes(kit) {
  const { room, text } = kit;
  const { say, count } = text;
  const slots = [...room.slots.values()].sort((a, b) => (FIRST[a.state] ?? 9) - (FIRST[b.state] ?? 9) || new Date(a.planned_at) - new Date(b.planned_at));
  const seen = slots.filter((slot) => slot.state === "finished");
  const planned = slots.filter((slot) => slot.state === "planned");
  const nextOf = new Map();
  for (const slot of planned) if (!nextOf.has(slot.provider_id)) nextOf.set(slot.provider_id, slot.id);
  const ahead = new Set(planned.slice(0, SHOWN_AHEAD));
  const open = slots.filter((slot) => slot.state !== "finished");
  const first = open.filter((slot) => slot.state !== "planned" || ahead.has(slot));
  const rest = open.filter((slot) => slot.state === "planned" && !ahead.has(slot));
  const rows = (some) => el("ul", { class: "gv-rows" }, some.map((slot) => slotRow(slot, room.people.get(slot.seat_id), described(slot, nextOf, kit), kit)));
  return [
    el("div", { class: "gv-console__head" }, el("h2", {}, say("one_on_ones")), slots.length ? el("span", { class: "gv-quiet" }, say("seen_of", { n: seen.length, all: slots.length })) : null),
    slots.length ? null : el("p", { class: "gv-quiet" }, say("no_slots")),
    first.length ? rows(first) : null,
    rest.length ? el("details", { class: "live-ended", "data-key": "rest" }, el("summary", {}, count("more_slots", rest.length)), rows(rest)) : null,
    seen.length ? el("details", { class: "live-ended", "data-key": "seen" }, el("summary", {}, say("seen_slots", { n: seen.length })), rows(seen)) : null,
  ];
}

// While talking only those one-on-ones that need a person now.
function needAPerson(kit) {
  const { room, text } = kit;
  const rows = [...room.slots.values()].map((slot) => [slot, described(slot, new Map(), kit)]).filter(([, said]) => said.warning);
  return [
    el("h2", { "data-key": "needed-title" }, text.say("need_a_person")),
    rows.length
      ? el("ul", { class: "gv-rows", "data-key": "needed" }, rows.map(([slot, said]) => slotRow(slot, room.people.get(slot.seat_id), said, kit)))
      : el("p", { class: "gv-quiet", "data-key": "needed-none" }, text.say("nobody_needs")),
  ];
}

function othersSort(kit) {
  const { room, text } = kit;
  const waiting = agendaOf(kit).fresh.length + room.guests.size;
  return waiting ? el("p", { class: "gv-quiet", "data-key": "others" }, text.count("others_sort", waiting)) : null;
}

function guestCard(guest, people, { ui, text, waits, button }) {
  const { say } = text;
  const id = `seat-${guest.id}`;
  const error = ui.guestErrors.has(guest.id);
  return el(
    "div", { class: "gv-card gv-card--amber", "data-key": guest.id }, el("h3", {}, say("raised_hand", { n: guest.number })),
    el("label", { class: "nhsuk-label", for: id }, say("who_is_it")),
    error ? el("span", { class: "nhsuk-error-message", id: `${id}-error` }, say("choose_first")) : null,
    el(
      "select", { class: "nhsuk-select live-seat", id, "data-key": "seat", "aria-describedby": error ? `${id}-error` : null },
      el("option", { value: "" }, say("choose_person")), people.map((person) => el("option", { value: person.seat_id }, person.name)),
    ),
    button(say("let_in"), "admit", { "data-key": "admit", small: false, "data-guest": guest.id, "aria-label": say("let_in_number", { n: guest.number }), waiting: waits("live:admit", guest.id) }),
  );
}

function atTheDoor(kit) {
  const { room, text } = kit;
  if (!room.guests.size || room.run.state !== "open") return null;
  const people = [...room.people.values()].filter((person) => !["cancelled", "left_early"].includes(person.state));
  people.sort((a, b) => Number(a.phone_live) - Number(b.phone_live) || a.name.localeCompare(b.name));
  return el("div", { "data-key": "door" }, el("h2", {}, text.say("at_the_door")), [...room.guests.values()].map((guest) => guestCard(guest, people, kit)));
}

// Who chose to listen is no one who was not heard.
function notHeard(all, kit) {
  const { say } = kit.text;
  const listen = all.filter((person) => person.listening && !person.heard);
  const here = all.filter((person) => !listen.includes(person));
  const quiet = here.filter((person) => !person.heard);
  if (!all.length) return null;
  return el(
    "div", { class: "gv-section", "data-key": "quiet" },
    el("div", { class: "gv-console__head" }, el("h2", {}, say("not_heard_title")), el("span", { class: "gv-quiet" }, say("not_heard_of", { n: quiet.length, all: here.length }))),
    quiet.length ? el("ul", { class: "live-chips" }, quiet.map((person) => el("li", { class: "gv-chip", dir: "auto", "data-key": person.seat_id }, person.name))) : el("p", {}, say("all_heard")),
    listen.length ? el("p", { class: "gv-note", "data-key": "listen", dir: "auto" }, say("here_to_listen", { names: listen.map((person) => person.name).join(", ") })) : null,
    talkLine(kit),
  );
}

// How the talk is shared so far, as it is kept at the close; the minutes go on since they were counted. After the close they stand.
function talkLine({ room, text, stale }) {
  const { say } = text;
  const { talk, run } = room;
  if (run.state === "closed" && talk?.here) {
    return el(
      "p", { class: "gv-note", "data-key": "talk" }, say("talk_was_heard", { heard: talk.heard, here: talk.here }), " ",
      talk.talked_about ? say("talk_share", { minutes: talk.minutes_on_topics, all: talk.minutes_open, own: talk.from_own_hand, topics: talk.talked_about }) : null,
    );
  }
  if (run.state !== "open" || stale() || !talk?.talked_about) return null;
  const since = Math.max(0, Math.floor((room.now() - new Date(talk.counted_at)) / 60000));
  const minutes = talk.minutes_on_topics + (run.current_topic_id ? since : 0);
  return el(
    "p", { class: "gv-note", "data-key": "talk" }, say("talk_heard", { heard: talk.heard, here: talk.here }), " ",
    say("talk_share", { minutes, all: talk.minutes_open + since, own: talk.from_own_hand, topics: talk.talked_about }),
  );
}

function whoIsHere(here, { room, ui, text }) {
  const { say, count } = text;
  const { account } = room;
  const { join_code } = room.run;
  const live = here.filter((person) => person.phone_live).length;
  const onPaper = here.length - live; // a phone may merely sleep: whom to ask for a card, or aloud
  return el(
    "div", { class: "gv-section live-account", "data-key": "here" },
    account.sent ? el("p", {}, el("strong", {}, `${say("account", { sent: account.sent, accounted: account.accounted_for })}.`)) : null,
    here.length
      ? el(
          "details", { class: "live-ended" }, el("summary", {}, `${count("people_here", here.length)} ${count("phones_live", live)}${onPaper && room.run.state === "open" ? ` ${count("on_paper", onPaper)}` : ""}`),
          el("ul", { class: "gv-rows" }, here.map((person) => el("li", { class: "gv-row live-slot", "data-key": person.seat_id }, number(person.number), el("div", { class: "gv-row__body" }, el("p", { class: "gv-row__title", dir: "auto" }, person.name), el("p", { class: "gv-note" }, `${say(person.phone_live ? "phone_live" : "no_phone")}${person.in_person ? `. ${say("tell_in_person")}` : ""}${person.listening ? `. ${say("is_listening")}` : ""}`))))),
        )
      : el("p", { class: "gv-quiet" }, say("nobody_here")),
    join_code ? el("p", {}, `${say("on_the_wall")} `, el("strong", { class: "gv-code" }, `${join_code.slice(0, 3)} ${join_code.slice(3)}`)) : null,
    el(
      "p", { class: "gv-quiet" }, say(ui.keys ? "keys" : "keys_are_off"), " ",
      el("button", { type: "button", class: "gv-linkbutton", "data-do": "keys" }, say(ui.keys ? "keys_off" : "keys_on")),
    ),
  );
}

export function drawPeople(kit) {
  const here = [...kit.room.people.values()].filter((person) => HERE.has(person.state));
  if (view(kit) === "lead") show(kit.place("people"), needAPerson(kit), notHeard(here, kit), othersSort(kit));
  else show(kit.place("people"), atTheDoor(kit), oneOnOnes(kit), notHeard(here, kit), whoIsHere(here, kit));
}
