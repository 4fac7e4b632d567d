// Reading a topic aloud, where the browser has a voice for its language. Nothing is read that nobody asked for.

import { linkButton } from "./kit.js";

const synthesis = window.speechSynthesis;
let speaking = null; // the topic being read

function voiceFor(language) {
  return synthesis?.getVoices().find((voice) => voice.lang.toLowerCase().split(/[-_]/)[0] === (language || "").toLowerCase());
}

// Its own words, and under them those in the reader's language.
function texts(topic, { data }) {
  const own = topic.translations?.find(({ language }) => language === data.language);
  return [topic, own].filter((each) => each && voiceFor(each.language));
}

export function speakPart(topic, kit) {
  const { say } = kit.text;
  if (!synthesis || !texts(topic, kit).length) return null;
  const reads = speaking === topic.id;
  return linkButton(say(reads ? "speak_stop" : "speak"), "speak", {
    "data-key": "speak", "data-topic": topic.id, "aria-label": reads ? null : say("speak_which", { words: topic.words }),
  });
}

export function listenForVoices({ draw }) {
  synthesis?.addEventListener?.("voiceschanged", () => draw());
  window.addEventListener("pagehide", () => synthesis?.cancel());
}

export const speakActs = (kit) => ({
  speak({ dataset }) {
    const stops = speaking === dataset.topic;
    synthesis.cancel();
    speaking = null;
    const topic = kit.room.topics.get(dataset.topic);
    if (stops || !topic) return;
    speaking = topic.id;
    const said = texts(topic, kit).map((each) => {
      const utterance = new window.SpeechSynthesisUtterance(each.words);
      utterance.lang = each.language;
      utterance.voice = voiceFor(each.language);
      return utterance;
    });
    said.at(-1).onend = said.at(-1).onerror = () => {
      if (speaking === topic.id) speaking = null;
      kit.draw();
    };
    for (const utterance of said) synthesis.speak(utterance);
  },
});
