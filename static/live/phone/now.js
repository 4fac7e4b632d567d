// What the group talks about now, whether topics are gathered, and what part of the visit this person leads.

import { el } from "../dom.js";
import { wordsIn } from "./kit.js";
import { inOwnLanguage } from "./translate.js";

function talkingLine(kit) {
  const { room, text, stale } = kit;
  const { say, clock } = text;
  const { run } = room;
  const topic = run.state === "open" && run.current_topic_id ? room.topics.get(run.current_topic_id) : null;
  if (!topic?.words) return null;
  const lasts = !stale() && run.topic_ends_at && new Date(run.topic_ends_at) > room.now();
  const stop = lasts && !/[.!?…。؟]$/.test(topic.words) ? ". " : " ";
  return [
    el("p", { "data-key": "talking" }, el("strong", {}, say("talking_now_label")), " ", wordsIn(topic), stop, lasts ? say("until_about", { time: clock(run.topic_ends_at) }) : null),
    inOwnLanguage(topic, kit),
  ];
}

function gatheringLine({ room, text, stale, isOver }) {
  const { gathering_until: until } = room.run;
  if (!until || isOver() || stale() || new Date(until) <= room.now()) return null;
  return el("p", { "data-key": "gathering" }, el("strong", {}, text.say("gathering", { time: text.clock(until) })));
}

function leadLines({ room, text, isOver }) {
  const { run, me } = room;
  if (isOver()) return [];
  const now = run.state === "open" ? run.phase : -1;
  return (me.leads || [])
    .filter((part) => part >= now && run.phases[part])
    .map((part) => {
      const { name, starts_at: starts } = run.phases[part];
      return el("p", { "data-key": `lead ${part}` }, part === now ? el("strong", {}, text.say("lead_now", { name })) : text.say("lead_later", { name, time: text.clock(starts) }));
    });
}

export function drawNow(kit) {
  kit.show("now", talkingLine(kit), gatheringLine(kit), leadLines(kit));
}
