// A patient's phone in the room: what is now, bring a topic, when is my one-on-one, what became of mine.
//
// The page stands complete without this script, as lists and forms; here the same places are kept up to date. What the
// person did is laid over what the clinic has told (waiting, sent), and the words say only what is true.
// Nothing moves under a finger: new topics wait behind a button, and order changes only when it is pressed.

import { ageLine } from "../core/age.js";
import { openForm } from "../feedback/draft.js";
import { announcer, el, show } from "./dom.js";
import { Room } from "./protocol.js";
import { inOneLine, wordsOf } from "./words.js";

const STALE_AFTER = 30;
const NOT_TAPPED_AFTER = 60000;
const AT_FIRST = 10;
const SLOW = 1500; // a thing that waits longer than this is said to wait
const OVER = new Set(["talked_about", "answered_one_on_one", "parked", "taken_back"]);

const data = JSON.parse(document.getElementById("live-data").textContent);
const { say, count, clock, day } = wordsOf(data);
const place = (id) => document.getElementById(id);
const age = ageLine(document.querySelector("[data-age]"));
const voice = announcer(place("voice"), place("voice-urgent"));
const form = place("topic-form");
const words = form ? form.elements.words : null;
const draftKey = `draft ${data.session_id} ${data.owner}`;

const room = new Room({ ...data, audience: "patient" });
let shown = null; // ids of the group's topics in the order the person sees them
let allShown = false;
let sure = null; // the topic about to be taken back
let sent = []; // received by the clinic, but not yet in what it tells
let refused = []; // {title, reason} to read and close
let back = 0; // how many things reached the clinic after a time without connection
let cutOff = false; // there was no connection, and what waited then is not yet all there
let waitedOffline = 0;
let wasCalled = null;
let told = { news: 0, fates: null };

// ---- what there is to show ----

const stale = () => room.age() >= STALE_AFTER;
const slow = (record) => !room.connected || Date.now() - record.saved_at > SLOW;
const isOver = () => ["closed", "cancelled"].includes(room.run.state);
const pending = (name) => room.queue.waiting.filter((record) => record.name === name);

function myTopics() {
  const known = new Set(room.me.topics.map((topic) => topic.id));
  sent = sent.filter((topic) => !known.has(topic.id));
  const waiting = pending("agenda:propose").map((record) => ({
    id: record.command_id, words: record.body.words, route: record.body.route, state: slow(record) ? "waiting" : "sending",
  }));
  const withdrawn = new Set(pending("agenda:take_back").map((record) => record.body.topic_id));
  return [...room.me.topics, ...sent, ...waiting].map((topic) => (withdrawn.has(topic.id) ? { ...topic, withdrawing: true } : topic));
}

function supports(topicId) {
  const last = pending("agenda:support").filter((record) => record.body.topic_id === topicId).at(-1);
  return { on: last ? last.body.on : room.me.supported.includes(topicId), waits: Boolean(last) && slow(last) };
}

const isMine = (topic) => room.me.topics.some((own) => own.id === topic.id) || sent.some((own) => own.id === topic.id);

function groupOrder() {
  const first = { current: 0, planned: 1, new: 2, talked_about: 3, parked: 4 };
  return [...room.topics.values()]
    .filter((topic) => topic.state in first)
    .sort((a, b) => first[a.state] - first[b.state] || (a.rank ?? Infinity) - (b.rank ?? Infinity));
}

function newIds() {
  const seen = new Set(shown);
  return groupOrder().filter((topic) => !seen.has(topic.id)).map((topic) => topic.id);
}

// ---- the parts of the page ----

const note = (...text) => el("p", { class: "gv-note" }, text.filter(Boolean).join(" "));
const tag = (kind, text) => el("strong", { class: `gv-tag gv-tag--${kind}` }, kind === "green" ? el("span", { "aria-hidden": "true" }, "✓ ") : null, text);
const wordsIn = (topic) => el("span", { lang: topic.language, dir: "auto" }, topic.words);
const button = (text, act, { kind = "secondary", ...attributes } = {}) =>
  el("button", { type: "button", class: `nhsuk-button nhsuk-button--${kind}`, "data-do": act, ...attributes }, text);

