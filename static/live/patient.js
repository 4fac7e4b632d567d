// A patient's phone in the room: what is now, bring a topic, when is my one-on-one, what became of mine.
//
// The page stands complete without this script, as lists and forms; here the same places are kept up to date. What the
// person did is laid over what the clinic has told (waiting, sent), and the words say only what is true.
// Nothing moves under a finger: new topics wait behind a button, and order changes only when it is pressed.
// This file only wires the parts together; each concern has its own file in phone/.

import { ageLine } from "../core/age.js";
import { drawAfter } from "./phone/after.js";
import { makeBox } from "./phone/box.js";
import { callActs, drawCall, tellCall } from "./phone/call.js";
import { checkActs, listenForChanges } from "./phone/check.js";
import { editForms } from "./phone/edit.js";
import { tellFates } from "./phone/fate.js";
import { drawGroup, groupActs } from "./phone/group.js";
import { drawHead } from "./phone/head.js";
import { makeKit } from "./phone/kit.js";
import { addRefusal, countArrived, drawNotices, noticeActs, tellOnline } from "./phone/notices.js";
import { drawNow } from "./phone/now.js";
import { drawListening, listenActs } from "./phone/listen.js";
import { drawOneOnOne } from "./phone/one_on_one.js";
import { drawOwn, ownActs } from "./phone/own.js";
import { drawQuestions, questionActs, tellQuestions } from "./phone/questions.js";
import { drawSize, sizeActs } from "./phone/size.js";
import { listenForVoices, speakActs } from "./phone/speak.js";
import { steadily, watchFinger } from "./phone/steady.js";
import { translateActs, translateForms } from "./phone/translate.js";
import { wishActs } from "./phone/wish.js";

const kit = makeKit(JSON.parse(document.getElementById("live-data").textContent), draw);
const { room, ui, text, voice, data, place } = kit;
const { say } = text;
const age = ageLine(document.querySelector("[data-age]"));
const box = makeBox(kit);

const PARTS = [drawHead, drawCall, drawNotices, drawNow, drawQuestions, drawOneOnOne, drawListening, drawOwn, drawGroup, drawAfter, drawSize];

function draw() {
  steadily(() => {
    for (const part of PARTS) part(kit);
    if (box) box.draw();
  });
}

function tell() {
  tellFates(kit);
  tellQuestions(kit);
  tellCall(kit);
}

const acts = {};
for (const more of [callActs, noticeActs, questionActs, ownActs, groupActs, speakActs, translateActs, wishActs, listenActs, sizeActs, checkActs]) Object.assign(acts, more(kit));
const forms = { ...editForms(kit), ...translateForms(kit) };

document.addEventListener("click", (event) => {
  const element = event.target.closest("[data-do]");
  if (!element || element.getAttribute("aria-disabled") === "true" || !acts[element.dataset.do]) return;
  acts[element.dataset.do](element);
  draw();
});

place("room").addEventListener("submit", (event) => {
  const act = forms[event.target.dataset.act];
  if (!act) return;
  event.preventDefault();
  act(event.target);
  draw();
});

// ---- what the clinic says ----

room.on("state", () => {
  draw();
  tell();
});
room.on("queue", draw);
room.on("heard", () => age.heard());
room.on("online", (yes) => {
  age.online(yes);
  tellOnline(kit, yes);
  draw();
});
room.on("ended", draw);
room.on("answer", ({ record, ok, result, error }) => {
  const proposal = record.name === "agenda:propose";
  if (ok) {
    if (proposal) {
      const state = room.run.state === "closed" ? "parked" : "new";
      ui.sent.push({ id: result.topic_id, words: record.body.words, language: data.language, route: record.body.route, state });
      voice.say(say("received"));
    }
    countArrived(kit);
  } else if (!(proposal && box && box.takesBack(record, error.message))) {
    addRefusal(kit, record.body.words ? say("not_sent_words", { words: record.body.words }) : say("not_done"), error.message);
  }
});

watchFinger();
listenForChanges();
listenForVoices(kit);
place("room").hidden = false;
draw();
tell();
room.start();
window.setInterval(draw, 5000);
