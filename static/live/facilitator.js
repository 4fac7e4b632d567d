// The facilitator's console: what came in, what is talked about now and next, who waits for what.
//
// The page is drawn from the room's state; what was tapped is sent as a command and shown when the clinic has accepted it.
// Rows do not change places under the pointer or the focus: another order waits behind a button.

import { ageLine } from "../core/age.js";
import { agendaOf, drawAgenda } from "./agenda.js";
import { announcer, el, show } from "./dom.js";
import { drawPeople } from "./people.js";
import { Room } from "./protocol.js";
import { minutesUntil, wordsOf } from "./words.js";

const STALE_AFTER = 30;
const UNDO_FOR = 10000;
const ANNOUNCE_AT = [5, 1];

const data = JSON.parse(document.getElementById("live-data").textContent);
const text = wordsOf(data);
const { say, count, clock } = text;
const place = (id) => document.getElementById(id);
const age = ageLine(document.querySelector("[data-age]"));
const voice = announcer(place("voice"), place("voice-urgent"));
const room = new Room({ ...data, audience: "facilitator" });

// What the page itself remembers; everything else is the room's.
const ui = {
  minutes: new Map(), // chosen for topics not yet started
  order: null, // how this person has just ordered, until the clinic says the same
  orderVersion: Infinity,
  shownOrder: [],
  follow: null, // the version that brings the order this person asked back
  touching: false, // the pointer is over the agenda
  refused: [],
  undo: null, // {text, act, label, topic, until}
  guestErrors: new Set(),
  knownNew: null,
  knownGuests: new Set(),
  minutesLeft: null,
  keys: keysAreOn(),
};

const stale = () => room.age() >= STALE_AFTER;
const waits = (name, id) =>
  room.queue.waiting.some((record) => record.name === name && (id === undefined || Object.values(record.body).includes(id)));
const button = (label, act, { kind = "secondary", small = true, waiting = false, ...attributes } = {}) =>
  el(
    "button",
    {
      type: "button", class: `nhsuk-button${kind === "primary" ? "" : ` nhsuk-button--${kind}`}${small ? " gv-button--small" : ""}`, "data-do": act,
      "aria-disabled": waiting ? "true" : null, ...attributes,
    },
    label,
  );

// Everything the parts of the page need to draw themselves.
const kit = { room, ui, text, stale, waits, button, place };

// ---- drawing ----

function drawHeader() {
  const { run } = room;
  show(place("clock"), stale() ? "" : clock(room.now()));
  const running = run.state === "open";
  show(
    place("header-buttons"),
    running
      ? [
          button(run.curtain ? say("curtain_up") : say("curtain"), "curtain", { small: false, "data-key": "curtain", waiting: waits("live:curtain"), kind: run.curtain ? "primary" : "secondary" }),
          button(say("close_visit"), "open-close", { small: false, "data-key": "close", waiting: waits("live:close") }),
        ]
      : null,
  );
}

function partState(part, index) {
  const { run } = room;
  if (run.state !== "open" || index !== run.phase || stale()) return null;
  const left = minutesUntil(part.ends_at, room.now());
  return left ? count("part_left", left) : say("part_over");
}

