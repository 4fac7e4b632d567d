/* A form that takes some seconds says so from the tap on, with a moving bar; a second tap does not send it again. */
for (const place of document.querySelectorAll("[data-working]")) {
  const form = place.closest("form");
  form.addEventListener("submit", (event) => {
    if (place.firstChild) {
      event.preventDefault();
      return;
    }
    const bar = document.createElement("progress");
    const words = document.createElement("p");
    words.textContent = place.dataset.words;
    bar.setAttribute("aria-label", place.dataset.words);
    place.append(words, bar);
  });
  // Back from the next page: the browser may show this one as it was left.
  window.addEventListener("pageshow", () => place.replaceChildren());
}
