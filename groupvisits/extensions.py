"""The Flask extensions, created unbound; `create_app` binds them."""

from typing import TYPE_CHECKING

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_security.core import Security
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

# Named constraints: Alembic cannot alter or drop what has no name, and a verb recognises a refusal by it.
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, with the one thing spelt out that a type checker cannot see: models take their columns by name."""

    if TYPE_CHECKING:
        Model: type[DeclarativeBase]


# `db.session` reads and only reads (core.database makes its connections refuse writes); verbs write through `core.transaction`.
db = Database(metadata=MetaData(naming_convention=NAMING), session_options={"autoflush": False})
babel = Babel()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)
migrate = Migrate()
security = Security()
