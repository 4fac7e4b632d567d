"""The usual peer: Flask-SocketIO in threading mode, one SQLAlchemy commit for each event, the same events on the wire, no check.

python -m bench.liveroom.threaded PORT FOLDER
"""

import itertools
import sys
import threading
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO, join_room, leave_room, rooms
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.serving import WSGIRequestHandler

WSGIRequestHandler.disable_nagle_algorithm = True
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{sys.argv[2]}/threaded.db"
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 20, "max_overflow": 40, "connect_args": {"timeout": 10}}
db = SQLAlchemy(app)
socketio = SocketIO(app, async_mode="threading", cors_allowed_origins="*", ping_interval=10, ping_timeout=8)


class Topic(db.Model):  # type: ignore[name-defined]
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    words: Mapped[str]
    proposed_at: Mapped[datetime]


class Support(db.Model):  # type: ignore[name-defined]
    id: Mapped[str] = mapped_column(primary_key=True)
    topic_id: Mapped[str] = mapped_column(index=True)
    on: Mapped[bool]


with app.app_context():

    @event.listens_for(db.engine, "connect")
    def durable(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    db.create_all()

versions: dict[str, Any] = defaultdict(lambda: itertools.count(1))
counted = threading.Lock()


def sid() -> str:
    return request.sid  # type: ignore[attr-defined]


def tell(session_id: str, topic: dict[str, Any], *, proposed: bool) -> int:
    with counted:
        version = next(versions[session_id])
    head = {"epoch": "e", "version": version, "since": version - 1}
    account = {"account": {"sent": version, "accounted_for": version, "one_on_one": 0}} if proposed else {}
    socketio.emit("session:changed", head | {"topics": [topic]}, to=f"{session_id}:patient")
    socketio.emit("session:changed", head | account | {"topics": [topic]}, to=f"{session_id}:facilitator")
    socketio.emit("session:changed", head | {"topics": []}, to=f"{session_id}:display")
    socketio.emit("session:mine", head | {"changes": {"topics": [topic], "supported": [], "supports_left": None}}, to=sid())
    return version


@socketio.on("live:subscribe")
def subscribe(data: dict[str, Any]) -> dict[str, Any]:
    for room in rooms():
        if room != sid():
            leave_room(room)
    join_room(f"{data['session_id']}:{data['audience']}")
    return {"ok": True, "result": {"epoch": "e", "version": 0, "audience": data["audience"]}}


@socketio.on("agenda:propose")
def propose(data: dict[str, Any]) -> dict[str, Any]:
    topic = Topic(id=str(uuid.uuid4()), session_id=data["session_id"], words=data["body"]["words"], proposed_at=datetime.now(UTC))
    shown = {"id": topic.id, "words": topic.words, "language": "en", "state": "new", "rank": None, "supports": 0, "author": None}
    db.session.add(topic)
    db.session.commit()
    return {"ok": True, "result": {"version": tell(data["session_id"], shown, proposed=True), "topic_id": shown["id"]}}


@socketio.on("agenda:support")
def support(data: dict[str, Any]) -> dict[str, Any]:
    topic_id = data["body"]["topic_id"]
    db.session.add(Support(id=str(uuid.uuid4()), topic_id=topic_id, on=data["body"]["on"]))
    db.session.commit()
    shown = {"id": topic_id, "words": "", "language": "en", "state": "new", "rank": None, "supports": 1, "author": None}
    return {"ok": True, "result": {"version": tell(data["session_id"], shown, proposed=False), "topic_id": topic_id}}


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]), allow_unsafe_werkzeug=True, log_output=False)
