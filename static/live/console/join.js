// Joining two topics: whose words lead, who counts, and the very words that each phone will say. Undone until the visit closes.

import { el } from "../dom.js";
import { field, openDialog, radios, select } from "./dialog.js";
import { keepPairApart, similarTo } from "./similar.js";
import { canJoin } from "./topic.js";

function openJoin(kit, id) {
  const { room, text } = kit;
  const { say } = text;
  const topic = room.topics.get(id);
  const current = room.run.current_topic_id;
  const others = [...room.topics.values()].filter((other) => other.id !== id && (canJoin(other) || other.id === current));
  const alike = similarTo(kit, topic);
  others.sort((a, b) => Number(b === alike) - Number(a === alike));
  if (!others.length) {
    openDialog(kit, { title: say("join_title"), parts: [el("p", {}, say("nothing_to_join"))], act: () => null });
    return;
  }
  const body = el("div", { "aria-live": "polite" });
  let shown = null; // the pair as it was last asked about
  const form = openDialog(kit, {
    title: say("join_title"),
    parts: [alike ? null : select("other", say("join_with_label"), [["", say("choose_topic")], ...others.map((other) => [other.id, `${other.words} (${other.author})`])]), body],
    submit: say("join_now"),
    back: alike ? say("keep_them_apart") : say("back"),
    note: say("undo_until_close"),
    changed: (changedForm) => preview(changedForm),
    act: ({ other, head, words }) => {
      const otherId = alike ? alike.id : other;
      if (!otherId) return ["other", say("choose_topic")];
      if (!shown) return [alike ? "head" : "other", say("join_wait")];
      if (head === "own" && !words) return ["words", say("write_other_words")];
      const lead = head === "own" ? leading(topic, room.topics.get(otherId)) : head;
      kit.act("agenda:merge", lead === id ? otherId : id, { into_id: lead });
      if (head === "own") room.do("agenda:suggest_words", { topic_id: lead, words }, { words });
      if (kit.ui.more === id) kit.ui.more = null;
      return null;
    },
  });
  if (alike) form.querySelector('[data-do="back"]').addEventListener("click", () => keepPairApart(kit, id, alike.id));

  // Whoever is on the agenda leads, else who asked first; either can be chosen.
  function leading(a, b) {
    if (b.id === current) return b.id;
    const first = [a, b].sort((x, y) => Number(y.state === "planned") - Number(x.state === "planned") || new Date(x.proposed_at) - new Date(y.proposed_at));
    return first[0].id;
  }

  async function preview(changedForm) {
    const otherId = alike ? alike.id : changedForm.elements.other.value;
    const other = room.topics.get(otherId);
    if (!other) {
      body.replaceChildren();
      shown = null;
      return;
    }
    const chosen = changedForm.querySelector('[name="head"]:checked')?.value;
    const known = chosen && (chosen === "own" || chosen === id || chosen === otherId) ? chosen : null;
    const own = changedForm.querySelector('[name="words"]')?.value;
    const head = known && known !== "own" ? known : leading(topic, other);
    const asked = `${head} ${otherId} ${known === "own"}`;
    if (asked === shown) return;
    shown = null;
    const found = await joins(room.sessionId, head === id ? otherId : id, head);
    const meanwhile = changedForm.querySelector('[name="head"]:checked')?.value;
    if (meanwhile !== chosen) return; // another choice was made while this one was on its way
    if (!found.topics) {
      body.replaceChildren(el("p", { class: "nhsuk-error-message" }, found.error?.message || say("join_no_network")));
      return;
    }
    shown = asked;
    const focused = document.activeElement?.name === "head" ? known || head : null;
    body.replaceChildren(...pictured(kit, { found, topic, other, head: known || head, current, own }));
    if (focused) body.querySelector(`[name="head"][value="${focused}"]`)?.focus();
  }
}

async function joins(session, topic, into) {
  try {
    const answer = await window.fetch(`/sessions/${session}/topics/${topic}/joins?into=${into}`, { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" });
    return await answer.json();
  } catch {
    return {};
  }
}

function pictured(kit, { found, topic, other, head, current, own }) {
  const { say, clock, count } = kit.text;
  const pair = [topic, other].sort((a, b) => Number(b.id === found.topics[0].id) - Number(a.id === found.topics[0].id));
  const either = current === other.id ? [other] : pair;
  const byName = new Map(found.topics.map((each) => [each.id, each]));
  const shown = (each) => byName.get(each.id) || { ...each, supporters: [] };
  const moves = found.rank_after && found.rank_after !== found.rank_before;
  return [
    el(
      "div", { class: "live-pair" },
      found.topics.map((each) =>
        el(
          "div", { class: "gv-card live-quoted" }, el("h3", { lang: each.language, dir: "auto" }, each.words),
          el("p", { class: "gv-note", dir: "auto" }, say("who_when", { name: each.author, time: clock(each.proposed_at) }), each.supporters.length ? ` ${say("me_too_names", { names: each.supporters.join(", ") })}` : ""),
        ),
      ),
    ),
    radios("head", say("which_words"), [...either.map((each) => [each.id, say("words_of", { name: shown(each).author, words: each.words })]), ["own", say("other_words_ask", { name: found.topics[0].author })]], head),
    head === "own" ? field("words", say("other_words"), { value: own || "", rows: 2, hint: say("suggest_hint", { name: found.topics[0].author }) }) : null,
    el("h3", { class: "gv-section" }, say("what_happens")),
    el(
      "p", {}, `${say("asked_and_said", { asked: count("people_asked", found.asked), said: count("people_said", found.said_me_too) })} `,
      found.counted_once.length ? `${count("counts_once", found.counted_once.length, { names: found.counted_once.join(", ") })} ` : "",
      moves ? say(found.rank_before ? "moves_from" : "moves_to", { from: found.rank_before, to: found.rank_after }) : "",
    ),
    found.tells.map((tell) =>
      el(
        "div", { class: "gv-card gv-card--edge live-message" },
        el("p", {}, el("strong", { dir: "auto" }, say(tell.phone_live ? "phone_of" : "phone_of_asleep", { name: tell.name })), " ", el("span", { lang: tell.language, dir: "auto" }, tell.words)),
      ),
    ),
  ].flat().filter(Boolean);
}

export const joinActs = (kit) => ({ "open-join": ({ dataset }) => openJoin(kit, dataset.topic) });
