"""A patient's phone in a real browser: what it asks, what can be changed, what it shows of joined topics, and for whom it works."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, is_accessible
from tests.live.server import LiveServer, until

pytestmark = pytest.mark.browser
Enter = Callable[..., Page]
Act = Callable[..., Any]

NARROW = {"width": 320, "height": 640}
VOICES = """
  window.spoken = [];
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => [{ lang: "en-US" }, { lang: "es-ES" }], addEventListener() {}, cancel() {},
    speak(said) { window.spoken.push([said.lang, said.text]); },
  } });
"""


@pytest.fixture
def act(room: LiveServer) -> Iterator[Act]:
    """`act("tomas", "agenda:start", topic_id=..., minutes=5)` is done by that person over a socket; returns its result.

    Afterwards no topic is left, so that the next test's are all on the first screenful.
    """

    def send(who: str, name: str, **body: Any) -> dict[str, Any]:
        answer = room.phone(who).ask(name, {"command_id": str(uuid4()), "session_id": room.session_id, "body": body})
        assert answer["ok"], answer
        return answer["result"]

    yield send
    room.write("UPDATE topics SET state = 'taken_back', merged_into_id = NULL")
    room.write("UPDATE group_sessions SET current_topic_id = NULL, topic_started_at = NULL, topic_ends_at = NULL")


def bring(act: Act, who: str, words: str, **more: Any) -> str:
    return act(who, "agenda:propose", words=words, route="group", **more)["topic_id"]


def own(page: Page, words: str) -> Any:
    return page.locator("#own li", has_text=words)


def words_of(room: LiveServer, topic_id: str) -> str:
    return room.rows("SELECT words FROM topics WHERE id = ?", topic_id)[0][0]


def in_language(page: Page, language: str) -> None:
    page.goto(page.url.split("?")[0] + f"?lang={language}")


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_words_of_a_topic_can_be_changed_until_somebody_says_me_too(room: LiveServer, enter: Enter, act: Act) -> None:
    topic_id = bring(act, "rosa", "What do stripps cost?")
    rosa = enter("rosa", "patient", PHONE)
    row = own(rosa, "What do stripps cost?")
    row.get_by_text("Change it").click()
    rosa.get_by_label("Your words").fill("What do test strips cost?")
    is_accessible(rosa)
    rosa.get_by_role("button", name="Save these words").click()
    expect(own(rosa, "What do test strips cost?")).to_contain_text("Received by the clinic")
    expect(rosa.locator("#own")).not_to_contain_text("stripps")
    assert words_of(room, topic_id) == "What do test strips cost?"
    rosa.context.set_offline(True)
    own(rosa, "What do test strips cost?").get_by_text("Change it").click()
    rosa.get_by_label("Your words").fill("What do good test strips cost?")
    rosa.get_by_role("button", name="Save these words").click()
    expect(own(rosa, "What do good test strips cost?")).to_contain_text("Saved on this phone")
    expect(rosa.locator("#notices")).to_contain_text("Your new words “What do good test strips cost?”")
    rosa.context.set_offline(False)
    expect(own(rosa, "What do good test strips cost?")).to_contain_text("Received by the clinic", timeout=20_000)
    act("marcus", "agenda:support", topic_id=topic_id, on=True)
    own(rosa, "What do good test strips cost?").get_by_text("Change it").click()
    expect(own(rosa, "What do good test strips cost?")).to_contain_text("Somebody said me too, so the words stay as they are.")


def test_somebody_asked_in_private_answers_with_one_of_two_equal_buttons(room: LiveServer, enter: Enter, act: Act) -> None:
    topic_id = bring(act, "gladys", "Is it normal that I want to be alone?")
    gladys, marcus = enter("gladys", "patient", PHONE), enter("marcus", "patient", PHONE)
    expect(marcus.locator("#group")).to_contain_text("Is it normal that I want to be alone?")
    act("tomas", "agenda:ask_privately", topic_id=topic_id)
    card = gladys.locator("#questions .gv-card")
    expect(card).to_contain_text("or in the group? Both are fine.")
    expect(gladys.locator("#voice")).to_contain_text("Both are fine.")
    alone, together = card.get_by_role("button", name="Alone"), card.get_by_role("button", name="In the group")
    assert alone.get_attribute("class") == together.get_attribute("class")
    expect(marcus.locator("#group .gv-row")).to_have_count(0)
    is_accessible(gladys)
    alone.focus()
    gladys.keyboard.press("Enter")
    expect(card).to_have_count(0)
    expect(own(gladys, "Is it normal")).to_contain_text("Only in your one-on-one")
    expect(gladys.locator(":focus")).to_have_count(1)  # the button is gone, the place on the page is not
    assert room.rows("SELECT route FROM topics WHERE id = ?", topic_id) == [("one_on_one",)]


def test_other_words_are_only_taken_when_their_author_agrees(room: LiveServer, enter: Enter, act: Act) -> None:
    topic_id = bring(act, "teo", "feet tingle at nite")
    teo = enter("teo", "patient", PHONE)
    act("tomas", "agenda:suggest_words", topic_id=topic_id, words="Tingling feet at night")
    card = teo.locator("#questions .gv-card")
    expect(card).to_contain_text("feet tingle at nite")
    expect(card).to_contain_text("Tingling feet at night")
    card.get_by_role("button", name="Keep mine").click()
    expect(card).to_have_count(0)
    assert words_of(room, topic_id) == "feet tingle at nite"
    act("tomas", "agenda:suggest_words", topic_id=topic_id, words="Tingling feet at night")
    teo.get_by_role("button", name="Use these words").click()
    expect(own(teo, "Tingling feet at night")).to_be_visible()
    assert words_of(room, topic_id) == "Tingling feet at night"


def test_a_joined_topic_says_whose_it_stands_with_and_can_be_kept_apart(enter: Enter, act: Act) -> None:
    head = bring(act, "gladys", "What if I forget my evening tablet?", shows_name=True)
    joined = bring(act, "frank", "I miss the night tablet")
    frank, gladys = enter("frank", "patient", PHONE), enter("gladys", "patient", PHONE)
    act("tomas", "agenda:merge", topic_id=joined, into_id=head)
    row = own(frank, "I miss the night tablet")
    expect(row).to_contain_text("Your topic was joined with Gladys’s, who asked the same.")
    expect(own(gladys, "What if I forget")).to_contain_text("Somebody else asked the same.")
    group = frank.locator("#group")
    expect(group.locator("li", has_text="I miss the night tablet")).to_have_count(0)
    expect(group.locator("li", has_text="What if I forget")).to_contain_text("Yours is part of this.")
    expect(group.locator("li", has_text="What if I forget").get_by_role("button", name="Me too")).to_have_count(0)
    is_accessible(frank)
    row.get_by_role("button", name="Keep mine apart").click()
    expect(row).not_to_contain_text("was joined with")
    expect(row).to_contain_text("Received by the clinic")


def test_a_topic_that_is_not_for_this_group_says_why(enter: Enter, act: Act) -> None:
    topic_id = bring(act, "frank", "Where to buy cheap shoes")
    frank = enter("frank", "patient", PHONE)
    act("tomas", "agenda:decline", topic_id=topic_id, reason="I will put a list of shops on the table.")
    row = own(frank, "Where to buy cheap shoes")
    expect(row).to_contain_text("Not talked about")
    expect(row).to_contain_text("The team wrote: I will put a list of shops on the table.")
    act("tomas", "agenda:plan", topic_id=topic_id)
    act("tomas", "agenda:park", topic_id=topic_id, reason="no_time")
    expect(row).to_contain_text("There was no time left for it.")
    in_language(frank, "es")
    expect(row).to_contain_text("Ya no quedó tiempo para esto.")


def test_the_room_is_asked_silently_and_an_answer_can_be_changed(room: LiveServer, enter: Enter, act: Act) -> None:
    topic_id = bring(act, "marcus", "Walking when my knees hurt")
    act("tomas", "agenda:start", topic_id=topic_id, minutes=5)
    teo = enter("teo", "patient", PHONE)
    poll_id = act("tomas", "live:ask_room", topic_id=topic_id)["poll_id"]
    card = teo.locator("#questions .gv-card")
    expect(card).to_contain_text("What would you like to do with this topic?")
    is_accessible(teo)
    move_on, go_on = card.get_by_role("button", name="Move on"), card.get_by_role("button", name="Keep going")
    move_on.click()
    expect(move_on).to_have_attribute("aria-pressed", "true")
    go_on.click()
    expect(go_on).to_have_attribute("aria-pressed", "true")
    expect(move_on).to_have_attribute("aria-pressed", "false")
    expect(card).to_contain_text("Nobody sees what you chose.")
    expect(card).not_to_contain_text("We are sending")
    assert room.rows("SELECT answer FROM poll_answers WHERE poll_id = ?", poll_id) == [("keep_going",)]
    act("tomas", "live:end_poll", poll_id=poll_id)
    expect(card).to_have_count(0)
    act("tomas", "live:ask_room", topic_id=topic_id)
    expect(card.locator('[aria-pressed="true"]')).to_have_count(0)  # the answer was to the other question
    expect(card).to_have_count(1)
    act("tomas", "agenda:finish", topic_id=topic_id, outcome="")
    expect(card).to_have_count(0)


def test_a_phone_number_is_asked_about_before_anything_is_sent(room: LiveServer, enter: Enter) -> None:
    marcus = enter("marcus", "patient", PHONE)
    box = marcus.get_by_label("What do you want us to talk about?")
    words = "My sister 555 201 0142 says cinnamon helps. Is that true?"
    sent = "SELECT count(*), max(route) FROM topics WHERE words LIKE '%cinnamon%'"
    box.fill(words)
    marcus.get_by_role("button", name="Send to the group").click()
    expect(marcus.locator("#box")).to_contain_text("There is a phone number in your topic. The group would see it. Nothing has been sent yet.")
    is_accessible(marcus)
    marcus.get_by_role("button", name="Send to the group anyway").click()  # the second of two quick taps is no answer
    expect(box).to_have_value(words)
    assert room.rows(sent) == [(0, None)]
    marcus.locator("#box").get_by_role("button", name="Change it").click()
    expect(box).to_be_focused()
    box.press("End")
    box.type(" Yes?")
    expect(marcus.locator("#box")).not_to_contain_text("Please check before you send")
    marcus.get_by_role("button", name="Send to the group").click()
    expect(marcus.locator("#box")).to_contain_text("Please check before you send")
    marcus.get_by_role("button", name="Send for my one-on-one only").click()
    expect(own(marcus, "cinnamon")).to_contain_text("Only in your one-on-one")
    assert room.rows(sent) == [(1, "one_on_one")]


def test_who_sends_a_phone_number_all_the_same_reads_that_somebody_looks_first(enter: Enter) -> None:
    teo, frank = enter("teo", "patient", PHONE), enter("frank", "patient", PHONE)
    teo.get_by_label("What do you want us to talk about?").fill("Call my cousin at 555 201 0177 about shoes")
    teo.get_by_role("button", name="Send to the group").click()
    teo.wait_for_function("asked => performance.now() > asked + 700", arg=teo.evaluate("performance.now()"))  # a quicker tap was meant for the first question
    teo.get_by_role("button", name="Send to the group anyway").click()
    expect(own(teo, "Call my cousin")).to_contain_text("A member of our team looks at it before the group sees it.")
    expect(own(teo, "Call my cousin")).to_contain_text("or call 911")
    expect(frank.locator("#group")).not_to_contain_text("Call my cousin")


def test_a_topic_has_its_other_languages_under_its_own_words_and_is_read_aloud(enter: Enter, act: Act) -> None:
    topic_id = bring(act, "marcus", "What to eat at a wedding")
    gladys = enter("gladys", "patient", PHONE)
    gladys.add_init_script(VOICES)
    gladys.reload()
    row = gladys.locator("#group li", has_text="What to eat at a wedding")
    row.get_by_text("In another language").click()
    expect(row).to_contain_text("Not for emergencies.")
    expect(row.locator("option")).to_have_text(["Español", "Português", "Kreyòl"])
    row.get_by_role("combobox", name="Language").select_option("es")
    row.get_by_label("The same in this language").fill("Qué comer en una boda")
    is_accessible(gladys)
    row.get_by_role("button", name="Add it").click()
    expect(row.locator('p [lang="es"]', has_text="Qué comer en una boda")).to_be_visible()
    row.get_by_role("button", name="Read aloud").click()
    assert gladys.evaluate("window.spoken") == [["en", "What to eat at a wedding"]]
    expect(row.get_by_role("button", name="Stop reading")).to_be_visible()
    in_language(gladys, "es")
    gladys.locator("#group li", has_text="What to eat at a wedding").get_by_role("button", name="Leer en voz alta").click()
    assert gladys.evaluate("window.spoken") == [["en", "What to eat at a wedding"], ["es", "Qué comer en una boda"]]
    act("tomas", "agenda:start", topic_id=topic_id, minutes=10)
    expect(gladys.locator("#now")).to_contain_text("Ahora hablamos de: What to eat at a wedding")
    expect(gladys.locator('#now [lang="es"]')).to_have_text("Qué comer en una boda")
    act("tomas", "agenda:finish", topic_id=topic_id, outcome="")


def test_whoever_wrote_it_in_another_language_changes_it_and_takes_it_away_and_nobody_else_is_offered_that(enter: Enter, act: Act) -> None:
    bring(act, "marcus", "Walking in the rain")
    gladys, teo = enter("gladys", "patient", PHONE), enter("teo", "patient", PHONE)
    row = gladys.locator("#group li", has_text="Walking in the rain")
    row.get_by_text("In another language").click()
    row.get_by_role("combobox", name="Language").select_option("es")
    row.get_by_label("The same in this language").fill("Caminar con luvia")
    row.get_by_role("button", name="Add it").click()
    others = teo.locator("#group li", has_text="Walking in the rain")
    row.get_by_text("Change your words in Español").click()
    expect(others).to_contain_text("Caminar con luvia")
    expect(others).not_to_contain_text("Change your words")
    is_accessible(gladys)
    row.get_by_role("textbox", name="Your words").fill("Caminar con lluvia")
    row.get_by_role("button", name="Save these words").click()
    expect(others.locator('p [lang="es"]')).to_have_text("Caminar con lluvia")
    row.get_by_text("Change your words in Español").click()
    expect(row.get_by_role("textbox", name="Your words")).to_have_value("Caminar con lluvia")
    row.get_by_role("button", name="Take your words in Español away").click()
    expect(others.locator('p [lang="es"]')).to_have_count(0)
    expect(row).not_to_contain_text("Change your words")


def test_what_somebody_is_writing_stays_whatever_others_do(enter: Enter, act: Act) -> None:
    theirs, mine = bring(act, "marcus", "Stairs in the rain"), bring(act, "gladys", "My knes hurt")
    gladys = enter("gladys", "patient", PHONE)
    row = gladys.locator("#group li", has_text="Stairs in the rain")
    row.get_by_text("In another language").click()
    row.get_by_role("combobox", name="Language").select_option("pt")
    row.get_by_label("The same in this language").fill("Escadas na chuva")
    act("teo", "agenda:translate", topic_id=theirs, language="es", words="Escaleras con lluvia")
    expect(row.locator('p [lang="es"]')).to_have_text("Escaleras con lluvia")
    expect(row.get_by_label("The same in this language")).to_have_value("Escadas na chuva")
    row.get_by_role("button", name="Add it").click()
    expect(row.locator('p [lang="pt"]')).to_have_text("Escadas na chuva")
    row = own(gladys, "My knes hurt")
    row.get_by_text("Change it").click()
    row.get_by_label("Your words").fill("My knees hurt")
    act("marcus", "agenda:support", topic_id=mine, on=True)
    gladys.wait_for_timeout(1500)  # it is drawn anew each second
    expect(row.get_by_label("Your words")).to_have_value("My knees hurt")
    row.get_by_role("button", name="Save these words").click()
    expect(gladys.locator("#notices")).to_contain_text("“My knees hurt” was not sent")


def test_a_topic_that_comes_too_late_is_still_to_be_read(room: LiveServer, enter: Enter, act: Act) -> None:
    gladys = enter("gladys", "patient", PHONE)
    gladys.context.set_offline(True)
    gladys.get_by_label("What do you want us to talk about?").fill("Shoes that fit")
    gladys.get_by_role("button", name="Save").first.click()
    expect(own(gladys, "Shoes that fit")).to_contain_text("Saved on this phone")
    room.write("UPDATE group_sessions SET state = 'closed', closed_at = datetime('now', '-2 days') WHERE id = ?", room.session_id)
    try:
        gladys.context.set_offline(False)
        expect(gladys.locator("#late")).to_contain_text("takes no more topics", timeout=20_000)
        box = gladys.get_by_label("What do you want us to talk about?")
        expect(box).to_have_value("Shoes that fit")
        expect(box).to_be_visible()
    finally:
        room.write("UPDATE group_sessions SET state = 'open', closed_at = NULL WHERE id = ?", room.session_id)


def test_a_topic_from_last_time_is_asked_about(room: LiveServer, enter: Enter, act: Act) -> None:
    before, kept, gone = (bring(act, "beatriz", words) for words in ("From last time", "Salt in soup", "Night shifts"))
    room.write("UPDATE topics SET carried_from_id = ? WHERE id IN (?, ?)", before, kept, gone)
    beatriz = enter("beatriz", "patient", PHONE)
    for words in ("Salt in soup", "Night shifts"):
        expect(own(beatriz, words)).to_contain_text("Does this still matter to you?")
    is_accessible(beatriz)
    own(beatriz, "Salt in soup").get_by_role("button", name="Yes").click()
    expect(own(beatriz, "Salt in soup")).to_contain_text("You said that it still matters to you.")
    act("tomas", "agenda:merge", topic_id=gone, into_id=bring(act, "marcus", "Working at night"))
    expect(own(beatriz, "Night shifts")).to_contain_text("Your topic was joined")
    own(beatriz, "Night shifts").get_by_role("button", name="No").click()
    expect(own(beatriz, "Night shifts")).to_contain_text("Taken back")


def test_a_wish_to_be_told_in_person_is_kept(room: LiveServer, enter: Enter) -> None:
    gladys = enter("gladys", "patient", PHONE)
    wish = gladys.get_by_role("button", name="Please tell me in person")
    wish.click()
    expect(wish).to_have_attribute("aria-pressed", "true")
    expect(gladys.locator("#one-on-one")).to_contain_text("somebody comes and tells you when it is your turn")
    until(lambda: room.rows("SELECT in_person FROM patients WHERE given_name = 'Gladys'") == [(1,)])
    wish.click()
    expect(wish).to_have_attribute("aria-pressed", "false")


def test_here_to_listen_is_a_choice_and_the_console_shows_it(room: LiveServer, enter: Enter) -> None:
    room.write("UPDATE seats SET state = 'arrived' WHERE patient_id = (SELECT id FROM patients WHERE given_name = 'Gladys')")
    console, gladys = enter("tomas", "facilitator"), enter("gladys", "patient", PHONE)
    everything = console.get_by_role("button", name="Show everything")
    if everything.is_visible():
        everything.click()
    expect(console.locator("#people [data-key=quiet] .live-chips")).to_contain_text("Gladys")
    listens = gladys.get_by_role("button", name="Today I am here to listen")
    listens.click()
    expect(listens).to_have_attribute("aria-pressed", "true")
    expect(gladys.locator("#listening")).to_contain_text("Nobody asks you to speak")
    expect(console.locator("#people [data-key=listen]")).to_have_text("Here to listen today: Gladys")
    expect(console.locator("#people [data-key=quiet] .gv-chip", has_text="Gladys")).to_have_count(0)
    is_accessible(gladys)
    listens.click()
    expect(listens).to_have_attribute("aria-pressed", "false")
    expect(console.locator("#people [data-key=listen]")).to_have_count(0)


def test_gathering_and_the_part_that_one_leads_stand_above_the_box(room: LiveServer, enter: Enter, act: Act) -> None:
    ((seat_id,),) = room.rows("SELECT seats.id FROM seats JOIN patients ON patients.id = patient_id WHERE given_name = 'Rosa'")
    rosa = enter("rosa", "patient", PHONE)
    act("tomas", "live:gather", minutes=10)
    expect(rosa.locator("#now")).to_contain_text("We gather topics until about")
    act("tomas", "live:phase_owner", phase=1, owner="", seat_id=seat_id)
    expect(rosa.locator("#now")).to_contain_text("You lead “Welcome” from about")
    act("tomas", "live:phase", phase=1)
    expect(rosa.locator("#now")).to_contain_text("You lead this part: Welcome")
    act("tomas", "live:gather", minutes=0)
    expect(rosa.locator("#now")).not_to_contain_text("We gather topics")


def test_larger_letters_are_kept_on_the_phone_and_nothing_is_pushed_aside(enter: Enter, act: Act) -> None:
    bring(act, "frank", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft 🥗")
    bring(act, "marcus", "كيف أحسب السكر في الخبز؟ 12")
    rosa = enter("rosa", "patient", NARROW)
    assert fits(rosa)
    for _ in range(3):
        rosa.get_by_role("button", name="Larger text").click()
    expect(rosa.get_by_role("button", name="Larger text")).to_have_attribute("aria-disabled", "true")
    rosa.reload()
    assert rosa.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    assert fits(rosa)
    assert (
        rosa.evaluate("getComputedStyle([...document.querySelectorAll('#group [dir=auto]')].find((each) => each.textContent.includes('كيف'))).direction")
        == "rtl"
    )
    rosa.goto("/my/visits")
    assert rosa.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    rosa.go_back()
    for language in ("es", "pt", "ht"):
        in_language(rosa, language)
        assert fits(rosa), language


def test_what_comes_above_does_not_move_the_box_under_typing_hands(enter: Enter, act: Act) -> None:
    topic_id = bring(act, "rosa", "Which fruit is best?")
    rosa = enter("rosa", "patient", PHONE)
    box = rosa.get_by_label("What do you want us to talk about?")
    box.click()
    box.type("I am writ")
    before = box.bounding_box()
    act("tomas", "agenda:ask_privately", topic_id=topic_id)
    expect(rosa.locator("#questions .gv-card")).to_have_count(1)
    after = box.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    expect(box).to_be_focused()
    act("tomas", "agenda:show", topic_id=topic_id)
    expect(rosa.locator("#questions .gv-card")).to_have_count(0)


def test_a_me_too_that_waits_for_the_network_still_says_for_which_topic(room: LiveServer, enter: Enter, act: Act) -> None:
    bring(act, "marcus", "Sleep and sugar")
    frank = enter("frank", "patient", PHONE)
    frank.context.set_offline(True)
    frank.get_by_role("button", name="Me too: Sleep and sugar").click()
    expect(frank.get_by_role("button", name="Waiting: Sleep and sugar")).to_have_attribute("aria-pressed", "true")
    frank.context.set_offline(False)
    expect(frank.get_by_role("button", name="Me too: Sleep and sugar")).to_have_attribute("aria-pressed", "true", timeout=20_000)


def test_only_so_many_me_too_can_be_given_and_the_page_says_how_many_are_left(room: LiveServer, enter: Enter, act: Act) -> None:
    first, second = bring(act, "marcus", "Sleep and sugar"), bring(act, "marcus", "Sugar in drinks")
    room.write("UPDATE programmes SET support_budget = 1")
    try:
        frank = enter("frank", "patient", PHONE)
        expect(frank.locator("#group")).to_contain_text("You have 1 me too left.")
        frank.get_by_role("button", name="Me too: Sleep and sugar").click()
        expect(frank.locator("#group")).to_contain_text("You have no me too left. Take one back to give it to another topic.")
        other = frank.get_by_role("button", name="Me too: Sugar in drinks")
        expect(other).to_have_attribute("aria-disabled", "true")
        other.click(force=True)
        expect(other).to_have_attribute("aria-pressed", "false")
        is_accessible(frank)
        frank.get_by_role("button", name="Me too: Sleep and sugar").click()
        expect(frank.locator("#group")).to_contain_text("You have 1 me too left.")
        expect(other).not_to_have_attribute("aria-disabled", "true")
    finally:
        room.write("UPDATE programmes SET support_budget = NULL")
    assert room.rows("SELECT count(*) FROM supports WHERE topic_id IN (?, ?)", first, second) == [(0,)]


def test_everything_works_without_script(room: LiveServer, enter: Enter, act: Act) -> None:
    ids = {words: bring(act, "beatriz", words) for words in ("Bred or rise", "Alone perhaps", "My words", "Joined one", "Salt again")}
    head = bring(act, "frank", "The one that leads", shows_name=True)
    act("tomas", "agenda:ask_privately", topic_id=ids["Alone perhaps"])
    act("tomas", "agenda:suggest_words", topic_id=ids["My words"], words="Better words")
    act("tomas", "agenda:merge", topic_id=ids["Joined one"], into_id=head)
    room.write("UPDATE topics SET carried_from_id = ? WHERE id = ?", ids["My words"], ids["Salt again"])
    talked = bring(act, "marcus", "What strips cost")
    act("tomas", "agenda:start", topic_id=talked, minutes=5)
    act("tomas", "live:ask_room", topic_id=talked)
    page = enter("beatriz", "patient", PHONE, java_script_enabled=False)

    row = own(page, "Bred or rise")
    row.get_by_text("Change it").click()
    row.get_by_label("Your words").fill("Bread or rice")
    row.get_by_role("button", name="Save these words").click()
    expect(own(page, "Bread or rice")).to_be_visible()
    page.get_by_role("button", name="Alone", exact=True).click()
    expect(own(page, "Alone perhaps")).to_contain_text("Only in your one-on-one")
    page.get_by_role("button", name="Use these words").click()
    expect(own(page, "Better words")).to_be_visible()
    expect(own(page, "Joined one")).to_contain_text("Your topic was joined with Frank’s, who asked the same.")
    expect(page.locator("#group li", has_text="The one that leads")).to_contain_text("Yours is part of this.")
    page.get_by_role("button", name="Keep mine apart").click()
    expect(own(page, "Joined one")).to_contain_text("Received by the clinic")
    page.get_by_role("button", name="Yes, it still matters: Salt again").click()
    expect(own(page, "Salt again")).to_contain_text("You said that it still matters to you.")
    page.get_by_role("button", name="Move on").click()
    page.get_by_role("button", name="Keep going").click()
    expect(page.get_by_role("button", name="✓ Keep going")).to_be_visible()
    page.get_by_role("button", name="Me too: What strips cost").click()
    expect(page.get_by_role("button", name="Take back me too: What strips cost")).to_be_visible()
    page.get_by_role("button", name="Please tell me in person").click()
    expect(page.get_by_role("button", name="Please tell me in person: take it back")).to_be_visible()
    row = page.locator("#group li", has_text="The one that leads")
    row.get_by_text("In another language").click()
    row.get_by_role("combobox", name="Language").select_option("pt")
    row.get_by_label("The same in this language").fill("O que conduz")
    row.get_by_role("button", name="Add it").click()
    expect(row.locator('p [lang="pt"]', has_text="O que conduz")).to_be_visible()
    row.get_by_text("Change your words in Português").click()
    row.get_by_role("textbox", name="Your words").fill("O que conduz os outros")
    row.get_by_role("button", name="Save these words").click()
    row = page.locator("#group li", has_text="The one that leads")
    expect(row.locator('p [lang="pt"]')).to_have_text("O que conduz os outros")
    row.get_by_text("Change your words in Português").click()
    row.get_by_role("button", name="Take your words in Português away").click()
    expect(page.locator("#group li", has_text="The one that leads").locator('p [lang="pt"]')).to_have_count(0)
    assert fits(page)


def test_refused_words_are_shown_again_without_script_and_are_no_new_topic(enter: Enter, act: Act) -> None:
    topic_id = bring(act, "beatriz", "Stairs")
    page = enter("beatriz", "patient", PHONE, java_script_enabled=False)
    row = own(page, "Stairs")
    row.get_by_text("Change it").click()
    row.get_by_label("Your words").fill("Stairs and lifts")
    act("marcus", "agenda:support", topic_id=topic_id, on=True)
    row.get_by_role("button", name="Save these words").click()
    expect(page.locator("#notices")).to_contain_text("“Stairs and lifts” was not sent.")
    expect(page.get_by_label("What do you want us to talk about?")).to_have_value("")


def test_ones_own_topics_say_when_they_were_sent_or_that_they_were_written_before(room: LiveServer, enter: Enter, act: Act) -> None:
    bring(act, "rosa", "What do test strips cost?")
    early, written = bring(act, "rosa", "Can I fast before church?"), bring(act, "rosa", "Why is my sugar high in the morning?")
    room.write("UPDATE topics SET proposed_at = '2026-01-06 17:05:00' WHERE id = ?", early)
    room.write("UPDATE topics SET pre_visit = 1 WHERE id = ?", written)
    rosa = enter("rosa", "patient", PHONE)
    expect(own(rosa, "What do test strips cost?")).to_contain_text(re.compile(r"Sent at \d+:\d\d[ap]m\."))
    expect(own(rosa, "Can I fast")).to_contain_text("Sent on Tuesday 6 January at 12:05pm.")  # in the clinic's zone
    expect(own(rosa, "Why is my sugar")).to_contain_text("You wrote this before the visit.")
    expect(own(rosa, "Why is my sugar")).not_to_contain_text("Sent ")
    in_language(rosa, "es")
    expect(own(rosa, "What do test strips cost?")).to_contain_text(re.compile(r"Enviado a las \d\d:\d\d\."))
    is_accessible(rosa)


def test_somebody_without_a_one_on_one_asks_to_be_told_in_person_too(room: LiveServer, enter: Enter) -> None:
    room.write("DELETE FROM slots WHERE patient_id = (SELECT id FROM patients WHERE given_name = 'Frank')")
    frank = enter("frank", "patient", PHONE)
    part = frank.locator("#one-on-one")
    expect(part).to_contain_text("You see here when it is, as soon as we know.")
    part.get_by_role("button", name="Please tell me in person").click()
    expect(part.get_by_role("button", name="Please tell me in person")).to_have_attribute("aria-pressed", "true")
    until(lambda: room.rows("SELECT 1 FROM patients WHERE given_name = 'Frank' AND in_person"))
    is_accessible(frank)
    part.get_by_role("button", name="Please tell me in person").click()
    until(lambda: room.rows("SELECT 1 FROM patients WHERE given_name = 'Frank' AND NOT in_person"))


def test_another_name_is_chosen_on_ones_own_page_and_every_open_screen_shows_it(room: LiveServer, enter: Enter, act: Act) -> None:
    bring(act, "teo", "Cooking for a family", shows_name=True)
    teo, marcus = enter("teo", "patient", PHONE), enter("marcus", "patient", PHONE)
    expect(marcus.locator("#group")).to_contain_text("From Teo.")
    page = teo.context.new_page()
    page.goto("/my/visits")
    page.get_by_role("link", name="Your name in the room").click()
    is_accessible(page)
    page.get_by_label("Name to show in the room").fill("Tío T.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("Your name in the room: Tío T.")
    expect(marcus.locator("#group")).to_contain_text("From Tío T.")
    expect(teo.get_by_label("Show the group that it is from Tío T.")).to_be_visible()
    # said no to names on screens meanwhile: nobody offers to show one
    (who,) = room.rows("SELECT clinic_id, id FROM patients WHERE given_name = 'Teo'")
    (programme,) = room.rows("SELECT programme_id FROM groups JOIN group_sessions s ON s.group_id = groups.id WHERE s.id = ?", room.session_id)
    room.write("INSERT INTO agreement_texts VALUES ('t', ?, ?, 1, '{}', '[]', 12, '2026-01-01 00:00:00', 'x')", who[0], programme[0])
    room.write(
        "INSERT INTO agreement_signatures (id, clinic_id, text_id, programme_id, patient_id, signer, signer_name, language, consents, way, signed_at, valid_until, ended_because)"
        " VALUES ('s', ?, 't', ?, ?, 'patient', 'Teo', 'en', '{\"name_on_screens\": false}', 'phone', '2026-01-01 00:00:00', '2036-01-01 00:00:00', '')",
        who[0], programme[0], who[1],
    )  # fmt: skip
    page.get_by_label("Name to show in the room").fill("Teo")
    page.get_by_role("button", name="Save").click()
    expect(teo.locator(".live-shows-name")).to_be_hidden()
    expect(marcus.locator("#group")).not_to_contain_text("From ")


def test_a_page_whose_script_does_not_run_does_not_say_that_it_is_live(room: LiveServer, enter: Enter, act: Act) -> None:
    page = enter("beatriz", "patient", PHONE)
    expect(page.get_by_text("Live. Updated just now")).to_be_visible()
    expect(page.get_by_role("link", name="Show what is new")).to_be_hidden()
    page.context.route("**/phone/kit.js", lambda route: route.abort())  # a bad network lost it; an old phone cannot read it
    page.reload()
    expect(page.get_by_role("link", name="Show what is new")).to_be_visible()
    expect(page.get_by_text("Live. Updated just now")).to_be_hidden()
    expect(page.get_by_role("button", name="Larger text")).to_be_hidden()
    words = page.get_by_label("What do you want us to talk about?")
    words.fill("Old phones")
    page.get_by_role("button", name="Send to the group").click()
    expect(own(page, "Old phones")).to_contain_text("Received by the clinic")
    act("marcus", "agenda:propose", words="What others brought", route="group")
    page.get_by_role("link", name="Show what is new").click()
    expect(page.locator("#group li", has_text="What others brought")).to_be_visible()
    assert fits(page)


def test_a_phone_that_waits_at_the_door_goes_in_without_its_script_too(room: LiveServer, enter: Enter) -> None:
    page = enter("beatriz", "patient", PHONE)
    ((code,),) = room.rows("SELECT join_code FROM group_sessions WHERE id = ?", room.session_id)
    page.context.clear_cookies()
    page.context.route("**/waiting.js*", lambda route: route.abort())
    page.goto(f"/join/{code}?lang=en")
    page.get_by_role("button", name="I have no slip").click()
    page.wait_for_url("**/join/waiting")
    expect(page.get_by_text("Live. Updated just now")).to_be_hidden()
    ((guest_id,),) = room.rows("SELECT id FROM waiting_guests WHERE seat_id IS NULL")
    ((seat_id,),) = room.rows(
        "SELECT seats.id FROM seats JOIN patients ON patients.id = patient_id WHERE given_name = 'Beatriz' AND session_id = ?", room.session_id
    )
    body = {"guest_id": guest_id, "seat_id": seat_id}
    assert room.phone("tomas").ask("live:admit", {"command_id": str(uuid4()), "session_id": room.session_id, "body": body})["ok"]
    page.get_by_role("link", name="Show what is new").click()
    page.wait_for_url("**/rooms/patient")
