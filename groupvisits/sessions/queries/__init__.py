"""Reads of sessions and seats. Each takes the viewer and finds only what they may know of."""

from groupvisits.sessions.queries.advice import Advice, advice_for, advice_of_dates, limit_for
from groupvisits.sessions.queries.dates import SessionLine, series_plan, sessions_for, team_to_begin_with, visits_to_come_of
from groupvisits.sessions.queries.door import Counts, PersonAtTheDoor, counts_for, find_person, person_for
from groupvisits.sessions.queries.pages import Census, SeatLine, TeamLine, census_of, minute_check, seat_lines, team_for
from groupvisits.sessions.queries.places import Place, group_session_for, place_for, seats_of

__all__ = [
    "Advice", "Census", "Counts", "PersonAtTheDoor", "Place", "SeatLine", "SessionLine", "TeamLine", "advice_for", "advice_of_dates", "census_of", "counts_for",
    "find_person", "group_session_for", "limit_for", "minute_check", "person_for", "place_for", "seat_lines", "seats_of", "series_plan", "sessions_for", "team_for",
    "team_to_begin_with", "visits_to_come_of",
]  # fmt: skip
