// The facilitator's console: what came in, what is talked about now and next, who waits for what.
//
// The page is drawn from the room's state; what was tapped is sent as a command and shown when the clinic has accepted it.
// Rows do not change places under the pointer or the focus: another order waits behind a button.
// This file only wires the parts together; each concern has its own file in console/.

import { ageLine } from "../core/age.js";
import { addActs, listenToAdd } from "./console/add.js";
import { alarmActs, drawAlarms } from "./console/alarm.js";
import { drawAgenda } from "./console/agenda.js";
import { announce } from "./console/announce.js";
import { askActs, REASONS } from "./console/ask.js";
import { closeActs, listenToClose } from "./console/close.js";
import { orderColumns } from "./console/columns.js";
import { addConflict, conflictActs, isConflict, meant } from "./console/conflict.js";
import { pollActs } from "./console/current.js";
import { doorActs } from "./console/door.js";
import { drawNew } from "./console/fresh.js";
import { gatherActs } from "./console/gather.js";
import { drawHeader, headerActs } from "./console/header.js";
import { joinActs } from "./console/join.js";
import { keyAct, keyActs } from "./console/keys.js";
import { makeKit } from "./console/kit.js";
import { leadActs } from "./console/lead.js";
import { drawNotices, drawState, noticeActs } from "./console/notices.js";
import { listenToDrag, move, orderActs, orderAnswered } from "./console/order.js";
import { drawPeople } from "./console/people.js";
import { drawRunSheet, runSheetActs } from "./console/runsheet.js";
import { listenForSimilar } from "./console/similar.js";
import { detailActs } from "./console/topic.js";
import { lineAnswered, listenToFinish, topicActs } from "./console/topics.js";

const kit = makeKit(JSON.parse(document.getElementById("live-data").textContent), draw);
const { room, ui, text, voice, place } = kit;
const { say } = text;
const age = ageLine(document.querySelector("[data-age]"));

const PARTS = [drawHeader, drawRunSheet, drawAlarms, drawNotices, drawState, drawNew, drawAgenda, drawPeople, announce];

function draw() {
  if (ui.undo && performance.now() > ui.undo.until) ui.undo = null;
  for (const part of PARTS) part(kit);
}

const acts = { back: (element) => element.closest("dialog").close() };
for (const more of [
  headerActs, leadActs, runSheetActs, alarmActs, noticeActs, conflictActs, gatherActs, topicActs, detailActs, askActs, joinActs, orderActs, pollActs, addActs,
  closeActs, doorActs, keyActs,
]) {
  Object.assign(acts, more(kit));
}

document.addEventListener("click", (event) => {
  const element = event.target.closest("[data-do]");
  if (!element || element.getAttribute("aria-disabled") === "true" || !acts[element.dataset.do]) return;
  acts[element.dataset.do](element);
  draw();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-minutes]")) return;
  ui.minutes.set(event.target.dataset.minutes, Number(event.target.value));
  draw();
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const row = event.target.closest?.("[data-planned]");
  if (event.altKey && row && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    move(kit, row.dataset.planned, event.key === "ArrowUp" ? -1 : 1);
  } else {
    const [name, topic] = keyAct(event, kit) || [];
    if (!name) return;
    acts[name]({ dataset: { topic } });
  }
  event.preventDefault();
  draw();
});

place("middle").addEventListener("pointerenter", () => (ui.touching = true));
place("middle").addEventListener("pointerleave", () => {
  ui.touching = false;
  draw();
});

for (const listen of [listenToDrag, listenToFinish, listenToAdd, listenToClose, listenForSimilar]) listen(kit);

// ---- what the clinic says ----

room.on("state", draw);
room.on("queue", draw);
room.on("heard", () => age.heard());
room.on("online", (yes) => {
  age.online(yes);
  draw();
});
room.on("ended", draw);
room.on("answer", ({ record, ok, result, error }) => {
  orderAnswered(kit, { record, ok, result });
  lineAnswered(kit, { record, ok, result });
  if (ok) return;
  if (isConflict(record, error)) {
    addConflict(kit, record, error);
    draw();
    return;
  }
  const typed = record.name === "agenda:propose_for";
  const words = typedIn(record);
  const title = typed ? say("not_added", { words: record.body.words }) : words ? say("not_sent_words", { words }) : say("not_done");
  const card = { title, what: meant(kit, record), reason: error.message, record: typed ? record : null };
  // The same no to the same act once more is no news.
  if (typed || !ui.refused.some(({ title: same, what, reason }) => same === card.title && what === card.what && reason === card.reason)) ui.refused.push(card);
  voice.interrupt(`${say("not_done")}. ${error.message}`);
});

// What was written with an act that was refused: it is still to be read, and to be copied from.
function typedIn({ about, body }) {
  const written = [body.outcome, body.prompt, body.watch, ...(body.parts || []), body.reason in REASONS ? "" : body.reason];
  return about.words || written.filter(Boolean).join(" / ");
}

orderColumns(kit);
draw();
room.start();
window.setInterval(draw, 1000);
