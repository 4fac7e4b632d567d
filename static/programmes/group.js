// Says at once whether the one-on-one minutes fit, while the numbers are typed. The server says the same on the group's page.

const out = document.querySelector("[data-check]");
const windows = JSON.parse(document.getElementById("windows")?.textContent || "{}");

function numberIn(name) {
  return Number.parseInt(document.querySelector(`[name="${name}"]`)?.value ?? "", 10) || 0;
}

function sentence() {
  const words = out.dataset;
  const programme = document.querySelector('[name="programme_id"]')?.value;
  const layout = document.querySelector('[name="layout"]:checked')?.value;
  const room = windows[programme]?.[layout] || 0;
  const people = numberIn("target");
  const slot = numberIn("slot_minutes");
  if (!people || !slot || !room) return words.unclear;
  const each = Math.floor(room / slot);
  if (!each) return words.long;
  const residents = Math.ceil(people / each);
  const needed = words.needed.replace("{people}", people).replace("{slot}", slot).replace("{needed}", people * slot).replace("{window}", room);
  return `${needed} ${residents === 1 ? words.one : words.many.replace("{residents}", residents)}`;
}

if (out) {
  const text = out.querySelector("[data-check-text]");
  const show = () => {
    const now = sentence();
    if (text.textContent !== now) text.textContent = now;
  };
  document.addEventListener("input", show);
  document.addEventListener("change", show);
  show();
}
