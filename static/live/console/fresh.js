// The left of the console: topics that came in and wait to be sorted.

import { el, show } from "../dom.js";
import { isAfter, mayAdd } from "./add.js";
import { agendaOf } from "./agenda.js";
import { skipLink } from "./columns.js";
import { drawGather } from "./gather.js";
import { view } from "./lead.js";
import { similarTo } from "./similar.js";
import { details, heardNote, moreActs, moreButton } from "./topic.js";

function topicNote(kit, topic, alike) {
  const { text, stale } = kit;
  const { say, count, clock } = text;
  const heard = heardNote(kit, topic);
  return el(
    "p", { class: "gv-note", dir: "auto" }, stale() ? say("name_only", { name: topic.author }) : say("who_when", { name: topic.author, time: clock(topic.proposed_at) }),
    topic.supports ? ` ${count("said_me_too", topic.supports)}.` : "", topic.carried ? ` ${say("carried")}` : "",
    heard ? [" ", el("strong", {}, heard), alike ? "." : ""] : null,
    alike ? ` ${say("looks_like", { name: alike.author, words: alike.words })}` : null,
  );
}

// Where an alarm's phrase stands in the words.
function marked({ room }, topic) {
  const phrase = topic.hidden_because === "alarm" ? [...room.alarms.values()].find((alarm) => alarm.topic_id === topic.id)?.phrase : null;
  const at = phrase ? topic.words.toLowerCase().indexOf(phrase.toLowerCase()) : -1;
  if (at < 0) return topic.words;
  return [topic.words.slice(0, at), el("mark", {}, topic.words.slice(at, at + phrase.length)), topic.words.slice(at + phrase.length)];
}

// The one card whose act comes next: what needs a person, then what needs a look, then what an empty agenda waits for.
function nextOne({ fresh, planned, current }, { room }) {
  const because = (reason) => fresh.find((topic) => topic.hidden_because === reason);
  const alarmed = new Set([...room.alarms.values()].filter((alarm) => !alarm.taken_by).map((alarm) => alarm.topic_id));
  return fresh.find((topic) => alarmed.has(topic.id)) || because("personal") || (planned.length || current ? null : because(""));
}

// The acts on a card: the one that is needed most often first, by what the topic waits for.
function cardActs(kit, topic, alike, first) {
  const { room, text, waits, button } = kit;
  const { say } = text;
  const of = (key, act, name, kind = "secondary", places = {}) =>
    button(say(key, places), act, { "data-key": act, kind, "data-topic": topic.id, "aria-label": say(`${key}_which`, { words: topic.words, ...places }), waiting: waits(name, topic.id) });
  if (topic.hidden_because === "alarm") {
    const alarm = [...room.alarms.values()].find((each) => each.topic_id === topic.id);
    return alarm ? [button(say("to_the_alarm"), "to-alarm", { "data-key": "to-alarm", kind: first, "data-alarm": alarm.id })] : [];
  }
  if (topic.hidden_because === "asked") return [of("take_question_back", "show", "agenda:show")];
  if (topic.hidden_because === "personal") return [of("ask_to_change", "open-suggest", "agenda:suggest_words", first, { name: topic.author }), of("show_anyway", "show", "agenda:show"), moreButton(kit, topic)];
  if (alike) return [of("compare", "open-join", "agenda:merge", first), of("put_on_agenda", "plan", "agenda:plan"), moreButton(kit, topic)];
  return [of("put_on_agenda", "plan", "agenda:plan", first), of("ask_privately", "open-ask", "agenda:ask_privately"), moreButton(kit, topic)];
}

function card(kit, topic, canAct, isNext) {
  const alike = similarTo(kit, topic);
  const shown = topic.hidden_because ? ["suggest_words"] : alike ? ["join_with"] : ["ask_privately"]; // stands on the card itself
  return el(
    "div", { class: `gv-card gv-card--plain${topic.hidden_because === "alarm" ? " live-alarmed" : ""}`, "data-key": topic.id },
    el("h3", { lang: topic.language, dir: "auto" }, marked(kit, topic)), topicNote(kit, topic, alike), details(kit, topic),
    canAct ? el("div", { class: "gv-buttons", "data-key": "acts" }, cardActs(kit, topic, alike, isNext ? "primary" : "secondary")) : null,
    canAct && topic.hidden_because !== "alarm" && topic.hidden_because !== "asked" ? moreActs(kit, topic, shown) : null,
  );
}

export function drawNew(kit) {
  const { room, text, waits, button, place } = kit;
  const { say, count } = text;
  place("new").hidden = view(kit) === "lead";
  const agenda = agendaOf(kit);
  const { fresh, alone, all } = agenda;
  const next = nextOne(agenda, kit);
  const canAct = ["planned", "open"].includes(room.run.state);
  show(
    place("new"),
    skipLink(kit, "new", fresh.length),
    el("div", { class: "gv-console__head" }, el("h2", {}, say("new_topics")), fresh.length ? el("span", { class: "gv-quiet" }, say("to_sort", { n: fresh.length })) : null),
    drawGather(kit),
    fresh.map((topic) => card(kit, topic, canAct, topic === next)),
    fresh.length ? null : el("p", { class: "gv-quiet", "data-key": "none" }, all.length ? say("no_new") : say("no_topics")),
    alone.length ? el("p", { class: "gv-quiet", "data-key": "alone" }, count("one_on_one", alone.length)) : null,
    mayAdd(kit)
      ? [
          isAfter(kit) ? el("p", { class: "gv-quiet", "data-key": "later" }, say("add_later")) : null,
          button(say("add_for"), "open-add", { "data-key": "add", small: false, waiting: waits("agenda:propose_for") }),
        ]
      : null,
  );
}
