// The parts of the visit: which one it is in, who leads it, how long it still has, what to say in it and what to watch.

import { el, show } from "../dom.js";
import { minutesUntil } from "../words.js";
import { field, openDialog, select } from "./dialog.js";

const ownerName = ({ data }, owner) => data.strings.owners[owner] || owner;

// Who leads a part, and what stands in it, as lines to read.
export function ownerLines(kit, { owner, seat_id: seat }) {
  const { room, text } = kit;
  const person = seat ? room.people.get(seat) : null;
  if (person) return [text.say("patient_named", { name: person.name })];
  return [owner ? ownerName(kit, owner) : text.say("nobody_named")];
}

export function promptLines({ text }, { prompt, watch }) {
  const lines = [prompt ? `${text.say("you_could_say")} “${prompt}”` : "", watch ? `${text.say("watch_for")} ${watch}` : ""].filter(Boolean);
  return lines.length ? lines : [text.say("nothing_written")];
}

function partState(kit, part, index) {
  const { room, text, stale } = kit;
  const { say, count } = text;
  const { run } = room;
  if (run.state !== "open" || index !== run.phase || stale()) return null;
  const left = minutesUntil(part.ends_at, room.now());
  return left ? count("part_left", left) : say("part_over");
}

export function drawRunSheet(kit) {
  const { room, text, stale, waits, button, place } = kit;
  const { say, clock } = text;
  const { run } = room;
  const open = run.state === "open";
  show(
    place("runsheet"),
    run.phases.map((part, index) => {
      const current = open && index === run.phase;
      const done = open && index < run.phase;
      // Who led what is over is no news; the words of the clinic's list read as part of the sentence.
      const name = part.owner && !done ? say("part_led_by", { name: part.name, owner: ownerName(kit, part.owner) }) : part.name;
      const left = partState(kit, part, index);
      // A part that the room moved on from before its time has none: it was to begin later than the one that is on.
      const timed = !stale() && !(done && new Date(part.starts_at) > new Date(run.phases[run.phase].starts_at));
      const passed = current && !stale() ? Math.min(part.minutes * 60, Math.max(0, (room.now() - new Date(part.starts_at)) / 1000)) : null;
      const to = index === run.phase + 1 ? ["move_on", "move_on_to"] : index === run.phase - 1 ? ["go_back", "go_back_to"] : null;
      return el(
        "li", { class: `gv-runsheet__part live-part-of-visit${open && Math.abs(index - run.phase) > 1 ? " live-part-far" : ""}`, "data-key": String(index), "aria-current": current ? "step" : null },
        el(
          "div", {}, done ? [el("span", { "aria-hidden": "true" }, "✓ "), el("span", { class: "nhsuk-u-visually-hidden" }, `${say("part_done")} `)] : null,
          left ? `${name}. ${left}` : name,
          timed ? el("strong", {}, current ? say("part_times", { start: clock(part.starts_at), end: clock(part.ends_at) }) : clock(part.starts_at)) : null,
        ),
        open && to
          ? button(say(to[0]), "phase", { "data-key": "go", "data-phase": index, "aria-label": say(to[1], { name: part.name }), waiting: waits("live:phase") })
          : null,
        passed !== null ? el("progress", { class: "gv-bar", value: Math.round(passed), max: part.minutes * 60, "aria-hidden": "true" }) : null,
      );
    }),
  );
}

// What whoever leads could say in a part, and what to watch. Anybody who leads may change it for this visit.
function prompt({ text, waits }, part, index, more = {}) {
  const { say } = text;
  const change = el("button", { type: "button", class: "gv-linkbutton", "data-do": "open-part", "data-key": "change", "data-phase": index, "aria-disabled": waits("live:prompt") ? "true" : null, ...more }, say(part.prompt || part.watch ? "change_this" : "add_prompt"));
  return el(
    "p", { dir: "auto" }, part.prompt ? [el("strong", {}, say("you_could_say")), ` “${part.prompt}” `] : null,
    part.watch ? [el("strong", {}, say("watch_for")), ` ${part.watch} `] : null, change,
  );
}

// While the visit runs, of the part that is on; before it, of all of them, to read and change in advance.
export function promptCard(kit) {
  const { room, text } = kit;
  const { say } = text;
  const { phases, phase, state } = room.run;
  if (state === "open" && phases[phase]) return el("div", { class: "gv-card", "data-key": "prompt" }, prompt(kit, phases[phase], phase));
  if (state !== "planned" || !phases.length) return null;
  return el(
    "div", { class: "gv-card", "data-key": "prompts" }, el("h2", {}, say("what_to_say")),
    phases.map((part, i) => el("div", { class: "gv-section", "data-key": String(i) }, el("h3", { dir: "auto" }, part.name), prompt(kit, part, i, { "aria-label": say("change_part", { name: part.name }) }))),
  );
}

function openPart(kit, first) {
  const { data, room, text } = kit;
  const { say } = text;
  const { version: seen } = room; // what somebody else changes while this is open is not written over
  const { phases } = room.run;
  const here = [...room.people.values()].filter((person) => !["cancelled", "declined", "left_early", "no_show"].includes(person.state));
  here.sort((a, b) => a.name.localeCompare(b.name));
  const owners = [...Object.entries(data.strings.owners), ...here.map((person) => [`seat:${person.seat_id}`, say("patient_named", { name: person.name })])];
  let shown = null;
  openDialog(kit, {
    title: say("part_title"),
    parts: [
      select("phase", say("which_part"), phases.map((part, i) => [String(i), part.name]), String(first)),
      el("div", { "data-owner": true }),
      field("prompt", say("part_prompt"), { hint: say("part_prompt_hint"), rows: 2 }), field("watch", say("part_watch"), { rows: 2 }),
    ],
    submit: say("save"),
    note: say("part_note"),
    changed: (form) => {
      const index = Number(form.elements.phase.value);
      if (shown === index) return;
      shown = index;
      const part = phases[index];
      form.elements.prompt.value = part.prompt;
      form.elements.watch.value = part.watch;
      const owner = part.owner_seat_id ? `seat:${part.owner_seat_id}` : part.owner;
      const listed = owners.some(([value]) => value === owner) ? owners : [[owner, owner || say("nobody_named")], ...owners];
      form.querySelector("[data-owner]").replaceChildren(select("owner", say("part_owner"), listed, owner));
    },
    act: (given) => {
      const index = Number(given.phase);
      const part = phases[index];
      if (given.prompt !== part.prompt || given.watch !== part.watch) room.do("live:prompt", { phase: index, prompt: given.prompt, watch: given.watch, base_version: seen });
      const seat = given.owner.startsWith("seat:") ? given.owner.slice(5) : "";
      if (seat !== (part.owner_seat_id || "") || (!seat && given.owner !== part.owner)) room.do("live:phase_owner", { phase: index, owner: seat ? "" : given.owner, seat_id: seat, base_version: seen });
      return null;
    },
  });
}

export const runSheetActs = (kit) => ({
  phase: ({ dataset }) => kit.room.do("live:phase", { phase: Number(dataset.phase) }),
  "open-part": ({ dataset }) => openPart(kit, Number(dataset.phase)),
});
