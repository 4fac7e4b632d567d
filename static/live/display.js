// The wall, read from six metres: what now, how long, what next, and how to join.
//
// It commands nothing. After thirty seconds without a word from the clinic it says when it stopped and shows no time;
// after the close, and when it may not look any more, it is blank.

import { el, show } from "./dom.js";
import { Room } from "./protocol.js";
import { minutesUntil, wordsOf } from "./words.js";

const STALE_AFTER = 30;
const SIZES = [[], ["gv-wall__topic--long"], ["gv-wall__topic--longest"]];
const LINES = [["live-many-lines"], ["live-many-lines", "live-three-lines"], ["live-many-lines", "live-two-lines"]].map((lines) => [...SIZES.at(-1), ...lines]);
const FITS = [...SIZES, ...LINES];

const data = JSON.parse(document.getElementById("live-data").textContent);
const { say, count, clock, day } = wordsOf(data);
const wall = document.getElementById("wall");
const room = new Room({ ...data, audience: "display" });
const ring = () => document.getElementById("ring").content.firstElementChild.cloneNode(true);

function address() {
  const { join_url: url } = room.run;
  if (!url) return "";
  const { host, pathname } = new URL(url, window.location.href);
  return host + pathname.replace(/\/[^/]*$/, "");
}

function code() {
  const { join_code: letters } = room.run;
  return letters ? `${letters.slice(0, 3)} ${letters.slice(3)}` : "";
}

function foot({ withClock = true } = {}) {
  return el(
    "div", { class: "gv-wall__foot" }, room.run.join_code ? [el("p", { class: "gv-wall__label live-address" }, address()), el("p", { class: "live-code" }, code())] : null,
    withClock ? el("p", { class: "gv-wall__clock" }, clock(room.now())) : null,
  );
}

function upcoming() {
  return [...room.topics.values()].filter((topic) => topic.state === "planned").sort((a, b) => Number(a.is_held) - Number(b.is_held) || (a.rank ?? Infinity) - (b.rank ?? Infinity)).slice(0, 2);
}

function nextTopics(atMost = 2) {
  const topics = upcoming().slice(0, atMost);
  if (!topics.length) return null;
  return el("div", { class: "gv-wall__rest" }, el("p", { class: "gv-wall__quiet" }, say("next")), topics.map((topic) => el("p", { class: "gv-wall__next live-one-line", dir: "auto", "data-key": topic.id }, topic.words)));
}

function timer() {
  const { run } = room;
  const left = new Date(run.topic_ends_at) - room.now();
  if (left <= 0) return el("p", { class: "gv-wall__time", "data-key": "over" }, say("time_is_up"));
  const total = new Date(run.topic_ends_at) - new Date(run.topic_started_at);
  const words = count("minutes_left", minutesUntil(run.topic_ends_at, room.now()));
  return el(
    "div", { class: "gv-wall__timer", "data-key": "timer" }, el("p", { class: "gv-wall__time" }, words),
    el("progress", { class: "gv-bar", value: Math.round(left / 1000), max: Math.max(1, Math.round(total / 1000)), "aria-label": words }),
  );
}

// Where the clinic wants it, who is asked to come reads their number here; nobody's name.
function calls() {
  const asked = (room.run.calls || []).slice(0, 2);
  if (!asked.length) return null;
  const words = ({ number, place }) => (place ? say("number_come_to", { n: number, place }) : say("number_come", { n: number }));
  return el("div", { class: "gv-wall__calls", "data-key": "calls" }, asked.map((call) => el("p", { "data-key": String(call.number) }, words(call))));
}

function question() {
  return room.run.poll ? el("div", { class: "gv-wall__rest", "data-key": "poll" }, el("p", { class: "gv-wall__next" }, say("ask_room"))) : null;
}

// One other language under the topic's own words; more would be too small to read from afar.
function otherWords(topic) {
  const [first] = topic.translations || [];
  return first ? el("p", { class: "gv-wall__quiet live-one-line", lang: first.language, dir: "auto", "data-key": "translation" }, first.words) : null;
}

const isGathering = () => room.run.gathering_until && new Date(room.run.gathering_until) > room.now();

const title = (topic) => el("h1", { class: "gv-wall__topic live-fit", dir: "auto", "data-key": `topic-${topic.id}`, "data-words": topic.words }, topic.words);

