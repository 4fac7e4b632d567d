// Answers that wait on this phone. One draft at a time, under one name: the address of its form is kept
// with it, so that a form that was closed by mistake can be found again, on this phone and nowhere else.

const NAME = "groupvisits-feedback";

export function readDraft() {
  try {
    const draft = JSON.parse(localStorage.getItem(NAME));
    return draft && typeof draft.address === "string" && draft.address.startsWith("/feedback-forms/") ? draft : null;
  } catch {
    return null;
  }
}

// Says whether the phone could keep it: some browsers, and private windows, keep nothing.
export function keepDraft(draft) {
  try {
    localStorage.setItem(NAME, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function forgetDraft(address) {
  const draft = readDraft();
  if (!draft || draft.address !== address) return;
  try {
    localStorage.removeItem(NAME);
  } catch {
    // What could not be kept need not be forgotten.
  }
}