function card(kind, title, ...content) {
  return el("div", { class: `gv-card gv-card--${kind}` }, title ? el("h2", {}, title) : null, content);
}

function drawHead() {
  const { run, me } = room;
  const title = run.state === "closed" ? (me.display_name ? say("thank_you", { name: me.display_name }) : say("thank_you_all")) : run.title;
  let under = "";
  if (run.state === "closed") under = say("closed_at", { group: `${run.title}, ${day(run.starts_at)}`, time: clock(run.closed_at || run.ends_at) });
  if (run.state === "cancelled") under = say("cancelled");
  if (run.state === "planned") {
    const times = { start: clock(run.starts_at), end: clock(run.ends_at), day: day(run.starts_at) };
    under = run.only_one_on_ones ? day(run.starts_at) : `${say(day(run.starts_at) === day(room.now()) ? "when_today" : "when_day", times)} ${run.room || ""}`.trim();
  }
  show(place("head"), el("h1", {}, title), under ? el("p", { class: isOver() ? "gv-quiet" : null }, under) : null);
  showAge(!isOver());
}

function showAge(yes) {
  document.querySelector("[data-age]").hidden = !yes && room.connected && !stale();
}

function callState() {
  const slot = room.me.slot;
  if (!slot || isOver() || stale() || !["called", "coming"].includes(slot.state)) return null;
  const answering = pending("slots:answer").find((record) => record.body.slot_id === slot.id);
  return { slot, answering, answer: slot.state === "coming" ? "coming" : slot.answer };
}

function placeAndProvider({ place: where, provider }) {
  return where ? say("place_provider", { place: where, provider }) : `${provider}.`;
}

function drawCall() {
  const call = callState();
  if (!call) {
    show(place("call"));
    return;
  }
  const { slot, answering, answer } = call;
  const where = el("p", {}, placeAndProvider(slot));
  if (answer && !answering) {
    const title = { coming: "knows_coming", help: "help_comes", told: "was_told" }[answer];
    const more = answer === "help" ? el("p", {}, say("stay_there")) : where;
    show(place("call"), el("div", { class: "gv-call gv-call--thanks gv-bleed" }, el("h2", {}, say(title, { provider: slot.provider })), more));
    return;
  }
  const notTapped = !answering && room.now() - new Date(slot.called_at) > NOT_TAPPED_AFTER;
  const choice = (value, kind) =>
    button(say(value), "answer", {
      kind: "primary", class: `nhsuk-button gv-button--${kind} gv-button--call`, "data-key": value, "data-slot": slot.id, "data-answer": value,
      "aria-disabled": answering ? "true" : null,
    });
  show(
    place("call"),
    el(
      "div", { class: "gv-call gv-bleed" }, el("h2", {}, say("come_now")), where,
      notTapped ? el("p", { class: "gv-call__small" }, say("not_tapped")) : null,
      answering ? el("p", { class: "gv-call__small" }, say("telling", { provider: slot.provider })) : null,
      choice("coming", "light"), choice("help", "outline"),
    ),
  );
}

function waitsFor(record) {
  const about = { words: record.body.words || record.about.words || "" };
  const key = {
    "agenda:propose": "waits_topic", "agenda:support": record.body.on ? "waits_me_too" : "waits_no_me_too",
    "agenda:take_back": "waits_take_back", "slots:answer": "waits_answer",
  }[record.name];
  return el("li", { dir: "auto" }, say(key, about));
}

