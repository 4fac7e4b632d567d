"""Simulated phones: the rules of a client of docs/protocol.md, a line to a server, phones made of both, and a visit that they play."""
