// After the visit: feedback, one's own plan, the next date, and a topic thought of too late.

import { openForm } from "../../feedback/draft.js";
import { el } from "../dom.js";
import { card } from "./kit.js";

function postForm(address, ...buttons) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  return el("form", { method: "post", action: address }, el("input", { type: "hidden", name: "csrf_token", value: token }), buttons);
}

// The form is handed out by a POST: looking at a page must not use it up.
const feedbackForm = (address, { say }) => postForm(address, el("button", { class: "nhsuk-button", type: "submit" }, say("feedback_button")));

function feedbackCard({ room, text }) {
  const { say } = text;
  const { feedback_url: address } = room.me;
  if (address) return card("tint", say("feedback_title"), el("p", {}, say("feedback_text")), feedbackForm(address, text));
  const opened = openForm(); // handed out, opened on this phone, not sent: the clinic cannot find it again, this phone can
  return opened ? card("tint", say("feedback_title"), el("a", { class: "nhsuk-button", href: opened }, say("feedback_go_on"))) : null;
}

function planPart({ plan }, { say }) {
  if (!plan) return null;
  return [
    el("h2", {}, say("your_plan")),
    el(
      "div", { class: "gv-card gv-card--edge" }, el("h3", { dir: "auto" }, plan.what),
      el("p", {}, plan.when_how_often ? el("span", { dir: "auto" }, `${plan.when_how_often}.`) : null, " ", plan.confidence === null ? null : say("how_sure", { n: plan.confidence })),
    ),
  ];
}

// The answer goes where "My visits" takes it too, and that page says what the clinic has received.
function willYouCome({ id, answer }, { say }) {
  const address = `/my/visits/${id}`;
  if (answer === "yes") return [el("p", {}, say("said_yes")), el("p", {}, el("a", { href: address }, say("change_answer")))];
  const choice = (value, kind, text) => el("button", { class: `nhsuk-button${kind} gv-button--full`, type: "submit", name: "answer", value }, text);
  return [
    el("p", {}, say(answer === "moved" ? "still_come" : "will_you_come")),
    postForm(`${address}/answers`, choice("yes", "", say("yes_come")), choice("no", " nhsuk-button--secondary", say("no_come"))),
  ];
}

function nextPart({ next_visit: next }, text) {
  if (!next) return null;
  const { say, day, clock } = text;
  const when = say("next_when", { day: day(next.starts_at), time: clock(next.starts_at) });
  return [el("h2", {}, say("next_time")), card("paper", null, el("p", {}, el("strong", {}, when)), willYouCome(next, text))];
}

export function drawAfter(kit) {
  const { room, text, place, show, isOver } = kit;
  const { me, run } = room;
  const isClosed = run.state === "closed";
  place("why").hidden = isOver() || !run.purpose;
  show("feedback", isClosed ? feedbackCard(kit) : null);
  show("plan", planPart(me, text));
  show("next", isClosed ? nextPart(me, text) : null);
}
