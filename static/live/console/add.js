// A topic for somebody without a phone: during the visit, and from paper cards for a day after it.

import { el } from "../dom.js";
import { takesLate } from "../late.js";

const COME = ["attended", "left_early"];
const EXPECTED = ["arrived", "confirmed", ...COME];

export const isAfter = ({ room }) => room.run.state === "closed";

export const mayAdd = ({ room }) => ["planned", "open"].includes(room.run.state) || takesLate(room);

export function openAdd(kit, values = {}) {
  const { room, text, place } = kit;
  const { say } = text;
  const form = place("add-form");
  const here = [...room.people.values()].filter((person) => (isAfter(kit) ? COME : EXPECTED).includes(person.state));
  place("add-later").hidden = !isAfter(kit);
  here.sort((a, b) => Number(a.phone_live) - Number(b.phone_live) || a.name.localeCompare(b.name));
  form.elements.seat_id.replaceChildren(el("option", { value: "" }, say("choose_person")), ...here.map((person) => el("option", { value: person.seat_id }, person.name)));
  form.elements.seat_id.value = values.seat_id || "";
  form.elements.words.value = values.words || "";
  for (const radio of form.querySelectorAll('[name="route"]')) radio.checked = radio.value === values.route;
  for (const error of form.querySelectorAll(".nhsuk-error-message")) error.remove();
  place("add-dialog").showModal();
}

export function listenToAdd({ room, text, place }) {
  const { say } = text;
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
}

export const addActs = (kit) => ({
  "open-add": () => openAdd(kit),
  again: (element) => openAdd(kit, kit.ui.refused.splice(Number(element.dataset.index), 1)[0].record.body),
});
