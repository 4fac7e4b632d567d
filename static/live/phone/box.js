// The box for a new topic: sending it, what was typed and not sent, and what is wrong with it.

import { el } from "../dom.js";
import { takesLate } from "../late.js";
import { clearCheck, isAsked, mayGo } from "./check.js";

const ROUTES = [["group", "send_group", "save_group"], ["one_on_one", "send_one_on_one", "save_one_on_one"]];

export function makeBox(kit) {
  const { data, room, ui, text, place, voice } = kit;
  const { say } = text;
  const form = place("topic-form");
  if (!form) return null;
  const words = form.elements.words;
  const draftKey = `draft ${data.session_id} ${data.owner}`;

  // Storage may be forbidden; the text then lives only in the box.
  function stored(act) {
    try {
      return act(window.sessionStorage);
    } catch {
      return null;
    }
  }
  const keepDraft = () => stored((store) => store.setItem(draftKey, words.value));
  const forgetDraft = () => stored((store) => store.removeItem(draftKey));

  function problem(sentence) {
    const group = words.closest(".nhsuk-form-group");
    place("words-error")?.remove();
    group.classList.toggle("nhsuk-form-group--error", Boolean(sentence));
    words.classList.toggle("nhsuk-textarea--error", Boolean(sentence));
    if (sentence) words.before(el("span", { class: "nhsuk-error-message", id: "words-error" }, sentence));
    words.setAttribute("aria-describedby", sentence ? "words-error words-hint" : "words-hint");
  }

  async function send(route) {
    const written = words.value.trim();
    if (!written) {
      problem(say("write_first"));
      words.focus();
      return;
    }
    problem("");
    if (route === "group" && !mayGo(form, written, kit)) {
      draw();
      return;
    }
    clearCheck(form);
    ui.back = 0;
    const showsName = Boolean(form.elements.shows_name?.checked) && route === "group";
    words.value = "";
    await room.do("agenda:propose", { words: written, route, shows_name: showsName }, { known: room.me.topics.map(({ id }) => id) });
    forgetDraft();
    if (!room.connected) voice.say(say("saved_here"));
  }

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
  if (!words.value) words.value = stored((store) => store.getItem(draftKey)) || "";
  showWhatIsThere();

  // Words that stand in the box are never out of sight.
  function showWhatIsThere() {
    const fold = words.closest("details");
    if (words.value && fold) fold.open = true;
  }

  // Nobody is asked to show a name that they have said screens shall not show, or one that they have changed.
  function drawName() {
    const box = form.elements.shows_name;
    if (!box) return;
    const { display_name: name } = room.me;
    const label = say("shows_name", { name });
    const [shown] = box.labels;
    if (name && shown.textContent !== label) shown.textContent = label;
    if (!name) box.checked = false;
    box.closest(".live-shows-name").hidden = !name;
  }

  function draw() {
    const { run } = room;
    drawName();
    const closed = run.state === "closed";
    const meets = !run.only_one_on_ones || closed;
    if (closed && place("box").parentElement !== place("late-box")) {
      place("late-box").append(place("box"));
      showWhatIsThere();
    }
    place("late").hidden = !(takesLate(room) || (closed && words.value));
    place("box").hidden = run.state === "cancelled" && !words.value;
    place("only-one-on-ones").hidden = meets;
    for (const [to, sendKey, saveKey] of ROUTES) {
      const button = form.querySelector(`[name="route"][value="${to}"]`);
      const label = say(to === "group" && isAsked(form) ? "send_anyway" : room.connected ? sendKey : saveKey);
      if (button.textContent !== label) button.textContent = label;
      if (to === "group") button.hidden = !meets;
    }
  }

  return {
    draw,
    // What was refused comes back into the box with the reason, unless something else was begun there.
    takesBack(record, reason) {
      if (words.value.trim()) return false;
      words.value = record.body.words;
      keepDraft();
      problem(reason);
      showWhatIsThere();
      voice.say(`${say("not_sent")} ${reason}`);
      return true;
    },
  };
}
