// Keeps the total of the run sheet true while minutes are typed. Without script the page says it after each button.

const total = document.querySelector("[data-total]");
const boxes = () => [...document.querySelectorAll('input[name$="-minutes"]')];

function show() {
  const minutes = boxes().reduce((sum, box) => sum + (Number.parseInt(box.value, 10) || 0), 0);
  total.textContent = total.dataset.words.replace("{n}", String(minutes));
}

if (total) {
  document.addEventListener("input", (event) => {
    if (event.target.name?.endsWith("-minutes")) show();
  });
}
