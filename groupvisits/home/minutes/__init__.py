"""A group's minute book: what it talked about, visit by visit, and what it took from it. It names nobody."""
