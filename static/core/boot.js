// Runs before anything is painted, so that what needs script is never shown to those without it.
// The class names are those nhsuk-frontend asks for; it does it inline, which our policy forbids.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("nhsuk-frontend-supported");
}
