// Somebody may need a person now: words of the clinic's list stood in what they wrote. A word match, no medical opinion.
//
// The band pushes the page down and never covers it. It is loud until somebody takes it and stays until somebody has looked;
// it is said once to a screen reader, with one short tone where this page may make a sound.

import { el, show } from "../dom.js";
import { field, openDialog, radios } from "./dialog.js";

const TONE = { hertz: 660, seconds: 0.4, volume: 0.2 };

// Browsers allow sound only after a person did something with the page; before that there is none, and no error.
function makeTone() {
  let context = null;
  const unlock = () => {
    window.removeEventListener("pointerdown", unlock);
    window.removeEventListener("keydown", unlock);
    try {
      context = new window.AudioContext();
    } catch {
      context = null; // this browser has no sound: the band and the voice say it
    }
  };
  window.addEventListener("pointerdown", unlock);
  window.addEventListener("keydown", unlock);
  return () => {
    if (!context) return false;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = TONE.hertz;
    volume.gain.value = TONE.volume;
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + TONE.seconds);
    return true;
  };
}

const beep = makeTone();
const known = new Set();

function tell({ room, text, voice, place }) {
  for (const alarm of room.alarms.values()) {
    if (known.has(alarm.id)) continue;
    known.add(alarm.id);
    if (alarm.taken_by) continue;
    voice.interrupt(text.say("alarm_title", { name: alarm.name }));
    place("alarms").dataset.tone = beep() ? "on" : "off";
  }
}

function found({ room, text, stale }, alarm) {
  const { say, clock } = text;
  const time = clock(alarm.raised_at);
  const told = alarm.told.length ? say("alarm_told", { names: alarm.told.join(", ") }) : "";
  const what = alarm.phrase ? say("alarm_word", { phrase: alarm.phrase, time }) : say("alarm_alone", { time });
  return `${what} ${say("alarm_no_opinion")} ${told} ${stale() || !room.connected ? say("alarm_old") : ""}`;
}

function loud(kit, alarm) {
  const { text, waits, button } = kit;
  const { say } = text;
  const others = alarm.may_take || [];
  const waiting = waits("live:take_alarm", alarm.id) || waits("live:end_alarm", alarm.id);
  const of = { "data-alarm": alarm.id, small: false, waiting };
  return el(
    "section", { class: "gv-alarm", "data-key": alarm.id, "aria-label": say("alarm_title", { name: alarm.name }) },
    el("div", {}, el("h2", { dir: "auto" }, say("alarm_title", { name: alarm.name })), el("p", { dir: "auto" }, found(kit, alarm))),
    el(
      "div", { class: "gv-buttons" },
      button(say("i_go_to", { name: alarm.name }), "take-alarm", { ...of, kind: "primary gv-button--light", "data-key": "take" }),
      others.length === 1
        ? button(say("other_has_this", { name: others[0].name }), "take-alarm", { ...of, kind: "primary gv-button--outline", "data-key": "other", "data-staff": others[0].id })
        : others.length
          ? button(say("somebody_has_this"), "open-who", { ...of, kind: "primary gv-button--outline", "data-key": "other" })
          : null,
      button(say("false_alarm"), "open-false", { ...of, kind: "primary gv-button--outline", "data-key": "false" }),
    ),
  );
}

function taken(kit, alarm) {
  const { text, waits, button, stale } = kit;
  const { say, clock } = text;
  return el(
    "section", { class: "gv-card gv-card--red live-undo live-taken", "data-key": alarm.id, "aria-label": say("alarm_title", { name: alarm.name }) },
    el("p", { dir: "auto" }, el("strong", {}, say("alarm_taken", { who: alarm.taken_by, name: alarm.name })), stale() ? "" : ` ${say("alarm_taken_at", { time: clock(alarm.taken_at) })}`, alarm.phrase ? ` ${say("alarm_word", { phrase: alarm.phrase, time: clock(alarm.raised_at) })}` : ""),
    button(say("alarm_over"), "open-over", { "data-alarm": alarm.id, "data-key": "over", waiting: waits("live:end_alarm", alarm.id) }),
  );
}

