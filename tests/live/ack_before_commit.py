"""The mistake the kill test must find: a server that acknowledges first and saves a moment later. For that test only."""

import run  # patches gevent first

import gevent  # isort: skip
from flask import current_app

from groupvisits.core import sockets

really = sockets.run_command


def acknowledged_first(verb, actor, command, *args, **kwargs):
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def later() -> None:
        with app.app_context():
            really(verb, actor, command, *args, **kwargs)

    gevent.spawn_later(0.2, later)
    return {"version": 0, "topic_id": ""}


sockets.run_command = acknowledged_first

if __name__ == "__main__":
    run.serve()
