// Larger letters, kept on this phone for all its pages; static/core/boot.js sets them before anything is painted.

const KEY = "text size";
const MOST = 3;

const present = () => [1, 2, 3].find((size) => document.documentElement.classList.contains(`gv-text-${size}`)) || 0;

function set(size) {
  const { classList } = document.documentElement;
  for (let each = 1; each <= MOST; each += 1) classList.toggle(`gv-text-${each}`, each === size);
  try {
    window.localStorage.setItem(KEY, String(size));
  } catch {
    // storage may be forbidden; the letters are then large on this page only
  }
}

export function drawSize({ place }) {
  const size = present();
  for (const [id, ends] of [["smaller", size === 0], ["larger", size === MOST]]) {
    if (ends) place(id).setAttribute("aria-disabled", "true");
    else place(id).removeAttribute("aria-disabled");
  }
}

export const sizeActs = () => ({
  smaller: () => set(Math.max(0, present() - 1)),
  larger: () => set(Math.min(MOST, present() + 1)),
});
