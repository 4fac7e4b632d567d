// Answers that wait on this phone, under the address of their form, so that a form that was closed by
// mistake can be found again, on this phone and nowhere else.

const PREFIX = "groupvisits-feedback:";

export function readDraft(address) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + address));
  } catch {
    return null;
  }
}

// Says whether the phone could keep it: some browsers, and private windows, keep nothing.
export function keepDraft(address, draft) {
  try {
    localStorage.setItem(PREFIX + address, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function forgetDraft(address) {
  try {
    localStorage.removeItem(PREFIX + address);
  } catch {
    // What could not be kept need not be forgotten.
  }
}

// The address of a form that was opened here and not sent.
export function openForm() {
  try {
    const name = Object.keys(localStorage).find((key) => key.startsWith(PREFIX + "/feedback-forms/"));
    return name ? name.slice(PREFIX.length) : null;
  } catch {
    return null;
  }
}
