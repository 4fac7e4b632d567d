// Says at once whether the one-on-one minutes fit, while the numbers are typed. The server says the same after "Check".

import "./rule.js";

const out = document.querySelector("[data-check]");
const windows = JSON.parse(document.getElementById("windows")?.textContent || "{}");

function numberIn(name) {
  const text = document.querySelector(`[name="${name}"]`)?.value.trim() ?? "";
  return /^\d{1,3}$/.test(text) ? Number(text) : null;
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function report() {
  const words = out.dataset;
  const programme = document.querySelector('[name="programme_id"]')?.value;
  const layout = document.querySelector('[name="layout"]:checked')?.value;
  const minutes = windows[programme]?.[layout] || 0;
  const people = numberIn("target");
  const slot = numberIn("slot_minutes");
  const providers = numberIn("providers");
  if (!people || !slot || !minutes || providers === null) return [[words.unclear], []];
  const each = Math.floor(minutes / slot);
  const needed = people * slot;
  const available = minutes * providers;
  const left = Math.max(people - each * providers, 0);
  const lines = [filled(words.needed, { people, slot, needed }), filled(words.there, { available, providers, window: minutes })];
  if (!left) return [[...lines, words.fits], []];
  lines.push(needed > available ? filled(words.short, { short: needed - available }) : filled(words.left, { left }));
  const ways = [];
  const add = (text, n) => n && ways.push(filled(text, { n }));
  if (each) add(words.providers, Math.ceil(people / each));
  if (providers) {
    const longest = Math.floor(minutes / Math.ceil(people / providers));
    if (longest >= 2) add(words.slot, longest);
    add(words.people, each * providers);
    add(words.window, Math.ceil(people / providers) * slot);
  }
  return [lines, ways];
}

function draw() {
  const [lines, ways] = report();
  const said = JSON.stringify([lines, ways]);
  if (out.dataset.said === said) return;
  out.dataset.said = said;
  const text = document.createElement("p");
  text.textContent = lines.join(" ");
  const parts = [text];
  if (ways.length) {
    const lead = document.createElement("p");
    lead.textContent = out.dataset.fit;
    const list = document.createElement("ul");
    for (const way of ways) list.append(Object.assign(document.createElement("li"), { textContent: way }));
    parts.push(lead, list);
  }
  out.replaceChildren(...parts);
}

if (out) {
  document.addEventListener("input", draw);
  document.addEventListener("change", draw);
  draw();
}
