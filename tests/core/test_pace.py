"""Who sends too fast is remembered; who went quiet is not, so that memory does not grow with every phone that ever came."""

import pytest

from groupvisits.core import pace


def test_browsers_that_went_quiet_are_forgotten_and_a_flood_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace, "MOST_BROWSERS", 2)
    at = pace.Pace()
    for token in ("a", "b", "pest"):
        at.check(token)
    for _ in range(pace.EVENTS_PER_10_SECONDS - 1):
        at.check("pest")
    with pytest.raises(pace.TooFast):
        at.check("pest")
    now[0] += 11
    at.check("c")
    assert set(at._recent) == {"c"} and set(at._flooded_at) == {"pest"}
    now[0] += pace.A_BURST
    for token in ("d", "e", "f"):
        at.check(token)
    assert not at._flooded_at
