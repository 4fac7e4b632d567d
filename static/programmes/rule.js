// Shows the fields of the chosen way to repeat. Fields with something to put right stay, whatever is chosen.

const parts = document.querySelectorAll("[data-rule]");

function show() {
  const chosen = document.querySelector('[name="rule"]:checked')?.value;
  for (const part of parts) part.hidden = part.dataset.rule !== chosen && !part.querySelector(".nhsuk-error-message");
}

document.addEventListener("change", (event) => {
  if (event.target.name === "rule") show();
});
show();
