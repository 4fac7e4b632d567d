// The answers are in: nothing of them stays on the phone.
import { forgetDraft } from "./draft.js";

forgetDraft(location.pathname);
