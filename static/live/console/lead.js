// Who leads, who helps, and what each of them sees: while talking only a few things are needed, the helpers do the rest.

import { el } from "../dom.js";
import { openDialog, radios } from "./dialog.js";

// "all", "lead" or "help". One facilitator alone, and a visit that nobody leads, need everything.
export function view({ room, ui, me }) {
  const { led_by: leader, facilitators, state } = room.run;
  if (ui.everything === true || state !== "open") return "all";
  const part = leader && leader.id !== me ? "help" : "lead";
  if (ui.everything === false) return part;
  return leader && facilitators.length > 1 ? part : "all";
}

export function leadButtons(kit) {
  const { room, text, me, waits, button } = kit;
  const { say } = text;
  const { led_by: leader, facilitators } = room.run;
  const others = leader && leader.id !== me;
  const mayLead = others || (!leader && facilitators.length > 1);
  return [
    button(view(kit) === "all" ? say("see_less") : say("see_all"), "view", { small: false, "data-key": "view" }),
    mayLead
      ? button(say(leader ? "take_over" : "take_the_lead"), "take-over", { small: false, "data-key": "take-over", waiting: waits("live:take_over") })
      : button(say("hand_over"), "open-hand-over", { small: false, "data-key": "hand-over", waiting: waits("live:hand_over") }),
  ];
}

export function leadLine({ room, text, me }) {
  const { led_by: leader, facilitators } = room.run;
  if (room.run.state !== "open" || facilitators.length < 2) return "";
  if (!leader) return text.say("nobody_leads");
  return leader.id === me ? text.say("you_lead") : text.say("other_leads", { name: leader.name });
}

// A hand-over on its way, for both sides of it.
export function handOverCard({ room, text, me, waits, button }) {
  const { say } = text;
  const { handed_to: asked, led_by: leader } = room.run;
  if (!asked || room.run.state !== "open") return null;
  if (asked.id === me) {
    return el(
      "div", { class: "gv-card gv-card--tint", "data-key": "handed" }, el("h2", {}, leader ? say("asks_you_to_lead", { name: leader.name }) : say("asked_to_lead")),
      el(
        "div", { class: "gv-buttons" }, button(say(leader ? "take_over" : "take_the_lead"), "take-over", { kind: "primary", "data-key": "take", waiting: waits("live:take_over") }),
        button(say("not_now"), "hand-back", { "data-key": "back", waiting: waits("live:hand_over") }),
      ),
    );
  }
  return el(
    "div", { class: "gv-card gv-card--tint live-undo", "data-key": "handed" }, el("p", { dir: "auto" }, say("was_asked_to_lead", { name: asked.name })),
    button(say("take_question_back"), "hand-back", { "data-key": "back", waiting: waits("live:hand_over") }),
  );
}

function openHandOver(kit) {
  const { room, text, me } = kit;
  const { say } = text;
  const others = room.run.facilitators.filter(({ id }) => id !== me);
  openDialog(kit, {
    title: say("hand_over_title"),
    parts: others.length
      ? [el("p", {}, say("hand_over_hint")), radios("to", say("hand_over_to"), others.map(({ id, name }) => [id, name]))]
      : [el("p", {}, say("nobody_to_hand_to"))],
    submit: others.length ? say("ask_to_lead") : null,
    act: ({ to }) => {
      if (!to) return ["to", say("choose_who_leads")];
      room.do("live:hand_over", { staff_member_id: to });
      return null;
    },
  });
}

export const leadActs = (kit) => ({
  view: () => (kit.ui.everything = view(kit) !== "all"),
  "take-over": () => kit.room.do("live:take_over", {}),
  "open-hand-over": () => openHandOver(kit),
  "hand-back": () => kit.room.do("live:hand_over", { staff_member_id: "" }),
});
