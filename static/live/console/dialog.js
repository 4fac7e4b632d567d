// One dialog for all questions of the console: its title, its parts, one button to do it and one to go back.
//
//   openDialog(kit, {title, parts, submit, back, act, check})
//   act(values, form) does it and answers null, or [field name, what is missing]; then the dialog stays and says so there.
//   changed(form) is called after each input, for what follows from a choice.

import { el } from "../dom.js";

export function openDialog(kit, { title, parts, submit, back = kit.text.say("back"), act, changed, note }) {
  const dialog = kit.place("ask-dialog");
  const form = el(
    "form", { method: "dialog", novalidate: true }, el("h2", { id: "ask-title", tabindex: "-1", autofocus: true, dir: "auto" }, title), parts,
    el(
      "div", { class: "gv-buttons" }, submit ? el("button", { class: "nhsuk-button", type: "submit" }, submit) : null,
      el("button", { class: "nhsuk-button nhsuk-button--secondary", type: "button", "data-do": "back" }, back),
    ),
    note ? el("p", { class: "gv-note" }, note) : null,
  );
  form.addEventListener("submit", (event) => {
    clearErrors(form);
    const wrong = act(values(form), form);
    if (wrong) {
      event.preventDefault();
      fail(form, ...wrong);
    } else kit.draw();
  });
  if (changed) form.addEventListener("input", () => changed(form));
  dialog.replaceChildren(form);
  if (changed) changed(form);
  dialog.showModal();
  return form;
}

// Every field by its name; a group of radios by what is chosen, or empty.
export function values(form) {
  const found = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "radio") found[field.name] ||= field.checked ? field.value : "";
    else found[field.name] = field.value.trim();
  }
  return found;
}

function clearErrors(form) {
  for (const error of form.querySelectorAll(".nhsuk-error-message")) error.remove();
}

function fail(form, name, reason) {
  const field = form.querySelector(`[name="${name}"]`);
  const group = field.closest("fieldset");
  (group ? group.querySelector(".nhsuk-radios") : field).before(el("span", { class: "nhsuk-error-message", role: "alert" }, reason));
  field.focus();
}

let made = 0;

export function radios(name, legend, choices, chosen = null) {
  made += 1;
  return el(
    "div", { class: "nhsuk-form-group" },
    el(
      "fieldset", { class: "nhsuk-fieldset" }, el("legend", { class: "nhsuk-fieldset__legend" }, legend),
      el(
        "div", { class: "nhsuk-radios nhsuk-radios--small" },
        choices.map(([value, label], i) => {
          const id = `ask-${made}-${name}-${i}`;
          return el(
            "div", { class: "nhsuk-radios__item" }, el("input", { class: "nhsuk-radios__input", id, type: "radio", name, value, checked: value === chosen }),
            el("label", { class: "nhsuk-label nhsuk-radios__label", for: id, dir: "auto" }, label),
          );
        }),
      ),
    ),
  );
}

export function field(name, label, { hint = null, value = "", rows = 0, most = 300, lang = null } = {}) {
  made += 1;
  const id = `ask-${made}-${name}`;
  const attributes = { id, name, maxlength: most, dir: "auto", autocomplete: "off", lang, "aria-describedby": hint ? `${id}-hint` : null };
  const input = rows ? el("textarea", { class: "nhsuk-textarea", rows, ...attributes }) : el("input", { class: "nhsuk-input", type: "text", ...attributes });
  input.value = value;
  return el("div", { class: "nhsuk-form-group", "data-field": name }, el("label", { class: "nhsuk-label", for: id }, label), hint ? el("div", { class: "nhsuk-hint", id: `${id}-hint` }, hint) : null, input);
}

export function select(name, label, choices, chosen = "") {
  made += 1;
  const id = `ask-${made}-${name}`;
  return el(
    "div", { class: "nhsuk-form-group" }, el("label", { class: "nhsuk-label", for: id }, label),
    el("select", { class: "nhsuk-select", id, name }, choices.map(([value, said]) => el("option", { value, selected: value === chosen }, said))),
  );
}

// A topic as its writer put it, at the top of a question about it.
export function quoted(topic, note) {
  return el("div", { class: "gv-card live-quoted" }, el("h3", { lang: topic.language, dir: "auto" }, topic.words), note ? el("p", { class: "gv-note", dir: "auto" }, note) : null);
}
