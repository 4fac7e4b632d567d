// Keeps the running order fresh and sends its buttons without leaving the page.
//
// The order is written by the server in one place (templates/slots/_order.html). The room (static/live/protocol.js) tells when
// something changed and carries the commands; this module asks for the order again and puts it where the old one was.
// Without script the buttons are plain forms.
import { ageLine } from "../core/age.js";
import { Room } from "../live/protocol.js";

const MINUTES_MOVE = 20000; // "4 of 8 minutes" grows although nothing happened
const AFTER_PRESS = 700;

for (const board of document.querySelectorAll("[data-board]")) keepFresh(board);

function keepFresh(board) {
  const words = board.dataset;
  const part = board.querySelector("[data-board-part]");
  const age = ageLine(board.querySelector("[data-age]"));
  const room = new Room({ session_id: words.session, audience: words.audience, language: document.documentElement.lang, owner: words.owner });
  let pressedAt = -AFTER_PRESS;
  let refreshing = false;
  let again = false;

  room.on("state", refresh);
  room.on("heard", () => age.heard());
  room.on("online", (yes) => age.online(yes));
  age.onStale((stale) => {
    board.toggleAttribute("data-stale", stale);
    board.querySelector("[data-board-stale]").classList.toggle("gv-hidden", !stale);
  });
  room.on("answer", ({ ok, error }) => {
    say(ok ? "" : error.message);
    if (!ok) refresh({ even: true });
  });
  room.on("queue", () => {
    if (room.queue.held) say(words.signedOut);
  });
  room.on("ended", (status) => say(status === 401 ? words.signedOut : words.ended));
  room.start();
  window.setInterval(() => !document.hidden && refresh(), MINUTES_MOVE);

  async function refresh({ even = false } = {}) {
    if (refreshing) {
      again = true;
      return;
    }
    refreshing = true;
    try {
      const response = await fetch(words.board, { headers: { "X-Background": "1", Accept: "text/html" }, redirect: "error", cache: "no-store" });
      if (response.ok) show(await response.text(), even);
    } catch {
      // The room notices a lost connection by itself and the line above the list says so.
    }
    refreshing = false;
    if (again) {
      again = false;
      refresh();
    }
  }

  // Nothing moves under a finger.
  function show(html, even) {
    if (performance.now() - pressedAt < AFTER_PRESS) {
      window.setTimeout(() => refresh({ even }), AFTER_PRESS);
      return;
    }
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    if (!even && signature(fresh) === signature(part)) return;
    const focused = part.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const typed = keptIn(part);
    part.replaceChildren(...Array.from(fresh.childNodes, (node) => document.importNode(node, true)));
    typed.giveBack();
    if (focused) (part.querySelector(`[data-key="${CSS.escape(focused)}"]`) || part.querySelector("button"))?.focus();
  }

  function say(sentence) {
    const line = board.querySelector("[data-board-says]");
    line.textContent = sentence;
    line.classList.toggle("gv-hidden", !sentence);
  }

  part.addEventListener("pointerdown", () => {
    pressedAt = performance.now();
  });
  part.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-command]");
    if (!form) return;
    event.preventDefault();
    pressedAt = -AFTER_PRESS;
    // Two taps on one button are one command; the fresh order brings the next buttons.
    event.submitter?.setAttribute("aria-disabled", "true");
    say("");
    const body = {};
    for (const input of form.querySelectorAll("[data-body]")) body[input.name] = input.type === "checkbox" ? input.checked : input.value;
    room.do(form.dataset.command, body);
    window.setTimeout(() => {
      if (!room.connected || room.queue.waiting.length) say(words.waiting);
    }, 4000);
  });
}

// What somebody has opened, typed or ticked is still theirs in the fresh order.
function keptIn(part) {
  const open = Array.from(part.querySelectorAll("details[open][data-key]"), (details) => details.dataset.key);
  const fields = Array.from(part.querySelectorAll("input[id][data-body]"), ({ id, value, checked }) => ({ id, value, checked }));
  return {
    giveBack() {
      for (const key of open) part.querySelector(`details[data-key="${CSS.escape(key)}"]`)?.setAttribute("open", "");
      for (const { id, value, checked } of fields) {
        const input = part.querySelector(`#${CSS.escape(id)}`);
        if (input) Object.assign(input, { value, checked });
      }
    },
  };
}

// Tokens and command ids differ each time; what a person can see and press is what counts, not what they have typed.
function signature(root) {
  const pressable = Array.from(root.querySelectorAll("a, button, [data-body]:not([id])"), (e) => e.href || e.value || e.dataset.key);
  return root.textContent.replace(/\s+/g, " ").trim() + pressable.join("|");
}