// An open dialog makes the rest of the page unreachable, so a loud alarm stands in it, too. What is typed there stays.
function drawInDialog(kit, alarms) {
  const { text, waits, button } = kit;
  const { say } = text;
  const dialog = document.querySelector("dialog[open]");
  if (!dialog) return;
  let band = dialog.querySelector(":scope > [data-alarms]");
  if (!band) {
    if (!alarms.length) return;
    band = el("div", { "data-alarms": true, role: "alert" });
    dialog.prepend(band);
  }
  show(
    band,
    alarms.map((alarm) =>
      el(
        "div", { class: "gv-alarm live-dialog-alarm", "data-key": alarm.id }, el("p", { dir: "auto" }, el("strong", {}, say("alarm_title", { name: alarm.name }))),
        button(say("i_go_to", { name: alarm.name }), "take-alarm", { kind: "primary gv-button--light", "data-key": "take", "data-alarm": alarm.id, waiting: waits("live:take_alarm", alarm.id) }),
      ),
    ),
  );
}

export function drawAlarms(kit) {
  const alarms = [...kit.room.alarms.values()].sort((a, b) => Number(Boolean(a.taken_by)) - Number(Boolean(b.taken_by)) || new Date(a.raised_at) - new Date(b.raised_at));
  show(kit.place("alarms"), alarms.map((alarm) => (alarm.taken_by ? taken(kit, alarm) : loud(kit, alarm))));
  drawInDialog(kit, alarms.filter((alarm) => !alarm.taken_by));
  tell(kit);
}

// Ending one needs words of what it was; a topic for the group goes where whoever looked says, without a default.
function openEnd(kit, id, { title, label, hint, missing }) {
  const { room, text } = kit;
  const { say } = text;
  const alarm = room.alarms.get(id);
  if (!alarm) return;
  const topic = room.topics.get(alarm.topic_id);
  const forGroup = topic?.route === "group" && topic.state !== "taken_back";
  openDialog(kit, {
    title,
    parts: [
      field("reason", label, { hint, most: 200 }),
      forGroup ? radios("show", say("alarm_topic"), [["yes", say("alarm_topic_group")], ["no", say("alarm_topic_alone")]]) : null,
    ],
    submit: say("alarm_end"),
    act: ({ reason, show: shown }) => {
      if (!reason) return ["reason", missing];
      if (forGroup && !shown) return ["show", say("alarm_topic_missing")];
      room.do("live:end_alarm", { alarm_id: id, reason, show: shown === "yes" });
      return null;
    },
  });
}

function openWho(kit, id) {
  const { room, text } = kit;
  const { say } = text;
  const alarm = room.alarms.get(id);
  if (!alarm) return;
  openDialog(kit, {
    title: say("who_has_this", { name: alarm.name }),
    parts: [radios("who", say("who_said_so"), alarm.may_take.map((each) => [each.id, each.name]))],
    submit: say("they_have_this"),
    act: ({ who }) => {
      if (!who) return ["who", say("choose_who")];
      room.do("live:take_alarm", { alarm_id: id, staff_member_id: who });
      return null;
    },
  });
}

export const alarmActs = (kit) => {
  const { say } = kit.text;
  return {
    "take-alarm": ({ dataset }) => kit.room.do("live:take_alarm", { alarm_id: dataset.alarm, staff_member_id: dataset.staff || "" }),
    "open-who": ({ dataset }) => openWho(kit, dataset.alarm),
    "open-false": ({ dataset }) => openEnd(kit, dataset.alarm, { title: say("false_title"), label: say("false_why"), hint: say("alarm_reason_hint"), missing: say("false_missing") }),
    "open-over": ({ dataset }) => openEnd(kit, dataset.alarm, { title: say("over_title"), label: say("over_what"), hint: say("alarm_reason_hint"), missing: say("over_missing") }),
    "to-alarm": ({ dataset }) => kit.place("alarms").querySelector(`[data-alarm="${dataset.alarm}"]`)?.focus(),
  };
};
