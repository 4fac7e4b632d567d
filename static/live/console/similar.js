// Topics that may ask the same: asked of the clinic when topics changed, at most every few seconds. Nothing is joined by it.

import { canJoin } from "./topic.js";

const PAUSE = 8000;

const pairKey = (a, b) => [a, b].sort().join(" ");
const storeKey = ({ room }) => `groupvisits-apart-${room.sessionId}`;

export function listenForSimilar(kit) {
  const { room, ui } = kit;
  let asked = null; // the topics as they were when the clinic was asked
  let timer = null;

  try {
    ui.apart = new Set(JSON.parse(window.localStorage.getItem(storeKey(kit)) || "[]"));
  } catch {
    // then it is remembered as long as this page lives
  }

  async function ask() {
    timer = null;
    asked = waitingTopics(room);
    try {
      const answer = await window.fetch(`/sessions/${room.sessionId}/similar-topics`, { headers: { Accept: "application/json", "X-Background": "1" }, credentials: "same-origin", cache: "no-store" });
      if (answer.ok) ui.pairs = (await answer.json()).pairs;
    } catch {
      asked = null; // no network: it is asked again when the clinic is heard
      return;
    }
    kit.draw();
    changed();
  }

  function changed() {
    if (timer === null && waitingTopics(room) !== asked && !room.ended) timer = window.setTimeout(ask, ui.pairs === null ? 500 : PAUSE);
  }

  room.on("state", changed);
  changed();
}

function waitingTopics(room) {
  const waiting = [...room.topics.values()].filter(canJoin);
  return waiting.length < 2 ? "" : waiting.map(({ id, words }) => `${id} ${words}`).sort().join("\n");
}

// The other topic that this one looks like, unless somebody here has said that they are different things.
export function similarTo({ room, ui }, topic) {
  if (!canJoin(topic)) return null;
  for (const { topic_id: a, into_id: b } of ui.pairs || []) {
    if ((a !== topic.id && b !== topic.id) || ui.apart.has(pairKey(a, b))) continue;
    const other = room.topics.get(a === topic.id ? b : a);
    if (other && canJoin(other)) return other;
  }
  return null;
}

export function keepPairApart(kit, a, b) {
  kit.ui.apart.add(pairKey(a, b));
  try {
    window.localStorage.setItem(storeKey(kit), JSON.stringify([...kit.ui.apart]));
  } catch {
    // then it lasts as long as this page
  }
}