function drawRunSheet() {
  const { run } = room;
  const open = run.state === "open";
  show(
    place("runsheet"),
    run.phases.map((part, index) => {
      const current = open && index === run.phase;
      const done = open && index < run.phase;
      // Who led what is over is no news; the words of the clinic's list read as part of the sentence.
      const name = part.owner && !done ? say("part_led_by", { name: part.name, owner: data.strings.owners[part.owner] || part.owner }) : part.name;
      const left = partState(part, index);
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

function oldTitle() {
  const seconds = room.age();
  if (seconds < 60) return say("old_seconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  return minutes === 1 ? say("old_minute") : say("old_minutes", { n: minutes });
}

function drawNotices() {
  const parts = [];
  const waiting = room.queue.waiting.length;
  if (room.ended || room.queue.held) {
    const kind = room.ended && room.ended !== 401 ? "gone" : "signed_out";
    parts.push(el("div", { class: "gv-card gv-card--red" }, el("h2", {}, say(`${kind}_title`)), el("p", {}, say(kind)), button(say("open_again"), "reload")));
  } else if (stale() || (!room.connected && waiting)) {
    parts.push(
      el(
        "div", { class: "gv-card gv-card--warning" }, el("h2", {}, oldTitle()), el("p", {}, say("old_text")),
        el(
          "div", { class: "gv-buttons" }, button(say("try_now"), "try"), waiting ? el("p", {}, count("waiting", waiting)) : null,
          waiting && !room.queue.durable ? el("p", {}, say("memory_only")) : null,
        ),
      ),
    );
  }
  for (const [i, { title, reason, record }] of ui.refused.entries()) {
    parts.push(
      el(
        "div", { class: "gv-card gv-card--red" }, el("h2", { dir: "auto" }, title), el("p", {}, reason),
        el("div", { class: "gv-buttons" }, record ? button(say("change_it"), "again", { "data-index": i }) : null, button(say("close_notice"), "close-notice", { "data-index": i })),
      ),
    );
  }
  if (ui.undo) {
    const { topic, label, act, text: sentence } = ui.undo;
    parts.push(el("div", { class: "gv-card gv-card--tint live-undo", "data-key": "undo" }, el("p", { dir: "auto" }, sentence), button(label, act, { "data-topic": topic, "data-key": "undo" })));
  }
  show(place("notices"), parts);
}

function drawState() {
  const { state } = room.run;
  const note = place(`${state}-note`);
  if (place("not-running").dataset.state !== state) {
    place("not-running").dataset.state = state;
    place("not-running").replaceChildren(...(note ? [note.content.cloneNode(true)] : []));
  }
  place("console").hidden = state === "cancelled";
}

function topicNote(topic) {
  return el(
    "p", { class: "gv-note" }, stale() ? say("name_only", { name: topic.author }) : say("who_when", { name: topic.author, time: clock(topic.proposed_at) }),
    topic.supports ? ` ${count("said_me_too", topic.supports)}.` : "", topic.carried ? ` ${say("carried")}` : "",
    topic.not_heard_yet ? [" ", el("strong", {}, say("not_heard_yet"))] : null,
  );
}

function drawNew() {
  const { fresh, alone, all } = agendaOf(kit);
  const canAct = ["planned", "open"].includes(room.run.state);
  show(
    place("new"),
    el("div", { class: "gv-console__head" }, el("h2", {}, say("new_topics")), fresh.length ? el("span", { class: "gv-quiet" }, say("to_sort", { n: fresh.length })) : null),
    fresh.map((topic, i) =>
      el(
        "div", { class: "gv-card gv-card--plain", "data-key": topic.id },
        el("h3", { lang: topic.language, dir: "auto" }, topic.words), topicNote(topic),
        canAct
          ? el(
              "div", { class: "gv-buttons" },
              button(say("put_on_agenda"), "plan", { "data-key": "plan", kind: i === 0 ? "primary" : "secondary", "data-topic": topic.id, "aria-label": say("put_on_agenda_which", { words: topic.words }), waiting: waits("agenda:plan", topic.id) }),
              button(say("park"), "park", { "data-key": "park", "data-topic": topic.id, "aria-label": say("park_which", { words: topic.words }), waiting: waits("agenda:park", topic.id) }),
            )
          : null,
      ),
    ),
    fresh.length ? null : el("p", { class: "gv-quiet", "data-key": "none" }, all.length ? say("no_new") : say("no_topics")),
    alone.length ? el("p", { class: "gv-quiet", "data-key": "alone" }, count("one_on_one", alone.length)) : null,
    canAct ? button(say("add_for"), "open-add", { "data-key": "add", small: false, waiting: waits("agenda:propose_for") }) : null,
  );
  tellNew(fresh);
}

function tellNew(fresh) {
  const ids = fresh.map((topic) => topic.id);
  if (ui.knownNew) {
    const came = ids.filter((id) => !ui.knownNew.has(id)).length;
    if (came) voice.say(count("came_in", came));
  }
  ui.knownNew = new Set([...(ui.knownNew || []), ...ids]);
}

// Time is said at five and at one minute, here only: a wall or a phone that speaks would stop a conversation.
function tellTime() {
  const { run } = room;
  const left = run.current_topic_id && run.topic_ends_at && !stale() ? minutesUntil(run.topic_ends_at, room.now()) : null;
  const before = ui.minutesLeft;
  ui.minutesLeft = left === null ? null : { topic: run.current_topic_id, left };
  if (left === null || !before || before.topic !== run.current_topic_id || before.left <= left) return;
  if (left === 0) voice.say(say("time_is_up"));
  else if (ANNOUNCE_AT.includes(left)) voice.say(count("minutes_left", left));
}

function tellGuests() {
  for (const guest of room.guests.values()) {
    if (!ui.knownGuests.has(guest.id)) voice.say(say("guest_came", { n: guest.number }));
    ui.knownGuests.add(guest.id);
  }
}

function draw() {
  if (ui.undo && performance.now() > ui.undo.until) ui.undo = null;
  for (const part of [drawHeader, drawRunSheet, drawNotices, drawState, drawNew]) part();
  drawAgenda(kit);
  drawPeople(kit);
  tellTime();
  tellGuests();
}

// ---- what the facilitator does ----

function offerUndo(undo) {
  ui.undo = { ...undo, until: performance.now() + UNDO_FOR };
}

function start(id) {
  const current = room.run.current_topic_id;
  const topic = room.topics.get(id);
  room.do("agenda:start", { topic_id: id, minutes: ui.minutes.get(id) || topic.minutes });
  if (current) offerUndo({ text: say("talked_now", { words: room.topics.get(current).words }), label: say("add_line"), act: "open-finish", topic: current });
}

function park(id) {
  room.do("agenda:park", { topic_id: id });
  const sentence = say("parked_now", { words: room.topics.get(id).words });
  voice.say(sentence);
  offerUndo({ text: sentence, label: say("plan_again"), act: "plan", topic: id });
}

function curtain() {
  const on = !room.run.curtain;
  room.do("live:curtain", { on });
  if (on) offerUndo({ text: say("curtain_is_down"), label: say("curtain_up"), act: "curtain" });
  else ui.undo = null;
}

function move(id, by) {
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

function openFinish(id) {
  const topic = room.topics.get(id);
  const form = place("finish-form");
  form.dataset.topic = id;
  form.elements.outcome.value = topic.outcome || "";
  place("finish-topic").textContent = topic.words;
  ui.undo = null;
  place("finish-dialog").showModal();
}

function openAdd(values = {}) {
  const form = place("add-form");
  const here = [...room.people.values()].filter((person) => ["arrived", "confirmed", "attended", "left_early"].includes(person.state));
  here.sort((a, b) => Number(a.phone_live) - Number(b.phone_live) || a.name.localeCompare(b.name));
  form.elements.seat_id.replaceChildren(el("option", { value: "" }, say("choose_person")), ...here.map((person) => el("option", { value: person.seat_id }, person.name)));
  form.elements.seat_id.value = values.seat_id || "";
  form.elements.words.value = values.words || "";
  for (const radio of form.querySelectorAll('[name="route"]')) radio.checked = radio.value === values.route;
  for (const error of form.querySelectorAll(".nhsuk-error-message")) error.remove();
  place("add-dialog").showModal();
}

function openClose() {
  const { account } = room;
  const all = [...room.topics.values()];
  const group = all.filter((topic) => topic.route !== "one_on_one");
  const alone = all.filter((topic) => topic.route === "one_on_one");
  const names = (topics) => [...new Set(topics.map((topic) => topic.author))].join(", ");
  const of = (topics, ...states) => topics.filter((topic) => states.includes(topic.state));
  const rows = [
    ["count_talked", of(group, "talked_about", "current"), names],
    ["count_answered", of(alone, "answered_one_on_one"), () => say("only_clinicians")],
    ["count_private", of(alone, "new", "planned"), () => say("only_clinicians")],
    ["count_kept", [...of(group, "new", "planned", "parked"), ...of(alone, "parked")], (topics) => names(topics.filter((topic) => topic.route !== "one_on_one"))],
    ["count_taken_back", of(all, "taken_back"), () => ""],
  ];
  const here = [...room.people.values()].filter((person) => ["arrived", "attended", "left_early"].includes(person.state));
  const seen = new Set([...room.slots.values()].filter((slot) => slot.state === "finished" || slot.state === "started").map((slot) => slot.seat_id));
  const unseen = here.filter((person) => !seen.has(person.seat_id));
  const missed = unseen.map((person) => person.name);
  const had = new Set([...room.slots.values()].map((slot) => slot.seat_id));
  show(
    place("close-account"),
    el("h3", {}, say("account", { sent: account.sent, accounted: account.accounted_for })),
    el(
      "table", { class: "gv-table" },
      el("tbody", {}, rows.filter(([, topics]) => topics.length).map(([key, topics, who]) => el("tr", {}, el("th", { scope: "row" }, say(key)), el("td", {}, el("strong", { class: "gv-keep" }, topics.length)), el("td", { dir: "auto" }, who(topics))))),
    ),
    el("h3", { class: "gv-section" }, count("people_came", here.length)),
    el("p", {}, say("were_seen", { n: here.length - missed.length }), " ", missed.length ? el("strong", {}, say("not_seen", { names: missed.join(", ") })) : null),
    unseen.filter((person) => had.has(person.seat_id)).map(whyUnseen),
  );
  mayClose();
  place("close-dialog").showModal();
}

const UNSEEN = [["call_tomorrow", "unseen_call"], ["not_wanted", "unseen_no"], ["other", "unseen_other"]];

// A reason for each, chosen without a default.
function whyUnseen({ seat_id: seat, name }) {
  const radio = ([value, key]) =>
    el(
      "div", { class: "nhsuk-radios__item" }, el("input", { class: "nhsuk-radios__input", id: `why-${seat}-${value}`, type: "radio", name: `why-${seat}`, value }),
      el("label", { class: "nhsuk-label nhsuk-radios__label", for: `why-${seat}-${value}` }, say(key)),
    );
  return el(
    "fieldset", { class: "nhsuk-fieldset gv-section", "data-key": `why-${seat}`, "data-unseen": seat, "data-name": name },
    el("legend", { class: "nhsuk-fieldset__legend", dir: "auto" }, say("why_unseen", { name })), el("div", { class: "nhsuk-radios nhsuk-radios--small" }, UNSEEN.map(radio)),
    el("label", { class: "nhsuk-label", for: `what-${seat}`, "data-other": seat, hidden: true }, say("unseen_what")),
    el("input", { class: "nhsuk-input", id: `what-${seat}`, maxlength: 200, dir: "auto", "data-other": seat, hidden: true }),
  );
}

function reasonsGiven() {
  return [...place("close-form").querySelectorAll("[data-unseen]")].map((fields) => {
    const chosen = fields.querySelector("input:checked")?.value || "";
    return { seat: fields.dataset.unseen, name: fields.dataset.name, because: chosen === "other" ? fields.querySelector("input[maxlength]").value.trim() : chosen };
  });
}

function mayClose() {
  for (const fields of place("close-form").querySelectorAll("[data-unseen]")) {
    const other = fields.querySelector("input:checked")?.value === "other";
    for (const element of fields.querySelectorAll("[data-other]")) element.hidden = !other;
  }
  const missing = reasonsGiven().filter(({ because }) => !because).map(({ name }) => name);
  place("close-now").setAttribute("aria-disabled", String(missing.length > 0));
  place("close-first").textContent = missing.length ? say("first_unseen", { names: missing.join(", ") }) : "";
  return !missing.length;
}

function admit(element) {
  const id = element.dataset.guest;
  const seat = document.getElementById(`seat-${id}`);
  if (!seat.value) {
    ui.guestErrors.add(id);
    seat.focus();
    return;
  }
  ui.guestErrors.delete(id);
  room.do("live:admit", { guest_id: id, seat_id: seat.value });
}

function keysAreOn() {
  try {
    return window.localStorage.getItem("groupvisits-keys") !== "off";
  } catch {
    return true;
  }
}

function switchKeys() {
  ui.keys = !ui.keys;
  try {
    window.localStorage.setItem("groupvisits-keys", ui.keys ? "on" : "off");
  } catch {
    // then it lasts as long as this page
  }
}

const acts = {
  curtain,
  phase: (element) => room.do("live:phase", { phase: Number(element.dataset.phase) }),
  plan: (element) => {
    ui.undo = null;
    room.do("agenda:plan", { topic_id: element.dataset.topic });
  },
  park: (element) => park(element.dataset.topic),
  start: (element) => start(element.dataset.topic),
  extend: (element) => room.do("agenda:extend", { topic_id: element.dataset.topic, minutes: 5 }),
  up: (element) => move(element.dataset.topic, -1),
  down: (element) => move(element.dataset.topic, 1),
  "reset-order": () => {
    ui.order = null;
    ui.follow = Infinity;
    room.do("agenda:order", { topic_ids: [] });
  },
  "show-order": () => (ui.shownOrder = []),
  "open-finish": (element) => openFinish(element.dataset.topic),
  "open-add": () => openAdd(),
  "open-close": openClose,
  back: (element) => element.closest("dialog").close(),
  tell: (element) => room.do("slots:tell", { slot_id: element.dataset.slot }),
  admit,
  again: (element) => openAdd(ui.refused.splice(Number(element.dataset.index), 1)[0].record.body),
  "close-notice": (element) => ui.refused.splice(Number(element.dataset.index), 1),
  keys: switchKeys,
  try: () => room.wake(),
  reload: () => window.location.reload(),
};

document.addEventListener("click", (event) => {
  const element = event.target.closest("[data-do]");
  if (!element || element.getAttribute("aria-disabled") === "true" || !acts[element.dataset.do]) return;
  acts[element.dataset.do](element);
  draw();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-minutes]")) return;
  ui.minutes.set(event.target.dataset.minutes, Number(event.target.value));
  draw();
});

const TYPING = "input, textarea, select, [contenteditable]";
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const row = event.target.closest?.("[data-planned]");
  if (event.altKey && row && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    move(row.dataset.planned, event.key === "ArrowUp" ? -1 : 1);
    draw();
    return;
  }
  if (!ui.keys || event.altKey || event.ctrlKey || event.metaKey || event.repeat || event.target.matches?.(TYPING) || room.run.state !== "open") return;
  const key = event.key.toLowerCase();
  const next = ui.shownOrder[0];
  if (key === "n" && next && !waits("agenda:start")) start(next);
  else if (key === "p" && room.run.current_topic_id && !waits("agenda:park")) park(room.run.current_topic_id);
  else if (key === "c" && !waits("live:curtain")) curtain();
  else return;
  event.preventDefault();
  draw();
});

place("middle").addEventListener("pointerenter", () => (ui.touching = true));
place("middle").addEventListener("pointerleave", () => {
  ui.touching = false;
  draw();
});

place("finish-form").addEventListener("submit", (event) => {
  const form = event.target;
  room.do("agenda:finish", { topic_id: form.dataset.topic, outcome: form.elements.outcome.value.trim() });
});
place("close-form").addEventListener("input", mayClose);
place("close-form").addEventListener("submit", (event) => {
  if (!mayClose()) {
    event.preventDefault();
    return;
  }
  const reasons = reasonsGiven();
  room.do("live:close", { unseen: reasons.map(({ seat }) => seat), because: reasons.map(({ because }) => because) });
});
place("add-form").addEventListener("submit", (event) => {
  const form = event.target;
  for (const error of form.querySelectorAll(".nhsuk-error-message")) error.remove();
  const body = { seat_id: form.elements.seat_id.value, words: form.elements.words.value.trim(), route: form.elements.route.value };
  const missing = [["seat_id", "choose_seat", form.elements.seat_id], ["words", "write_topic", form.elements.words], ["route", "choose_route", form.querySelector(".nhsuk-radios")]].filter(([name]) => !body[name]);
  if (!missing.length) {
    room.do("agenda:propose_for", body, { words: body.words });
    return;
  }
  event.preventDefault();
  for (const [, key, before] of missing) before.before(el("span", { class: "nhsuk-error-message", role: "alert" }, say(key)));
  const first = missing[0][2];
  (first.matches(".nhsuk-radios") ? first.querySelector("input") : first).focus();
});

// ---- what the clinic says ----

room.on("state", draw);
room.on("queue", draw);
room.on("heard", () => age.heard());
room.on("online", (yes) => {
  age.online(yes);
  draw();
});
room.on("ended", draw);
room.on("answer", ({ record, ok, result, error }) => {
  if (record.name === "agenda:order") {
    if (!ok) ui.order = ui.follow = null;
    else if (record.body.topic_ids.length) ui.orderVersion = result.version;
    else ui.follow = result.version;
  }
  if (ok) return;
  const typed = record.name === "agenda:propose_for";
  ui.refused.push({ title: typed ? say("not_added", { words: record.body.words }) : say("not_done"), reason: error.message, record: typed ? record : null });
  voice.interrupt(`${say("not_done")}. ${error.message}`);
});

draw();
room.start();
window.setInterval(draw, 1000);
