// One-letter keys: N next, P park, C curtain. Off in fields, and for whoever turned them off.

export function keysAreOn() {
  try {
    return window.localStorage.getItem("groupvisits-keys") !== "off";
  } catch {
    return true;
  }
}

function switchKeys({ ui }) {
  ui.keys = !ui.keys;
  try {
    window.localStorage.setItem("groupvisits-keys", ui.keys ? "on" : "off");
  } catch {
    // then it lasts as long as this page
  }
}

const TYPING = "input, textarea, select, [contenteditable]";

// What a key does now, or null.
export function keyAct(event, { room, ui, waits }) {
  if (!ui.keys || event.altKey || event.ctrlKey || event.metaKey || event.repeat || event.target.matches?.(TYPING) || room.run.state !== "open") return null;
  const key = event.key.toLowerCase();
  const next = ui.shownOrder.find((id) => !room.topics.get(id)?.held_until); // who is in their one-on-one is waited for
  const { current_topic_id: current } = room.run;
  if (key === "n" && next && !waits("agenda:start")) return ["start", next];
  if (key === "p" && current && !waits("agenda:park")) return ["park", current];
  if (key === "c" && !waits("live:curtain")) return ["curtain"];
  return null;
}

export const keyActs = (kit) => ({ keys: () => switchKeys(kit) });
