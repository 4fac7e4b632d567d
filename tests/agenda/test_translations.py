"""A person in the room adds a topic in another language: under its own words, never instead of them."""

from typing import Any

import pytest

from groupvisits.accounts.models import Clinic
from groupvisits.agenda import rules, service
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.language import LANGUAGES, words
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live.queries import snapshot_for
from groupvisits.sessions.models import SESSION_STATES, Seat
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import close_session
from tests.agenda.arrange import on_screen, propose
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def opened(cast: Cast, opened: str) -> str:
    """With three languages."""
    with write() as tx:
        tx.get_one(Clinic, cast.clinic_id).languages = ["en", "es", "pt"]
    return opened


@pytest.fixture
def rosas(cast: Cast, opened: str) -> str:
    """Rosa's topic, in Spanish."""
    return propose(cast.rosa, opened, "Cocinar para la familia")


def translate(actor: Any, cast: Cast, topic_id: str, words: str = "Cooking for the family", language: str = "en") -> dict[str, Any]:
    return run(service.translate_topic, actor, cast.session_id, topic_id=topic_id, language=language, words=words)


def shown(viewer: Any, cast: Cast, audience: str, topic_id: str) -> list[dict[str, str]]:
    return on_screen(viewer, cast.session_id, audience)[topic_id]["translations"]


def own(viewer: Any, cast: Cast) -> list[dict[str, Any]]:
    db.session.rollback()
    return snapshot_for(db.session(), viewer, cast.session_id, "patient")["me"]["translated"]


def test_everybody_reads_it_and_the_facilitator_knows_whose_it_is(cast: Cast, rosas: str) -> None:
    run(service.plan_topic, cast.tomas, cast.session_id, topic_id=rosas)
    translate(cast.marcus, cast, rosas)
    said = {"language": "en", "words": "Cooking for the family"}
    for viewer, audience in ((cast.rosa, "patient"), (cast.gladys, "patient"), (cast.osei, "clinician"), (cast.tomas, "display")):
        assert shown(viewer, cast, audience, rosas) == [said]
    assert shown(cast.tomas, cast, "facilitator", rosas) == [said | {"by": "Marcus", "hidden_because": "", "holds": ""}]


def test_the_first_one_stays_and_its_author_may_write_it_anew(cast: Cast, rosas: str) -> None:
    first = translate(cast.marcus, cast, rosas)
    assert translate(cast.marcus, cast, rosas) == first
    with pytest.raises(rules.TranslatedAlready):
        translate(cast.gladys, cast, rosas, "To cook")
    translate(cast.marcus, cast, rosas, "Cooking for my family")
    translate(cast.gladys, cast, rosas, "Cozinhar para a família", "pt")
    assert [each["words"] for each in shown(cast.teo, cast, "patient", rosas)] == ["Cooking for my family", "Cozinhar para a família"]


def test_its_author_alone_is_told_that_it_is_theirs_and_takes_it_away_again(cast: Cast, rosas: str) -> None:
    translate(cast.marcus, cast, rosas)
    assert own(cast.marcus, cast) == [{"topic_id": rosas, "language": "en", "words": "Cooking for the family", "is_checked": False}]
    assert own(cast.rosa, cast) == own(cast.gladys, cast) == []
    with pytest.raises(NotAllowed):
        run(service.drop_translation, cast.gladys, cast.session_id, topic_id=rosas, language="en")
    run(service.drop_translation, cast.marcus, cast.session_id, topic_id=rosas, language="en")
    assert own(cast.marcus, cast) == shown(cast.teo, cast, "patient", rosas) == []


def test_what_waits_for_a_look_is_read_by_its_author_and_what_all_may_no_longer_read_by_nobody(cast: Cast, rosas: str) -> None:
    translate(cast.marcus, cast, rosas, "Call my sister on 617 555 0142")
    assert [each["holds"] for each in shown(cast.tomas, cast, "facilitator", rosas)] == ["phone"]
    assert shown(cast.teo, cast, "patient", rosas) == []
    assert [each["is_checked"] for each in own(cast.marcus, cast)] == [True]
    run(service.show_topic, cast.tomas, cast.session_id, topic_id=rosas)
    assert [each["is_checked"] for each in own(cast.marcus, cast)] == [False]
    run(service.ask_privately, cast.tomas, cast.session_id, topic_id=rosas)
    assert own(cast.marcus, cast) == []
    run(service.show_topic, cast.tomas, cast.session_id, topic_id=rosas)
    run(service.take_back, cast.rosa, cast.session_id, topic_id=rosas)
    assert own(cast.marcus, cast) == []


