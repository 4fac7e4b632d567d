"""Decisions about people and rosters, on values alone: `person`, `dates`, `languages`, `files`, `columns`, `rows`."""
