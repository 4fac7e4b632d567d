"""How Alembic compares our types with what it finds in a database."""

from typing import Any

from groupvisits.core.database import UtcDateTime


def same_type(_context: Any, _inspected: Any, _metadata: Any, inspected_type: Any, metadata_type: Any) -> bool | None:
    """False when the column is as it should be; None leaves the question to Alembic. SQLite keeps no time zone in a type."""
    if isinstance(metadata_type, UtcDateTime):
        return "DATETIME" not in str(inspected_type).upper() and "TIMESTAMP" not in str(inspected_type).upper()
    return None