function drawNotices() {
  const waiting = room.queue.waiting.filter(slow);
  const parts = [];
  if (room.ended) {
    const kind = room.ended === 401 ? "signed_out" : "gone";
    parts.push(card("red", say(`${kind}_title`), el("p", {}, say(kind)), button(say("open_again"), "reload")));
  } else if (room.queue.held) {
    parts.push(card("red", say("signed_out_title"), el("p", {}, say("signed_out")), button(say("open_again"), "reload")));
  }
  if (waiting.length) {
    const keep = room.queue.durable ? say("keep_open") : say("memory_only");
    parts.push(
      card(
        "warning", count("waiting", waiting.length), el("ul", { class: "nhsuk-list nhsuk-list--bullet" }, waiting.map(waitsFor)),
        el("p", {}, `${say(room.connected ? "sending" : "we_send_them")} ${room.connected && room.queue.durable ? "" : keep}`.trim()),
        button(say("try_now"), "try"),
      ),
    );
  } else if (back && room.connected) {
    const key = back === 1 ? "back_one" : back === 2 ? "back_both" : "back_many";
    parts.push(card("green", say("back_title"), el("p", {}, say(key, { n: back }))));
  }
  for (const [i, { title, reason }] of refused.entries()) {
    parts.push(card("red", title, el("p", {}, reason), button(say("close_notice"), "close-notice", { "data-index": i })));
  }
  show(place("notices"), parts);
}

function drawNow() {
  const { run } = room;
  const topic = run.state === "open" && run.current_topic_id ? room.topics.get(run.current_topic_id) : null;
  if (!topic) {
    show(place("now"));
    return;
  }
  const lasts = !stale() && run.topic_ends_at && new Date(run.topic_ends_at) > room.now();
  show(
    place("now"),
    el("p", {}, el("strong", {}, say("talking_now_label")), " ", wordsIn(topic), lasts && !/[.!?…。؟]$/.test(topic.words) ? ". " : " ", lasts ? say("until_about", { time: clock(run.topic_ends_at) }) : null),
  );
}

function slotWords() {
  const { slot, number } = room.me;
  const facts = { time: clock(slot.planned_at), place: slot.place, provider: slot.provider, n: slot.minutes };
  const before = slot.before_you ?? 0;
  if (slot.state === "finished") return { title: say("one_on_one_done"), lines: [say("one_on_one_done_more")] };
  if (stale()) {
    let text = "old_any";
    if (["called", "coming"].includes(slot.state)) text = "old_called";
    else if (slot.state === "planned" && room.run.state === "open") text = ["old_next", "old_one"][before] || "old_many";
    return { title: say("ask_staff"), lines: [say(text, { n: before })] };
  }
  if (slot.state === "started") return { title: say("now_in"), lines: [placeAndProvider(slot)], now: true };
  if (slot.state === "missed") return { title: say("one_on_one_missed"), lines: [say("ask_staff")] };
  if (["called", "coming"].includes(slot.state)) return { title: say("come_now"), lines: [placeAndProvider(slot)], now: true };
  if (room.run.state === "open") {
    const title = before === 0 ? say("you_are_next") : before <= 3 ? say(`before_${before}`) : say("before_many", { n: before });
    if (before === 0) return { title, lines: [placeAndProvider(slot), say("stay_until_called")], now: true };
    const ends = new Date(slot.planned_at).getTime() + slot.minutes * 60000;
    const mineIsAfter = room.me.topics.some((topic) => topic.state === "planned" && topic.planned_at && new Date(topic.planned_at) >= ends);
    const about = slot.place ? say("about_place_provider", facts) : `${say("one_on_one_when_no_place", facts)}, ${slot.provider}.`;
    return { title, lines: [about, mineIsAfter ? say("topic_after") : null], now: true };
  }
  return {
    title: slot.place ? say("one_on_one_when", facts) : say("one_on_one_when_no_place", facts),
    lines: [say("one_on_one_with", facts), number ? say("your_number", { n: number }) : null, say("we_tell_you")],
  };
}

