"""A patient's own pages: visits to come and past, answers, places asked for, calendar, and how they want to be told."""
