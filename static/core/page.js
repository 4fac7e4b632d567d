// What every page needs: the design system's behaviour, buttons that are not ready, no double
// sending, and printing. Live pages add static/core/age.js for the line that tells their age.
import { initAll } from "../vendor/nhsuk-frontend/nhsuk-frontend.min.js";

initAll();

// A button that is not ready stays in the tab order, so that its reason can be read. It must then
// refuse by itself: aria-disabled stops neither a click nor Enter in one of the form's fields.
function isNotReady(element) {
  return Boolean(element && element.closest('[aria-disabled="true"]'));
}
function refuse(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}
document.addEventListener("click", (event) => isNotReady(event.target) && refuse(event), true);
document.addEventListener(
  "submit",
  (event) => {
    const button = event.submitter || event.target.querySelector('button:not([type="button"])');
    if (isNotReady(button)) refuse(event);
  },
  true,
);

// Two quick taps must not become two acts. A page that sends by itself has prevented the default
// by now and is left alone. The lock ends after two seconds or on coming back to the page, so that
// nobody is left with a dead form.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  window.setTimeout(() => delete form.dataset.sent, 2000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// Copying needs a secure address in most browsers; where it is not, the selected text is copied the old way.
async function copy(field) {
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    if (await copy(field)) document.getElementById(`${field.id}-copied`).textContent = button.dataset.copied;
  });
}

// A table that fits needs no stop on a keyboard's way through the page; one that scrolls does.
function markScrolling() {
  for (const frame of document.querySelectorAll(".gv-scroll")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  }
}
markScrolling();
window.addEventListener("resize", markScrolling);