function drawOneOnOne() {
  const call = callState();
  if (!room.me.slot || isOver() || call) {
    show(place("one-on-one"));
    return;
  }
  const { title, lines, now } = slotWords();
  show(
    place("one-on-one"),
    el("h2", {}, say("your_one_on_one")),
    el("div", { class: `gv-card gv-card--edge gv-card--${now ? "tint" : "paper"}` }, el("h3", {}, title), el("p", {}, lines.filter(Boolean).join(" "))),
  );
}

function fate(topic) {
  const outcome = topic.outcome && topic.state === "talked_about" ? say("we_took", { outcome: topic.outcome }) : topic.outcome;
  if (topic.state === "waiting") return { kind: "amber-dashed", text: say("saved_here"), note: say("not_yet_clinic") };
  if (topic.state === "sending") return { kind: "grey", text: say("saved_here"), note: say("sending") };
  if (topic.state === "current") return { kind: "tint", text: say("talking_now") };
  if (topic.state === "talked_about") return { kind: "green", text: say("talked_about"), note: outcome };
  if (topic.state === "answered_one_on_one") return { kind: "green", text: say("answered") };
  if (topic.state === "taken_back") return { kind: "grey", text: say("taken_back") };
  if (topic.state === "parked") {
    const until = room.me.next_visit ? say("kept_until", { day: day(room.me.next_visit.starts_at) }) : null;
    return { kind: "grey", text: say("kept"), note: [outcome, until].filter(Boolean).join(" ") };
  }
  if (topic.route === "one_on_one") return { kind: "tint", text: say("only_one_on_one"), note: say("nobody_sees") };
  if (topic.state === "planned") {
    return { kind: "tint", text: topic.planned_at && !stale() ? say("planned_about", { time: clock(topic.planned_at) }) : say("planned") };
  }
  return { kind: "green", text: isOver() ? say("late_received") : say("received") };
}

function canTakeBack(topic) {
  return !isOver() && !topic.withdrawing && ["new", "planned"].includes(topic.state);
}

function ownRow(topic) {
  const became = fate(topic);
  const asks = sure === topic.id;
  return el(
    "li", { class: "gv-row", "data-key": topic.id },
    el(
      "div", { class: "gv-row__body" }, el("p", { class: "gv-row__title" }, wordsIn(topic)), tag(became.kind, became.text),
      became.note ? el("p", { class: "gv-note", dir: "auto" }, became.note) : null,
      topic.withdrawing ? note(say("waits_take_back", { words: topic.words })) : null,
      canTakeBack(topic) && !asks
        ? el("button", { type: "button", class: "gv-linkbutton live-take-back", "data-key": "back", "data-do": "take-back", "data-topic": topic.id, "aria-label": say("take_back_which", { words: topic.words }) }, say("take_back"))
        : null,
      asks
        ? el(
            "div", { class: "gv-buttons", "data-key": "sure" }, el("p", {}, say("take_back_sure")),
            button(say("take_back_yes"), "take-back-yes", { class: "nhsuk-button nhsuk-button--secondary gv-button--small", "data-topic": topic.id, "data-key": "yes" }),
            button(say("take_back_no"), "take-back-no", { class: "nhsuk-button nhsuk-button--secondary gv-button--small", "data-topic": topic.id, "data-key": "no" }),
          )
        : null,
    ),
  );
}

function drawOwn() {
  const topics = myTopics();
  if (!topics.length) {
    show(place("own"));
    return;
  }
  show(
    place("own"),
    el("h2", {}, say(room.run.state === "planned" ? "your_topics" : "became_of_yours")),
    el("ul", { class: "gv-rows" }, topics.map(ownRow)),
  );
}

