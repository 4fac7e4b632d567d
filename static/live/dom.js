// Building page parts from data, without HTML in strings, and changing only what differs.
//
// Pages describe what should be seen as a fresh tree; `morph` brings the page there and keeps every element that is
// still meant. So focus stays, a finger on a button still meets the same button, and nothing flickers.

export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

// What a person typed, chose or opened is theirs: these attributes are never taken back by a redraw.
const THEIRS = { DETAILS: ["open"], DIALOG: ["open"], INPUT: ["value", "checked"], OPTION: ["selected"], FORM: ["data-sent"] };

export function morph(target, source) {
  morphAttributes(target, source);
  morphChildren(target, [...source.childNodes]);
}

export function show(container, ...children) {
  morphChildren(container, [...el("div", {}, ...children).childNodes]);
}

function morphAttributes(target, source) {
  const theirs = THEIRS[target.tagName] || [];
  for (const { name } of [...target.attributes]) {
    if (!source.hasAttribute(name) && !theirs.includes(name)) target.removeAttribute(name);
  }
  for (const { name, value } of [...source.attributes]) {
    if (!theirs.includes(name) && target.getAttribute(name) !== value) target.setAttribute(name, value);
  }
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function isSame(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function morphChildren(container, wanted) {
  const keyed = new Map([...container.childNodes].filter(keyOf).map((node) => [keyOf(node), node]));
  const wantedKeys = new Set(wanted.filter(keyOf).map(keyOf));
  let place = container.firstChild;
  for (const source of wanted) {
    const key = keyOf(source);
    // An element that goes away must not be taken for one that merely stands later in the list.
    while (place && keyOf(place) && !wantedKeys.has(keyOf(place))) place = removed(place);
    let found = null;
    if (key && keyed.has(key) && isSame(keyed.get(key), source)) found = keyed.get(key);
    else if (place && !key && isSame(place, source)) found = place;
    if (!found) {
      container.insertBefore(source, place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else moveBefore(container, found, place);
    if (found.nodeType === Node.TEXT_NODE) {
      if (found.data !== source.data) found.data = source.data;
    } else if (!found.hasAttribute("data-own")) {
      morph(found, source);
    }
  }
  while (place) place = removed(place);
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

// Taking an element out of the page and putting it back costs it the focus: give it back.
export function moveBefore(container, node, place) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  container.insertBefore(node, place);
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

// One polite sentence for whatever came in together; a reader's voice is not interrupted twice.
export function announcer(polite, assertive) {
  let gathered = [];
  let timer = null;
  return {
    say(sentence) {
      if (!gathered.includes(sentence)) gathered.push(sentence);
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        polite.textContent = gathered.join(" ");
        gathered = [];
      }, 700);
    },
    interrupt(sentence) {
      if (assertive.textContent !== sentence) assertive.textContent = sentence;
    },
  };
}
