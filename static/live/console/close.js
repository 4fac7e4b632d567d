// Closing the visit: each topic with its fate, and a stated reason for each person who was not seen.

import { el, show } from "../dom.js";

const UNSEEN = [["call_tomorrow", "unseen_call"], ["not_wanted", "unseen_no"], ["other", "unseen_other"]];

function openClose(kit) {
  const { room, text, place } = kit;
  const { say, count } = text;
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
