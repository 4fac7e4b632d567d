// Closing the visit: each topic with its fate, and a stated reason for each person who was not seen.

import { el, show } from "../dom.js";
import { isPutTogether } from "./topic.js";

const UNSEEN = [["call_tomorrow", "unseen_call"], ["not_wanted", "unseen_no"], ["other", "unseen_other"]];

// What becomes of each topic that was sent: a joined one shares the fate of the one that leads, a split one is counted once and its parts stand with it.
function fates(kit) {
  const { room, text } = kit;
  const { say } = text;
  const all = [...room.topics.values()].filter((topic) => !isPutTogether(topic));
  const fateOf = (topic) => {
    if (topic.state === "merged") return topic.merged_into_id && room.topics.has(topic.merged_into_id) ? fateOf(room.topics.get(topic.merged_into_id)) : "kept";
    if (topic.state === "split") return "split";
    if (topic.state === "answered_one_on_one") return "answered";
    if (["taken_back", "declined"].includes(topic.state)) return topic.state;
    if (topic.route === "one_on_one") return topic.state === "parked" ? "kept" : "private";
    if (topic.hidden_because === "asked") return "asked";
    return ["talked_about", "current"].includes(topic.state) ? "talked" : "kept";
  };
  const sent = all.filter((topic) => !topic.split_from_id);
  const named = (topic) => {
    if (topic.route === "one_on_one") return null;
    if (topic.state === "merged") return say("name_joined", { name: topic.author });
    return topic.author;
  };
  const names = (topics) => [...new Set(topics.map(named).filter(Boolean))].join(", ");
  const parts = (topics) => topics.map((topic) => say("split_into", { name: topic.author, n: all.filter((part) => part.split_from_id === topic.id).length })).join(", ");
  const told = {
    talked: ["count_talked", names], answered: ["count_answered", () => say("only_clinicians")], private: ["count_private", () => say("only_clinicians")],
    asked: ["count_asked", () => say("asked_goes_alone")], kept: ["count_kept", names], declined: ["count_declined", (topics) => `${names(topics)}. ${say("declined_told")}`],
    split: ["count_split", parts], taken_back: ["count_taken_back", () => ""],
  };
  return Object.entries(told).map(([fate, [key, who]]) => [key, sent.filter((topic) => fateOf(topic) === fate), who]);
}

function openClose(kit) {
  const { room, text, place } = kit;
  const { say, count } = text;
  const { account } = room;
  const rows = fates(kit);
  const alarms = [...room.alarms.values()];
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
    alarms.length ? el("div", { class: "gv-card gv-card--red" }, el("p", { dir: "auto" }, say("alarms_open", { names: [...new Set(alarms.map(({ name }) => name))].join(", ") }))) : null,
    unseen.filter((person) => had.has(person.seat_id)).map((person) => whyUnseen(kit, person)),
  );
  mayClose(kit);
  place("close-dialog").showModal();
}

// A reason for each, chosen without a default.
function whyUnseen({ text }, { seat_id: seat, name }) {
  const { say } = text;
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

function reasonsGiven({ place }) {
  return [...place("close-form").querySelectorAll("[data-unseen]")].map((fields) => {
    const chosen = fields.querySelector("input:checked")?.value || "";
    return { seat: fields.dataset.unseen, name: fields.dataset.name, because: chosen === "other" ? fields.querySelector("input[maxlength]").value.trim() : chosen };
  });
}

function mayClose(kit) {
  const { text, place } = kit;
  for (const fields of place("close-form").querySelectorAll("[data-unseen]")) {
    const other = fields.querySelector("input:checked")?.value === "other";
    for (const element of fields.querySelectorAll("[data-other]")) element.hidden = !other;
  }
  const missing = reasonsGiven(kit).filter(({ because }) => !because).map(({ name }) => name);
  place("close-now").setAttribute("aria-disabled", String(missing.length > 0));
  place("close-first").textContent = missing.length ? text.say("first_unseen", { names: missing.join(", ") }) : "";
  return !missing.length;
}

export function listenToClose(kit) {
  const form = kit.place("close-form");
  form.addEventListener("input", () => mayClose(kit));
  form.addEventListener("submit", (event) => {
    if (!mayClose(kit)) {
      event.preventDefault();
      return;
    }
    const reasons = reasonsGiven(kit);
    kit.room.do("live:close", { unseen: reasons.map(({ seat }) => seat), because: reasons.map(({ because }) => because) });
  });
}

export const closeActs = (kit) => ({ "open-close": () => openClose(kit) });