function groupNote(topic, mine, support) {
  const lines = [];
  if (mine) lines.push(say("yours"));
  else if (topic.author) lines.push(say("from", { name: topic.author }));
  const n = topic.supports;
  if (mine && n && !stale()) lines.push(count("others", n));
  if (!mine && support.on && !support.waits) {
    if (stale()) lines.push(say("with_you"));
    else lines.push(n > 1 ? say("with_you_many", { n }) : say("with_you_only"));
  }
  const state = { current: "talking_now", talked_about: "talked_about", parked: "kept", taken_back: "taken_back" }[topic.state];
  if (state) lines.push(say(state));
  return lines.length ? note(inOneLine(lines)) : null;
}

function groupRow(topic) {
  const mine = isMine(topic);
  const support = supports(topic.id);
  const canSupport = !mine && !isOver() && !OVER.has(topic.state);
  return el(
    "li", { class: `gv-row live-row${topic.state === "taken_back" ? " gv-row--quiet" : ""}`, "data-key": topic.id },
    el("div", { class: "gv-row__body" }, el("p", { class: "gv-row__title" }, wordsIn(topic)), groupNote(topic, mine, support)),
    canSupport
      ? el(
          "button",
          {
            type: "button", class: "gv-metoo", "data-key": "me-too", "data-do": "support", "data-topic": topic.id, "aria-pressed": support.on ? "true" : "false",
            "data-waiting": support.waits, "aria-label": support.waits ? null : say("me_too_which", { words: topic.words }),
          },
          say(support.waits ? "me_too_waits" : "me_too"),
        )
      : null,
  );
}

function drawGroup() {
  if (room.run.state === "closed" || room.run.state === "cancelled" || room.run.only_one_on_ones) {
    show(place("group"));
    return;
  }
  shown ||= groupOrder().map((topic) => topic.id);
  for (const id of newIds()) {
    if (isMine({ id })) shown.push(id); // one's own is no news to oneself
  }
  const news = newIds();
  // What somebody took back has no words any more: their own copy says what became of it, and others need no empty row.
  const topics = shown.map((id) => room.topics.get(id)).filter((topic) => topic && topic.state !== "taken_back");
  const visible = allShown ? topics : topics.slice(0, AT_FIRST);
  const languages = new Set(topics.map((topic) => topic.language).filter(Boolean));
  show(
    place("group"),
    el("h2", { tabindex: "-1" }, say("topics_from_group")),
    news.length ? el("button", { type: "button", class: "gv-news", "data-key": "news", "data-do": "show-news" }, count("show_new", news.length)) : null,
    visible.length ? el("ul", { class: "gv-rows", "data-key": "rows" }, visible.map(groupRow)) : null,
    !visible.length && !news.length ? el("div", { class: "gv-empty" }, el("p", {}, say("no_topics"))) : null,
    visible.length < topics.length ? button(say("show_all", { n: topics.length }), "show-all", { "data-key": "all" }) : null,
    [...languages].some((code) => code !== data.language) ? note(say("writers_language")) : null,
  );
  if (news.length > told.news) voice.say(count("new_topics", news.length));
  told.news = news.length;
}

// The form is handed out by a POST: looking at a page must not use it up.
function feedbackForm(address) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  return el(
    "form", { method: "post", action: address }, el("input", { type: "hidden", name: "csrf_token", value: token }),
    el("button", { class: "nhsuk-button", type: "submit" }, say("feedback_button")),
  );
}

function feedbackCard() {
  const { me } = room;
  if (me.feedback_url) return card("tint", say("feedback_title"), el("p", {}, say("feedback_text")), feedbackForm(me.feedback_url));
  const opened = openForm(); // handed out, opened on this phone, not sent: the clinic cannot find it again, this phone can
  return opened ? card("tint", say("feedback_title"), el("a", { class: "nhsuk-button", href: opened }, say("feedback_go_on"))) : null;
}

