// The button waits for the last choice and says what it would do with the choices made. The server refuses without it all the same.

const form = document.getElementById("plan");
const button = document.getElementById("apply");
const reason = document.getElementById("apply-reason");
const dates = [...document.querySelectorAll("[data-date]")];

function answers(date) {
  const names = new Set([...date.querySelectorAll('input[type="radio"]')].map((input) => input.name));
  return [...names].map((name) => date.querySelector(`input[name="${CSS.escape(name)}"]:checked`)?.value ?? "");
}

// A date that is kept or left out needs no other answer.
const stays = (given) => given.includes("keep") || given.includes("skip");
const isOpen = (given) => !stays(given) && given.includes("");

function say(one, many, n) {
  return n === 1 ? one : many.replace("{n}", n);
}

function draw() {
  const given = dates.map(answers);
  const open = given.filter(isOpen).length;
  if (reason) {
    reason.hidden = !open;
    const words = say(reason.dataset.one, reason.dataset.many, open);
    if (open && reason.textContent !== words) reason.textContent = words;
  }
  button.toggleAttribute("aria-disabled", false);
  if (open) button.setAttribute("aria-disabled", "true");
  if (reason) button.setAttribute("aria-describedby", reason.id);
  if (!button.dataset.text) return;
  const moving = dates.filter((_, index) => !stays(given[index]));
  const people = new Set(moving.flatMap((date) => date.dataset.told.split(" ").filter(Boolean)));
  button.textContent = button.dataset.text
    .replace("{dates}", say(button.dataset.oneDate, button.dataset.dates, moving.length))
    .replace("{people}", say(button.dataset.onePerson, button.dataset.people, people.size));
}

// A choice for all is ticked on each date that has it; a date that differs afterwards ends "for all".
function sameForAll(input) {
  for (const name of input.closest("[data-same]").dataset.same.split(" ")) {
    const own = [...form.querySelectorAll(`input[name="${CSS.escape(name)}"]`)].find((each) => each.value === input.value);
    if (own) own.checked = true;
  }
}

function oneDiffers(input) {
  for (const shared of document.querySelectorAll("[data-same]")) {
    if (!shared.dataset.same.split(" ").includes(input.name)) continue;
    const chosen = shared.querySelector("input:checked");
    if (chosen?.value && chosen.value !== input.value) shared.querySelector('input[value=""]').checked = true;
  }
}

if (form && button && dates.length) {
  form.addEventListener("change", (event) => {
    if (event.target.type === "radio") (event.target.closest("[data-same]") ? sameForAll : oneDiffers)(event.target);
    draw();
  });
  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") !== "true") return;
    event.preventDefault();
    dates.find((date) => isOpen(answers(date)))?.querySelector("input")?.focus();
  });
  draw();
}
