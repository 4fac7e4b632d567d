// What the group talks about now.

import { el } from "../dom.js";
import { wordsIn } from "./kit.js";

export function drawNow({ room, text, show, stale }) {
  const { say, clock } = text;
  const { run } = room;
  const topic = run.state === "open" && run.current_topic_id ? room.topics.get(run.current_topic_id) : null;
  if (!topic) {
    show("now");
    return;
  }
  const lasts = !stale() && run.topic_ends_at && new Date(run.topic_ends_at) > room.now();
  const stop = lasts && !/[.!?…。؟]$/.test(topic.words) ? ". " : " ";
  show("now", el("p", {}, el("strong", {}, say("talking_now_label")), " ", wordsIn(topic), stop, lasts ? say("until_about", { time: clock(run.topic_ends_at) }) : null));
}