function drawAfter() {
  const { me, run } = room;
  const isClosed = run.state === "closed";
  place("why").hidden = isOver() || !run.purpose;
  show(place("feedback"), isClosed ? feedbackCard() : null);
  show(
    place("plan"),
    me.plan
      ? [
          el("h2", {}, say("your_plan")),
          el(
            "div",
            { class: "gv-card gv-card--edge" },
            el("h3", { dir: "auto" }, me.plan.what),
            el("p", {}, me.plan.when_how_often ? el("span", { dir: "auto" }, `${me.plan.when_how_often}.`) : null, " ", me.plan.confidence === null ? null : say("how_sure", { n: me.plan.confidence })),
          ),
        ]
      : null,
  );
  show(
    place("next"),
    isClosed && me.next_visit
      ? [el("h2", {}, say("next_time")), card("paper", null, el("p", {}, el("strong", {}, say("next_when", { day: day(me.next_visit.starts_at), time: clock(me.next_visit.starts_at) }))))]
      : null,
  );
  if (!form) return;
  const box = place("box");
  const late = place("late");
  if (isClosed && box.parentElement !== place("late-box")) place("late-box").append(box);
  late.hidden = !isClosed;
  box.hidden = run.state === "cancelled";
}

function drawForm() {
  if (!form) return;
  const offline = !room.connected;
  const meets = !room.run.only_one_on_ones || room.run.state === "closed";
  place("only-one-on-ones").hidden = meets;
  for (const [route, sendKey, saveKey] of [["group", "send_group", "save_group"], ["one_on_one", "send_one_on_one", "save_one_on_one"]]) {
    const send = form.querySelector(`[name="route"][value="${route}"]`);
    const text = say(offline ? saveKey : sendKey);
    if (send.textContent !== text) send.textContent = text;
    if (route === "group") send.hidden = !meets;
  }
}

function tellFates() {
  const fates = new Map(room.me.topics.map((topic) => [topic.id, topic.state]));
  for (const topic of room.me.topics) {
    if (told.fates && told.fates.has(topic.id) && told.fates.get(topic.id) !== topic.state && topic.state !== "taken_back") {
      voice.say(say("fate_changed", { words: topic.words, fate: fate(topic).text }));
    }
  }
  told.fates = fates;
}

function tellCall() {
  const call = callState();
  const called = call && !call.answer ? call.slot.id : null;
  if (called && called !== wasCalled) {
    voice.interrupt(`${say("come_now")}. ${placeAndProvider(call.slot)}`);
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300]);
    window.scrollTo(0, 0);
  }
  if (!called) voice.interrupt("");
  wasCalled = called;
}

function draw() {
  for (const part of [drawHead, drawCall, drawNotices, drawNow, drawOneOnOne, drawOwn, drawGroup, drawAfter, drawForm]) part();
}

// ---- what the person does ----

function problem(text) {
  const group = words.closest(".nhsuk-form-group");
  const old = place("words-error");
  if (old) old.remove();
  group.classList.toggle("nhsuk-form-group--error", Boolean(text));
  words.classList.toggle("nhsuk-textarea--error", Boolean(text));
  if (text) group.insertBefore(el("span", { class: "nhsuk-error-message", id: "words-error" }, text), words);
  if (text) words.setAttribute("aria-describedby", "words-error words-hint");
  else words.setAttribute("aria-describedby", "words-hint");
}

async function send(route) {
  const text = words.value.trim();
  if (!text) {
    problem(say("write_first"));
    words.focus();
    return;
  }
  problem("");
  back = 0;
  const showsName = Boolean(form.elements.shows_name && form.elements.shows_name.checked) && route === "group";
  words.value = "";
  const stored = room.do("agenda:propose", { words: text, route, shows_name: showsName });
  await stored;
  forgetDraft();
  if (!room.connected) voice.say(say("saved_here"));
}

function support(element) {
  const topic = room.topics.get(element.dataset.topic);
  room.do("agenda:support", { topic_id: topic.id, on: !supports(topic.id).on }, { words: topic.words });
}

