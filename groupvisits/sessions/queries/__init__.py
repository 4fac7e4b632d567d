"""Reads of sessions and seats. Each takes the viewer and finds only what they may know of."""

from groupvisits.sessions.queries.advice import Advice, advice_for, advice_of_dates, limit_for
from groupvisits.sessions.queries.dates import SessionLine, sessions_for, team_to_begin_with, visits_to_come_of
from groupvisits.sessions.queries.attendance import Attendance, AttendanceLine, attendance_for, attendance_of_seat
from groupvisits.sessions.queries.decisions import FreeResident, Look, MergePlan, SisterDate, free_residents, look_for, merge_plan, sister_dates
from groupvisits.sessions.queries.door import Counts, OwnGroup, PersonAtTheDoor, care_partners_of, counts_for, counts_of, find_person, is_full_for, own_groups_of, person_for
from groupvisits.sessions.queries.lists import DateOfList, ListPage, group_names_for, lights_of_dates, list_for, month_before, month_for, next_month, weeks_of
from groupvisits.sessions.queries.pages import Census, SeatLine, TeamLine, census_of, minute_check, seat_lines, team_for
from groupvisits.sessions.queries.closures import closures_for, public_holidays_for
from groupvisits.sessions.queries.plans import Preview, answers_since, preview_of, rule_of, told_of, zone_of
from groupvisits.sessions.queries.places import Place, group_session_for, place_for, seats_of

__all__ = [
    "DateOfList", "ListPage", "group_names_for", "lights_of_dates", "list_for", "month_before", "month_for", "next_month", "weeks_of",
    "Preview", "answers_since", "closures_for", "preview_of", "public_holidays_for", "rule_of", "told_of", "zone_of",
    "Advice", "FreeResident", "Look", "MergePlan", "SisterDate", "free_residents", "look_for", "merge_plan", "sister_dates",
    "Attendance", "AttendanceLine", "Census", "Counts", "OwnGroup", "PersonAtTheDoor", "Place", "SeatLine", "SessionLine", "TeamLine", "advice_for", "advice_of_dates", "census_of", "attendance_for", "attendance_of_seat", "care_partners_of", "counts_for", "counts_of", "is_full_for", "own_groups_of",
    "find_person", "group_session_for", "limit_for", "minute_check", "person_for", "place_for", "seat_lines", "seats_of", "sessions_for", "team_for",
    "team_to_begin_with", "visits_to_come_of",
]  # fmt: skip
