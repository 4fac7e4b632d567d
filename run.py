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
from groupvisits.core import writer


SAY_SO = 0.1  # seconds for the last answers to leave


class PromptHandler(WSGIHandler):
    """Sends small answers at once: with Nagle's delay every acknowledgement on a phone would take 40 ms longer."""

    def __init__(self, sock: Any, address: Any, server: Any, rfile: Any = None) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, address, server, rfile)  # pyright: ignore[reportCallIssue]

    def log_error(self, msg: str, *args: Any) -> None:
        # pywsgi reads what is left of a closed WebSocket as a new request and calls it an error.
        if "Expected GET method" not in str(msg % args if args else msg):
            super().log_error(msg, *args)


def stop(app: Flask, server: Any) -> None:
    """What was taken is saved and answered before the sockets end."""
    writer.stop(app)
    gevent.sleep(SAY_SO)
    server.throw(SystemExit)


def serve() -> None:
    os.umask(0o077)  # what the server writes holds patients' data: nobody else on this machine reads it
    config = Config.from_environment()
    app = create_app(config)
    # What was made until here stays: otherwise the collector walks over all of it every few hundred pages, 150 ms each time.
    gc.collect()
    gc.freeze()
    start_background_work(app)
    writer.start(app)
    for asked in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(asked, stop, app, gevent.getcurrent())
    print(f"groupvisits answers at {config.public_url}", flush=True)
    greet_first_visitor(app)
    try:
        app.extensions["socketio"].run(app, host=config.host, port=config.port, log_output=False, handler_class=PromptHandler)
    except OSError as refusal:
        print(f"Port {config.port} cannot be used ({refusal.strerror}). Choose another one: PORT=5001", flush=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    serve()
