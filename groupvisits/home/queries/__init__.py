"""What the start pages show: reads over several capabilities, in a number of questions that does not grow with the clinic."""

from groupvisits.home.queries.alarms import AlarmLine, alarms_for
from groupvisits.home.queries.days import Day, Thing, day_for, my_dates
from groupvisits.home.queries.lines import DateLine, Waiting
from groupvisits.home.queries.searches import Found, found_for
from groupvisits.home.queries.steps import Steps, steps_for

__all__ = ["AlarmLine", "DateLine", "Day", "Found", "Steps", "Thing", "Waiting", "alarms_for", "day_for", "found_for", "my_dates", "steps_for"]
