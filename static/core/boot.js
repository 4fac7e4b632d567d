// Runs before anything is painted, so that what needs script is never shown to those without it.
// The class names are those nhsuk-frontend asks for; it does it inline, which our policy forbids.
document.body.classList.add("js-enabled");
// Larger letters that a patient chose on this phone (static/live/phone/size.js).
try {
  const size = window.localStorage.getItem("text size");
  if (document.body.classList.contains("gv--patient") && ["1", "2", "3"].includes(size)) document.documentElement.classList.add(`gv-text-${size}`);
} catch {
  // storage may be forbidden
}
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("nhsuk-frontend-supported");
}
