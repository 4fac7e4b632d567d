// Nothing moves under a finger: when something comes or goes above, the page is scrolled by as much, and a focus whose
// element went away goes to the heading above it.

const JUST_NOW = 1000;
let down = false;
let touchedAt = -Infinity;
let touched = null;

// A finger is on the page, or was a moment ago.
export const isTouching = () => down || performance.now() - touchedAt < JUST_NOW;

export function watchFinger() {
  document.addEventListener("pointerdown", (event) => {
    down = true;
    touched = event.target;
  });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => {
      down = false;
      touchedAt = performance.now();
    });
  }
}

function isSeen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

// What should stay where it is: what is being typed in or touched; on a page that was scrolled, what is read.
function anchor() {
  const focused = document.activeElement;
  if (focused?.matches("textarea, select") && isSeen(focused)) return focused;
  if (touched?.isConnected && isTouching()) return touched;
  return window.scrollY > 0 ? document.elementFromPoint(window.innerWidth / 2, window.innerHeight / 3) : null;
}

export function steadily(draw) {
  const held = anchor();
  const before = held?.getBoundingClientRect().top;
  const focused = document.activeElement;
  const part = focused?.closest("section, #questions, #notices");
  draw();
  if (held?.isConnected && before !== undefined) {
    const moved = held.getBoundingClientRect().top - before;
    if (Math.abs(moved) >= 1) window.scrollBy(0, moved);
  }
  if (focused && focused !== document.body && !focused.isConnected && document.activeElement === document.body) {
    const next = part?.querySelector('[tabindex="-1"]') || document.querySelector("#head h1");
    next?.focus({ preventScroll: true });
  }
}
