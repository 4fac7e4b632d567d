// "Please come now", and the answer to it.

import { el } from "../dom.js";
import { button } from "./kit.js";

const NOT_TAPPED_AFTER = 60000;

export function callState({ room, stale, isOver, pending }) {
  const slot = room.me.slot;
  if (!slot || isOver() || stale() || !["called", "coming"].includes(slot.state)) return null;
  const answering = pending("slots:answer").find((record) => record.body.slot_id === slot.id);
  return { slot, answering, answer: slot.state === "coming" ? "coming" : slot.answer };
}

export function placeAndProvider({ place: where, provider }, { say }) {
  return where ? say("place_provider", { place: where, provider }) : `${provider}.`;
}

export function drawCall(kit) {
  const { say } = kit.text;
  const call = callState(kit);
  if (!call) {
    kit.show("call");
    return;
  }
  const { slot, answering, answer } = call;
  const where = el("p", {}, placeAndProvider(slot, kit.text));
  if (answer && !answering) {
    const title = { coming: "knows_coming", help: "help_comes", told: "was_told" }[answer];
    const more = answer === "help" ? el("p", {}, say("stay_there")) : where;
    kit.show("call", el("div", { class: "gv-call gv-call--thanks gv-bleed" }, el("h2", {}, say(title, { provider: slot.provider })), more));
    return;
  }
  const notTapped = !answering && kit.room.now() - new Date(slot.called_at) > NOT_TAPPED_AFTER;
  const choice = (value, kind) =>
    button(say(value), "answer", {
      class: `nhsuk-button gv-button--${kind} gv-button--call`, "data-key": value, "data-slot": slot.id, "data-answer": value,
      "aria-disabled": answering ? "true" : null,
    });
  kit.show(
    "call",
    el(
      "div", { class: "gv-call gv-bleed" }, el("h2", {}, say("come_now")), where,
      notTapped ? el("p", { class: "gv-call__small" }, say("not_tapped")) : null,
      answering ? el("p", { class: "gv-call__small" }, say("telling", { provider: slot.provider })) : null,
      choice("coming", "light"), choice("help", "outline"),
    ),
  );
}

export function tellCall(kit) {
  const { ui, text, voice } = kit;
  const call = callState(kit);
  const called = call && !call.answer ? call.slot.id : null;
  if (called && called !== ui.wasCalled) {
    voice.interrupt(`${text.say("come_now")}. ${placeAndProvider(call.slot, text)}`);
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300]);
    window.scrollTo(0, 0);
  }
  if (!called) voice.interrupt("");
  ui.wasCalled = called;
}

export const callActs = ({ room }) => ({
  answer: (element) => room.do("slots:answer", { slot_id: element.dataset.slot, answer: element.dataset.answer }),
});