const faces = {
  stale(topic) {
    return [
      el("p", { class: "gv-wall__stopped" }, say("stopped", { time: clock(room.now().getTime() - room.age() * 1000) })),
      topic ? [el("p", { class: "gv-wall__quiet" }, say("were_talking_about")), title(topic)] : el("h1", { class: "gv-wall__topic" }, room.run.title),
      el("p", { class: "live-safe" }, el("strong", {}, say("topics_safe"))), el("p", {}, say("team_knows")), foot({ withClock: false }),
    ];
  },
  curtain: () => [ring(), el("h1", { class: "gv-wall__topic" }, say("pause")), el("p", {}, say("pause_text"))],
  topic(topic) {
    const [other, asked] = [otherWords(topic), calls()];
    return [el("p", { class: "gv-wall__label" }, say("talking_about")), title(topic), other, timer(), question() || nextTopics(other || asked ? 1 : 2), asked, foot()];
  },
  between: () => [el("h1", { class: "gv-wall__label" }, room.run.title), nextTopics(), calls(), foot()],
  join() {
    const { run } = room;
    const asks = isGathering();
    return [
      el(
        "div", { class: "gv-wall__join" },
        el(
          "div", {}, el("p", { class: "gv-wall__name" }, ring(), el("span", { class: "live-one-line", dir: "auto" }, run.title)), el("h1", { class: `gv-wall__join-title${asks ? " live-asks" : ""}` }, say(asks ? "what_to_talk_about" : "join_title")),
          el("p", {}, asks ? say("gather_until", { time: clock(run.gathering_until) }) : say("join_text")), el("p", { class: "gv-wall__label live-address" }, address()), el("p", { class: "gv-wall__code" }, code()), asks ? null : el("p", {}, say("no_phone")),
        ),
        el("div", { class: "gv-wall__qr" }, el("img", { src: `/sessions/${data.session_id}/join-code.svg?code=${run.join_code}`, alt: "" })),
      ),
      calls(),
    ];
  },
  before() {
    const { run } = room;
    const starts = new Date(run.starts_at) > room.now() ? say("we_start", { time: clock(run.starts_at) }) : null;
    return [
      el("p", { class: "gv-wall__name" }, ring(), el("span", { dir: "auto" }, run.title)), el("p", {}, day(run.starts_at)), starts ? el("h1", { class: "gv-wall__topic" }, starts) : null, foot(),
    ];
  },
  // The group does not meet: people come one at a time, and there is nothing to read from six metres.
  blank: () => [el("h1", { class: "nhsuk-u-visually-hidden" }, room.run.title)],
};

function face() {
  const { run } = room;
  const current = run.current_topic_id ? room.topics.get(run.current_topic_id) : null;
  if (room.ended || run.only_one_on_ones || ["closed", "cancelled"].includes(run.state)) return ["blank"];
  if (run.curtain) return ["curtain"];
  if (room.age() >= STALE_AFTER) return ["stale", current];
  if (current) return ["topic", current];
  if (run.state === "planned") return ["before"];
  if (isGathering()) return ["join"];
  // Between two topics the room wants to know what comes; before the first one people still join.
  const begun = [...room.topics.values()].some((topic) => topic.state === "talked_about");
  return begun && upcoming().length ? ["between"] : ["join"];
}

// Two lines at the largest size if they fit and all the rest stays on the glass, then smaller; at the smallest as many lines
// as leave room for the rest.
function fit() {
  for (const element of wall.querySelectorAll(".live-fit")) {
    const beside = [...wall.children].map((part) => `${part.className} ${part.childElementCount}`);
    const key = [element.dataset.words, window.innerWidth, window.innerHeight, ...beside.filter((each) => !each.includes("live-fit"))].join(" ");
    if (element.dataset.fitted === key) continue;
    for (const [i, classes] of FITS.entries()) {
      element.classList.remove(...FITS.flat());
      element.classList.add(...classes);
      const line = parseFloat(getComputedStyle(element).lineHeight);
      const isShort = i >= SIZES.length || element.scrollHeight <= line * 2.3;
      if (isShort && wall.scrollHeight <= wall.clientHeight + 1) break;
    }
    element.dataset.fitted = key;
  }
  // How to join stays on the glass whole, with the way in for who has no phone: its large letters give way to a long address.
  for (const tight of wall.dataset.face === "join" ? ["live-tight", "live-tighter"] : []) {
    if (wall.scrollHeight > wall.clientHeight + 1) wall.classList.add(tight);
  }
}

function draw() {
  const [name, topic] = face();
  wall.className = `gv-wall live-wall${{ stale: " gv-wall--stale", curtain: " gv-wall--curtain", blank: " gv-wall--blank" }[name] || ""}`;
  if (wall.dataset.face !== name) wall.replaceChildren();
  wall.dataset.face = name;
  const kept = [...wall.querySelectorAll(".live-fit")].map((element) => [element, element.className, element.dataset.fitted]);
  show(wall, faces[name](topic));
  for (const [element, className, fitted] of kept) {
    if (!fitted) continue;
    element.className = className; // found out for these words already; drawing must not lose it
    element.dataset.fitted = fitted;
  }
  fit();
}

room.on("state", draw);
room.on("ended", draw);
draw();
room.start();
window.setInterval(draw, 1000);
window.addEventListener("resize", draw);