def test_the_facilitator_takes_one_away_and_it_may_be_added_anew(cast: Cast, rosas: str) -> None:
    translate(cast.marcus, cast, rosas)
    first = run(service.drop_translation, cast.tomas, cast.session_id, topic_id=rosas, language="en")
    assert run(service.drop_translation, cast.tomas, cast.session_id, topic_id=rosas, language="en") == first
    assert shown(cast.teo, cast, "patient", rosas) == []
    translate(cast.gladys, cast, rosas)


@pytest.mark.parametrize("how", ["its author rewords it", "its author agrees to other words"])
def test_what_a_topic_no_longer_says_does_not_stand_under_it(cast: Cast, rosas: str, how: str) -> None:
    translate(cast.marcus, cast, rosas)
    if "rewords" in how:
        run(service.reword_topic, cast.rosa, cast.session_id, topic_id=rosas, words="Cocinar sin sal")
    else:
        run(service.suggest_words, cast.tomas, cast.session_id, topic_id=rosas, words="Cocinar sin sal")
        assert shown(cast.teo, cast, "patient", rosas)
        run(service.agree_words, cast.rosa, cast.session_id, topic_id=rosas, agree=True)
    assert shown(cast.teo, cast, "patient", rosas) == []


def test_what_is_refused(cast: Cast, opened: str, rosas: str) -> None:
    alone = propose(cast.rosa, opened, "Solo", "one_on_one")
    for body, refusal in (
        ({"language": "es"}, rules.SameLanguage),
        ({"language": "ht"}, rules.LanguageNotOffered),
        ({"language": "x"}, rules.LanguageNotOffered),
        ({"words": "  "}, rules.NoWords),
        ({"words": "x" * 301}, rules.TooManyWords),
    ):
        with pytest.raises(refusal):
            translate(cast.marcus, cast, rosas, **body)
    with pytest.raises(NotFound):
        translate(cast.marcus, cast, alone)
    with pytest.raises(rules.NotForTheGroup):
        translate(cast.rosa, cast, alone)
    run(service.ask_privately, cast.tomas, opened, topic_id=rosas)
    with pytest.raises((rules.NotToBeTranslated, NotFound)):
        translate(cast.marcus, cast, rosas)
    run(service.show_topic, cast.tomas, opened, topic_id=rosas)
    run(service.take_back, cast.rosa, opened, topic_id=rosas)
    with pytest.raises(rules.NotToBeTranslated):
        translate(cast.marcus, cast, rosas)
    run(close_session, cast.tomas, opened)
    with pytest.raises(WrongState):
        translate(cast.marcus, cast, rosas)


def test_who_may(cast: Cast, rosas: str) -> None:
    translate(cast.marcus, cast, rosas)
    for stranger in (cast.sol, cast.sunny, cast.walter):
        with pytest.raises(NotFound):
            translate(stranger, cast, rosas)
        with pytest.raises(NotFound):
            run(service.drop_translation, stranger, cast.session_id, topic_id=rosas, language="en")
    for actor in (cast.tomas, cast.osei, cast.joanne):
        with pytest.raises(NotAllowed):
            translate(actor, cast, rosas)
    for actor in (cast.rosa, cast.osei, cast.joanne):
        with pytest.raises(NotAllowed):
            run(service.drop_translation, actor, cast.session_id, topic_id=rosas, language="en")
    with write() as tx:
        tx.get_one(Seat, cast.seats["marcus"]).state = "declined"
    with pytest.raises(NotAllowed):  # he takes no part any more
        run(service.drop_translation, cast.marcus, cast.session_id, topic_id=rosas, language="en")


@pytest.mark.parametrize("state", SESSION_STATES)
def test_that_it_is_over_is_said_in_the_readers_language(state: str) -> None:
    """Whoever taps in the moment of the close reads it on their phone."""
    said = {language: words(WrongState(state), language) for language in LANGUAGES}
    assert len(set(said.values())) == len(LANGUAGES)