function takeBack(id) {
  const topic = room.me.topics.find((own) => own.id === id);
  sure = null;
  if (topic) room.do("agenda:take_back", { topic_id: id }, { words: topic.words });
}

const acts = {
  answer: (element) => room.do("slots:answer", { slot_id: element.dataset.slot, answer: element.dataset.answer }),
  support,
  "take-back": (element) => focusAfter(() => (sure = element.dataset.topic), `[data-do="take-back-yes"][data-topic="${element.dataset.topic}"]`),
  "take-back-yes": (element) => takeBack(element.dataset.topic),
  "take-back-no": (element) => focusAfter(() => (sure = null), `[data-do="take-back"][data-topic="${element.dataset.topic}"]`),
  "show-news": () => focusAfter(() => (shown = groupOrder().map((topic) => topic.id)), "#group h2"),
  "show-all": () => focusAfter(() => (allShown = true), `#group .gv-row:nth-child(${AT_FIRST + 1}) button, #group h2`),
  "close-notice": (element) => refused.splice(Number(element.dataset.index), 1),
  try: () => room.wake(),
  reload: () => window.location.reload(),
};

// A button that goes away hands the focus to what it led to, so that a keyboard or a reader's voice is not thrown to the top.
function focusAfter(change, selector) {
  change();
  draw();
  const found = [...document.querySelectorAll(selector)];
  (found.find((element) => element.matches("button")) || found[0])?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const element = event.target.closest("[data-do]");
  if (!element || element.getAttribute("aria-disabled") === "true" || !acts[element.dataset.do]) return;
  acts[element.dataset.do](element);
  draw();
});

function restoreDraft() {
  try {
    if (!words.value) words.value = window.sessionStorage.getItem(draftKey) || "";
  } catch {
    // storage may be forbidden; the text then lives only in the box
  }
}
function keepDraft() {
  try {
    window.sessionStorage.setItem(draftKey, words.value);
  } catch {
    // as above
  }
}
function forgetDraft() {
  try {
    window.sessionStorage.removeItem(draftKey);
  } catch {
    // as above
  }
}

if (form) {
  let route = "";
  for (const button of form.querySelectorAll('[name="route"]')) button.addEventListener("click", () => (route = button.value));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.submitter?.value || route);
  });
  words.addEventListener("input", () => {
    keepDraft();
    if (words.value.trim()) problem("");
  });
  restoreDraft();
}

// ---- what the clinic says ----

room.on("state", () => {
  draw();
  tellFates();
  tellCall();
});
room.on("queue", draw);
room.on("heard", () => age.heard());
room.on("online", (yes) => {
  age.online(yes);
  if (!yes) {
    cutOff = true;
    back = 0;
    voice.say(say("connection_lost"));
  } else if (!room.queue.waiting.length) {
    cutOff = false;
  }
  draw();
});
room.on("ended", draw);
room.on("answer", ({ record, ok, result, error }) => {
  if (ok) {
    if (cutOff) waitedOffline += 1;
    if (record.name === "agenda:propose") {
      const state = room.run.state === "closed" ? "parked" : "new";
      sent.push({ id: result.topic_id, words: record.body.words, language: data.language, route: record.body.route, state });
      voice.say(say("received"));
    }
    if (waitedOffline && !room.queue.waiting.length) {
      back = waitedOffline;
      waitedOffline = 0;
      cutOff = false;
      voice.say(say("back_title"));
    }
    return;
  }
  if (record.name === "agenda:propose" && words && !words.value.trim()) {
    words.value = record.body.words;
    keepDraft();
    problem(error.message);
    voice.say(`${say("not_sent")} ${error.message}`);
    return;
  }
  const title = record.name === "agenda:propose" ? say("not_sent_words", { words: record.body.words }) : say("not_done");
  refused.push({ title, reason: error.message });
  voice.say(`${title} ${error.message}`);
});

place("room").hidden = false;
draw();
tellFates();
tellCall();
room.start();
window.setInterval(draw, 5000);
