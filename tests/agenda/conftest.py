import pytest

from groupvisits.core.transaction import run
from groupvisits.sessions.service import open_session
from tests.cast import Cast


@pytest.fixture
def opened(cast: Cast, context: None) -> str:
    """The Tuesday group's visit, open."""
    run(open_session, cast.tomas, cast.session_id)
    return cast.session_id
