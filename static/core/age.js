// The line that tells how old a live page is ("Live. Updated just now").
//
//   import { ageLine } from "../core/age.js";
//   const age = ageLine(document.querySelector("[data-age]"));
//   age.heard();     // something came from the clinic: a tick, a change, a fetched snapshot; late, perhaps, and so no sign of a connection
//   age.online(false) / age.online(true);   // the connection is known to be gone, or back
//   age.onStale((stale) => …);              // after 30 seconds of silence, and when it ends
//
// The words stand in data attributes of the element (written by the macro `age_line`, translated),
// so that no sentence lives in a script. Time is the browser's monotonic clock; it may stand still while a
// phone sleeps, so the wall clock counts too: set forward it makes a page look older until it is heard again, never younger.

const STALE_AFTER = 30;
const JUST_NOW = 15;

export function ageLine(element) {
  const words = element.dataset;
  const text = element.querySelector("[data-age-text]");
  const listeners = [];
  let heardAt = performance.now();
  let heardAtWall = Date.now();
  let connected = true;
  let stale = false;

  function sentence(prefix, seconds) {
    const minutes = Math.floor(seconds / 60);
    const unit = minutes < 1 ? "Seconds" : minutes === 1 ? "Minute" : "Minutes";
    return words[prefix + unit].replace("{n}", String(minutes < 1 ? seconds : minutes));
  }

  function show() {
    const seconds = Math.max(0, Math.round(Math.max(performance.now() - heardAt, Date.now() - heardAtWall) / 1000));
    const state = !connected ? "offline" : seconds >= STALE_AFTER ? "old" : "live";
    const atLeastTwo = Math.max(2, seconds); // "1 seconds" is not worth a sentence of its own
    const said =
      state === "offline" ? sentence("offline", atLeastTwo) : seconds < JUST_NOW ? words.live : sentence("updated", seconds);
    element.dataset.state = state;
    if (text.textContent !== said) text.textContent = said;
    if (seconds >= STALE_AFTER !== stale) {
      stale = !stale;
      for (const listener of listeners) listener(stale);
    }
  }

  const timer = window.setInterval(show, 1000);
  show();
  document.body.classList.add("live-runs"); // only a line that is kept true is shown
  return {
    heard() {
      heardAt = performance.now();
      heardAtWall = Date.now();
      show();
    },
    online(yes) {
      connected = yes;
      show();
    },
    onStale(listener) {
      listeners.push(listener);
    },
    stop() {
      window.clearInterval(timer);
    },
  };
}
