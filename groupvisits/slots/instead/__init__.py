"""One-on-ones instead of the group: too few people for a date, and whoever said yes is still seen on that day."""
