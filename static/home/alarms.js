// Keeps true, on pages that are not live themselves, whether somebody in a visit of this person's may need a person now.

const EVERY = 15000;

for (const place of document.querySelectorAll("[data-alarms]")) {
  window.setInterval(() => look(place), EVERY);
  window.addEventListener("pageshow", (event) => event.persisted && look(place));
}

async function look(place) {
  try {
    const response = await fetch(place.dataset.alarms, { headers: { "X-Background": "1", Accept: "text/html" }, redirect: "error", cache: "no-store" });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").body;
    if (words(fresh) === words(place)) return; // what stands there is not announced again
    place.replaceChildren(...Array.from(fresh.childNodes, (node) => document.importNode(node, true)));
  } catch {
    // No connection, or signed out: the next look says so no louder than the page itself does.
  }
}

const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
