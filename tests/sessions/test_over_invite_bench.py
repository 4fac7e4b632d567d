"""The trial of the advice on real appointments: what it makes of the traps in that data, and that it ends well without it."""

from datetime import date
from pathlib import Path

import pytest

from bench import over_invite

HEAD = "PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,Neighbourhood,No-show\n"


@pytest.mark.parametrize("path", ["", "no/such/folder"])
def test_without_the_data_it_says_so_and_ends_well(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    over_invite.main(path)
    assert capsys.readouterr().out.startswith("data not there")


def test_impossible_and_doubled_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = (
        "5.58997776694438E+14,1,F,2016-05-01T08:00:00Z,2016-05-03T00:00:00Z,40,CENTRO,Yes\n"
        "558997776694438,2,F,2016-05-02T08:00:00Z,2016-05-03T00:00:00Z,40,CENTRO,No\n"  # the same person and day, written otherwise: came once
        "2,3,M,2016-05-01T08:00:00Z,2016-05-03T00:00:00Z,-1,CENTRO,No\n"
        "3,4,M,2016-05-04T08:00:00Z,2016-05-03T00:00:00Z,50,CENTRO,No\n"
        "4,5,M,2016-05-03T08:00:00Z,2016-05-03T00:00:00Z,50,CENTRO,No\n"
        "5,6,M,2016-05-01T08:00:00Z,2016-05-03T00:00:00Z,50,CENTRO,Yes\n"
    )
    (tmp_path / "appointments.csv").write_text(HEAD + rows)
    found, left_out = over_invite.visits(over_invite.read(tmp_path))
    assert [(visit.patient, visit.came) for visit in found] == [(5, False), (558997776694438, True)]
    assert {visit.day for visit in found} == {date(2016, 5, 3)}
    assert left_out == {"another of the same patient and day": 1, "an age below 0": 1, "booked after the appointment": 1, "booked on the same day": 1}


def test_the_trial_runs_on_both_sides_of_the_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(
        f"{patient},{patient}{day},F,2016-05-01T08:00:00Z,2016-05-{day}T00:00:00Z,40,CENTRO,{'Yes' if (patient + day) % 4 == 0 else 'No'}\n"
        for patient in range(1, 31)
        for day in (12, 13, 16, 17)
    )
    (tmp_path / "appointments.csv").write_text(HEAD + rows)
    over_invite.main(str(tmp_path))
    out = capsys.readouterr().out
    assert "60 visits before 2016-05-14" in out
    assert "40 groups of 24" in out
    assert "our advice" in out
