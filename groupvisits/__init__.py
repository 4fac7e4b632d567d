"""groupvisits runs shared medical appointments. `create_app` is the one place that knows every package."""

from importlib import import_module
from pathlib import Path
from typing import Any, cast

import jinja2
from flask import Flask, redirect, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Config
from groupvisits.core import database, events, health, language, logs, packed, pages, quick_json, sockets, web, websockets
from groupvisits.core.pace import Pace
from groupvisits.core.permissions import Policy
from groupvisits.extensions import babel, csrf, db, limiter, migrate

# From the ground up; each package's `init_app` opens its doors and registers what it listens to.
CAPABILITIES = ("audit", "outbox", "accounts", "patients", "programmes", "sessions", "agenda", "slots", "notes", "feedback", "interop", "live", "home", "demo")


def create_app(config: Config | None = None) -> Flask:
    """The application, with every door guarded and every listener wired. Reads the environment when no config is given."""
    config = config or Config.from_environment()
    logs.configure(testing=config.testing)
    app = Flask(__name__, instance_path=str(config.instance), template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(
        SECRET_KEY=config.secret_key,
        TESTING=config.testing,
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_NAME="groupvisits",
        SESSION_COOKIE_SECURE=config.is_https,
        WTF_CSRF_TIME_LIMIT=None,  # a phone's late flush must still be accepted; the token ends with the browser session
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "groupvisits" / "translations"),
        BABEL_DEFAULT_TIMEZONE="UTC",
        RATELIMIT_DEFAULT="1200 per minute",
        RATELIMIT_ENABLED=not config.testing,
    )
    app.extensions["config"] = config
    if config.proxies:  # else everybody has the proxy's address, and one person's wrong passwords would slow everybody down
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies)  # type: ignore[method-assign]
    app.extensions["listeners"] = events.Listeners()
    app.extensions["ticks"] = []  # (seconds, job): every job claims its rows, so any number of processes may tick
    app.jinja_env.loader = jinja2.ChoiceLoader(
        [
            jinja2.FileSystemLoader(ROOT / "templates"),
            jinja2.PackageLoader("nhsuk_frontend_jinja"),
        ]
    )
    # The design system's macros need chainable undefined names (a convention test catches misspelt ones); Flask by itself would not escape .jinja files.
    app.jinja_env.undefined, app.jinja_env.autoescape = jinja2.ChainableUndefined, True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    database.init_app(app, config.database_uri)
    _import_models()
    migrate.init_app(app, db, directory=str(Path(__file__).parent / "migrations"), render_as_batch=True)
    babel.init_app(app, locale_selector=language.current_language)
    csrf.init_app(app)
    limiter.init_app(app)

    from groupvisits.accounts import actors, browser_sessions

    app.session_interface = browser_sessions.DatabaseSessionInterface()
    policies = _policies()
    web.init_app(app, policies=policies, resolve_actor=actors.actor_of_request)
    _init_sockets(app, config, policies)
    _init_language_switch(app)
    pages.init_app(app)
    packed.init_app(app)
    health.init_app(app)
    for name in CAPABILITIES:
        import_module(f"groupvisits.{name}").init_app(app)
    return app


def _policies() -> dict[str, Policy]:
    """Every action of every package and the table it stands in."""
    merged: dict[str, Policy] = {}
    for name in CAPABILITIES:
        try:
            table = import_module(f"groupvisits.{name}.permissions").POLICY
        except ModuleNotFoundError as missing:
            if missing.name != f"groupvisits.{name}.permissions":
                raise
            continue
        merged.update(dict.fromkeys(table, table))
    return merged


def _import_models() -> None:
    """Tables must be known before the database is made or migrated."""
    for name in CAPABILITIES:
        if (Path(__file__).parent / name / "models.py").exists():
            import_module(f"groupvisits.{name}.models")
    import_module("groupvisits.core.commands")


def _init_sockets(app: Flask, config: Config, policies: dict[str, Policy]) -> None:
    from groupvisits.accounts.actors import find_actor
    from groupvisits.accounts.events import BrowserSessionEnded

    def allowed(origin: str, environ: dict[str, Any]) -> bool:
        return app.extensions["socket_door"].is_own_origin(origin, environ)

    # Not in extensions: it holds its server, and a second application in the same process would take the first one's away.
    SocketIO().init_app(
        app,
        async_mode="threading" if config.testing else "gevent",
        async_handlers=False,  # True reorders one client's events
        manage_session=False,
        cors_allowed_origins=cast(Any, allowed),
        ping_interval=10,
        ping_timeout=8,
        max_http_buffer_size=16 * 1024,
        json=quick_json,
        **cast(Any, {"serializer": websockets.TextPacket, "transports": ["websocket"]}),
        client_manager=websockets.SharedRooms(config.redis_url) if config.redis_url else websockets.Rooms(),
    )
    app.extensions["pace"] = Pace()
    door = sockets.SocketDoor(app, policies=policies, find_actor=find_actor, origins={config.public_url} - {""})
    if not config.testing:
        websockets.use(app.extensions["socketio"].server.eio, door.frame_refused, door.plain_request)
    app.extensions["socket_door"] = door
    app.extensions["listeners"].after(BrowserSessionEnded, lambda event: door.disconnect_all(event.fingerprint))


def _init_language_switch(app: Flask) -> None:
    @app.before_request
    def keep_language() -> ResponseReturnValue | None:
        """A tap on a language keeps it for this browser and shows the same page in it."""
        if request.method != "GET" or "lang" not in request.args or request.endpoint in (None, "static"):
            return None
        if web.leaves_no_trace(request.path):
            return None  # there the address alone keeps the choice: a cookie would tell who answered
        chosen = request.args["lang"]
        if chosen in language.LANGUAGES:
            browser_session["language"] = chosen
        rest = {key: value for key, value in request.args.items() if key != "lang"}
        values: dict[str, Any] = {**(request.view_args or {}), **rest}
        return redirect(url_for(request.endpoint, **values))


def greet_first_visitor(app: Flask) -> None:
    """In an empty installation, print the one-time code with which the first visitor makes the clinic."""
    from groupvisits.accounts import service
    from groupvisits.core.transaction import run

    with app.app_context():
        code = run(service.ensure_setup_code)
    if code:
        print(f"This installation is empty. Open {app.extensions['config'].public_url}/set-up and type this code: {code}", flush=True)  # noqa: T201


def start_background_work(app: Flask) -> None:
    """Start what runs on a schedule in the server process: sending messages, and whatever a package registered in `ticks`."""
    config: Config = app.extensions["config"]
    if not config.background_worker:
        return
    from apscheduler.schedulers.gevent import GeventScheduler

    scheduler = GeventScheduler(timezone="UTC")
    for seconds, job in app.extensions["ticks"]:
        scheduler.add_job(_in_context(app, job), "interval", seconds=seconds, max_instances=1, coalesce=True)
    scheduler.start()


def _in_context(app: Flask, job: Any) -> Any:
    def run() -> None:
        with app.app_context():
            job()

    return run
