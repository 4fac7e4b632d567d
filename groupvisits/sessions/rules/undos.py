"""Why a step on the waiting list cannot be undone any more; for those who keep the list."""

from groupvisits.core.errors import Conflict, mark


class CannotPutBack(Conflict):
    message = mark("They were offered a place, or moved on the list, since then. Nothing was changed. Look at the list as it is now.")


class CannotTakeBack(Conflict):
    message = mark("Something has changed for this person since then, so it cannot be undone. Look at the list as it is now.")
