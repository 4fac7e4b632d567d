// A phone at the door asks every few seconds whether it was let in; then it goes in without a tap.

import { ageLine } from "../core/age.js";

const ASK_EVERY = 3000;
const age = ageLine(document.querySelector("[data-age]"));

async function ask() {
  try {
    const response = await window.fetch(window.location.href, {
      headers: { Accept: "application/json", "X-Background": "1" },
      credentials: "same-origin",
      cache: "no-store",
    });
    const answer = response.ok ? await response.json() : null;
    if (answer) age.heard();
    age.online(Boolean(answer));
    if (answer && !answer.waiting) window.location.assign(answer.address);
  } catch {
    age.online(false); // no network, or the wait is over and another page answers: a reload tells
  }
}

let asking = false;
async function askOnce() {
  if (asking) return;
  asking = true;
  await ask();
  asking = false;
}

window.setInterval(askOnce, ASK_EVERY);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && askOnce());
window.addEventListener("pageshow", askOnce);
