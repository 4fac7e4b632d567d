// What is talked about now comes first. Where the columns stand side by side, new topics are on its left and so come before it;
// the order in the page goes along, so that the focus walks as the eye does.

import { el, moveBefore } from "../dom.js";

const FEW = 3;
const SIDE_BY_SIDE = "(min-width: 48rem)"; // as in theme.css

export function orderColumns({ place }) {
  const wide = window.matchMedia(SIDE_BY_SIDE);
  const order = () => {
    const [first, second] = wide.matches ? ["new", "middle"] : ["middle", "new"];
    moveBefore(place(second).parentElement, place(first), place(second));
  };
  wide.addEventListener("change", order);
  order();
}

// Past a long column to the next one, by keyboard; the columns stand in another order on a phone.
export function skipLink({ place, text }, id, rows) {
  let next = place(id).nextElementSibling;
  while (next?.hidden) next = next.nextElementSibling;
  if (!next || rows <= FEW) return null;
  return el("a", { class: "live-skip", href: `#${next.id}`, "data-key": "skip" }, text.say("skip_to", { name: next.getAttribute("aria-label") }));
}
