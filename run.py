"""Serves groupvisits. gevent patches first: nothing else in the project patches anything, and tests never do."""

from gevent import monkey

monkey.patch_all()

import gc
import os
import signal
import socket
from typing import Any

import gevent
from gevent.pywsgi import WSGIHandler

from flask import Flask

from config import Config
from groupvisits import create_app, greet_first_visitor, start_background_work
from groupvisits.core import logs, writer
from groupvisits.core.websockets import CONNECTION


SAY_SO = 0.1  # seconds for the last answers to leave
KNOCKING = 1024  # connections that wait to be taken in; with fewer, phones that come back together after a restart knock again only seconds later
YOUNG = 20_000  # objects until the collector looks at the new ones; by its own measure it would do so several times for each proposal
COLLECT_EVERY = 600  # seconds; it walks over all that was made since the start, 50 ms with 700 phones


class PromptHandler(WSGIHandler):
    """Sends small answers at once: with Nagle's delay every acknowledgement on a phone would take 40 ms longer."""

    def __init__(self, sock: Any, address: Any, server: Any, rfile: Any = None) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, address, server, rfile)  # pyright: ignore[reportCallIssue]

    def get_environ(self) -> dict[str, Any]:
        return super().get_environ() | {CONNECTION: self}

    def log_error(self, msg: str, *args: Any) -> None:
        # pywsgi reads what is left of a closed WebSocket as a new request and calls it an error.
        if "Expected GET method" not in str(msg % args if args else msg):
            super().log_error(msg, *args)


def stop(app: Flask, server: Any) -> None:
    """What was taken is saved and answered before the sockets end."""
    writer.stop(app)
    gevent.sleep(SAY_SO)
    server.throw(SystemExit)


def collect_at_leisure() -> None:
    """Let the garbage collector take a tenth of the time it would: nobody in a room waits for it more than a moment."""
    gc.collect()
    gc.freeze()  # what was made until here stays
    gc.set_threshold(YOUNG, 20, 1_000_000)

    def collect() -> None:
        while True:
            gevent.sleep(COLLECT_EVERY)
            gc.collect()

    gevent.spawn(collect)


def serve() -> None:
    logs.outlive_the_log()
    os.umask(0o077)  # what the server writes holds patients' data: nobody else on this machine reads it
    config = Config.from_environment()
    app = create_app(config)
    collect_at_leisure()
    start_background_work(app)
    writer.start(app)
    for asked in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(asked, stop, app, gevent.getcurrent())
    print(f"groupvisits answers at {config.public_url}", flush=True)
    greet_first_visitor(app)
    try:
        app.extensions["socketio"].run(app, host=config.host, port=config.port, log_output=False, handler_class=PromptHandler, backlog=KNOCKING)
    except OSError as refusal:
        print(f"Port {config.port} cannot be used ({refusal.strerror}). Choose another one: PORT=5001", flush=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    serve()
