"""The facilitator's console in a real browser: what is done with topics, an alarm, and two who lead at once."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import LAPTOP, PHONE, is_accessible
from tests.live.server import LiveServer

pytestmark = pytest.mark.browser
Enter = Callable[..., Page]


@pytest.fixture(scope="module", autouse=True)
def two_lead(room: LiveServer) -> None:
    """Joanne leads as well, and everybody is here."""
    ((joanne,),) = room.rows("SELECT id FROM staff_members WHERE name = 'Joanne Pike'")
    room.write("INSERT INTO staff_roles (staff_member_id, name) VALUES (?, 'facilitator')", joanne)
    room.write("INSERT INTO session_team_members (session_id, staff_member_id, role, place) VALUES (?, ?, 'facilitator', '')", room.session_id, joanne)
    room.write("UPDATE seats SET state = 'arrived' WHERE session_id = ?", room.session_id)


def act(room: LiveServer, who: str, name: str, **body: object) -> dict[str, str]:
    phone = room.phone(who)
    answer = phone.ask(name, {"command_id": str(uuid4()), "session_id": room.session_id, "body": body})
    phone.cut()
    assert answer["ok"], answer
    return answer["result"]


def propose(room: LiveServer, who: str, words: str, route: str = "group") -> str:
    return act(room, who, "agenda:propose", words=words, route=route, shows_name=False)["topic_id"]


def planned(room: LiveServer, who: str, words: str) -> str:
    topic_id = propose(room, who, words)
    act(room, "tomas", "agenda:plan", topic_id=topic_id)
    return topic_id


def everything(console: Page) -> Page:
    console.get_by_role("button", name="Show everything").click()
    return console


def dialog(console: Page) -> Locator:
    return console.locator("dialog[open]")


def state_of(room: LiveServer, topic_id: str) -> str:
    return room.rows("SELECT state FROM topics WHERE id = ?", topic_id)[0][0]


def test_similar_topics_are_pointed_out_and_joined_only_by_a_person_who_sees_what_each_phone_will_say(room: LiveServer, enter: Enter) -> None:
    head = propose(room, "gladys", "What to do when I forget my evening tablet")
    console = everything(enter("tomas", "facilitator"))
    other = propose(room, "frank", "I forget my evening tablet")
    act(room, "marcus", "agenda:support", topic_id=other, on=True)
    act(room, "marcus", "agenda:support", topic_id=head, on=True)
    console.get_by_role("button", name="Compare: I forget my evening tablet").click(timeout=20_000)
    ask = dialog(console)
    expect(ask).to_contain_text("2 people asked and 1 said me too. Marcus said it twice and counts once.")
    expect(ask).to_contain_text("Your topic was joined with somebody else’s, who asked the same.")
    assert state_of(room, other) == "new"
    is_accessible(console)
    ask.get_by_role("radio", name="Frank: “I forget").check()
    expect(ask.locator(".live-quoted").first).to_contain_text("Frank")
    ask.get_by_role("radio", name="Gladys: “What to do").check()
    expect(ask.locator(".live-quoted").first).to_contain_text("Gladys")
    ask.get_by_role("button", name="Join", exact=True).click()
    card = console.locator(f'[data-key="{head}"]')
    expect(card).to_contain_text("Joined, from Frank: “I forget my evening tablet”")
    assert state_of(room, other) == "merged"
    card.get_by_role("button", name="Keep apart").click()
    expect(console.locator(f'[data-key="{other}"]')).to_contain_text("Frank")
    assert state_of(room, other) == "new"


def test_a_topic_asked_about_privately_is_on_no_other_screen_and_the_console_says_why(room: LiveServer, enter: Enter) -> None:
    topic_id = propose(room, "beatriz", "Is it normal that I do not want my husband near me?")
    console, marcus = everything(enter("tomas", "facilitator")), enter("marcus", "patient", PHONE)
    expect(marcus.locator("#group")).to_contain_text("Is it normal")
    console.get_by_role("button", name="Ask privately: Is it normal").click()
    expect(dialog(console)).to_contain_text("or in the group? Both are fine.")
    is_accessible(console)
    dialog(console).get_by_role("button", name="Ask Beatriz").click()
    card = console.locator(f'[data-key="{topic_id}"]')
    expect(card).to_contain_text("Waiting for an answer")
    marcus.reload()
    expect(marcus.locator("#group")).not_to_contain_text("Is it normal")
    card.get_by_role("button", name="Take the question back").click()
    expect(card).not_to_contain_text("Waiting for an answer")
    marcus.reload()
    expect(marcus.locator("#group")).to_contain_text("Is it normal")


def test_a_personal_detail_waits_until_whoever_leads_has_looked(room: LiveServer, enter: Enter) -> None:
    topic_id = propose(room, "frank", "Ask my daughter on 617 555 0199")
    console = everything(enter("tomas", "facilitator"))
    card = console.locator(f'[data-key="{topic_id}"]')
    expect(card).to_contain_text("Has a phone number No other screen shows it until you have looked.")
    card.get_by_role("button", name="Ask Frank to change").click()
    dialog(console).get_by_label("Other words").fill("Ask my daughter")
    dialog(console).get_by_role("button", name="Ask Frank").click()
    expect(card).to_contain_text("Other words suggested: “Ask my daughter”. Frank has not answered yet.")
    card.get_by_role("button", name="Show the group: Ask my daughter").click()
    expect(card).not_to_contain_text("Has a phone number")


def test_words_in_another_language_that_hold_a_personal_detail_say_which_and_wait_for_a_look(room: LiveServer, enter: Enter) -> None:
    topic_id = planned(room, "rosa", "Who drives me home")
    act(room, "marcus", "agenda:translate", topic_id=topic_id, language="en", words="Call my sister on 617 555 0142")
    console = everything(enter("tomas", "facilitator"))
    added = console.locator(f'[data-planned="{topic_id}"] .live-translation')
    expect(added).to_contain_text("Has a phone number")
    added.get_by_role("button", name="Show the group the English words of").click()
    expect(added).not_to_contain_text("Has a phone number")
    assert room.rows("SELECT hidden_because FROM topic_translations WHERE topic_id = ?", topic_id) == [("",)]


def test_a_line_that_names_somebody_is_pointed_out_to_whoever_wrote_it(room: LiveServer, enter: Enter) -> None:
    topic_id = planned(room, "rosa", "Where test strips are cheap")
    act(room, "tomas", "agenda:start", topic_id=topic_id, minutes=5)
    console = everything(enter("tomas", "facilitator"))
    console.get_by_role("button", name="Finish…").click()
    dialog(console).get_by_label("In one line").fill("Gladys sells hers on")
    dialog(console).get_by_role("button", name="Finish", exact=True).click()
    notice = console.locator("#notices")
    expect(notice).to_contain_text("Names somebody in this visit: “Gladys sells hers on”")
    expect(console.locator("#voice")).to_contain_text("The minute book leaves it out.")
    notice.get_by_role("button", name="Change the line").click()
    dialog(console).get_by_label("In one line").fill("The co-op sells them cheaper")
    dialog(console).get_by_role("button", name="Finish", exact=True).click()
    console.locator("summary", has_text="Talked about").click()
    row = console.locator(f'.live-ended [data-key="{topic_id}"]')
    expect(row).to_contain_text("The co-op sells them cheaper")
    expect(row).not_to_contain_text("Names somebody")
    row.locator("[data-do='open-finish']").click()
    dialog(console).get_by_label("In one line").fill("Ask at 617 555 0199")
    dialog(console).get_by_role("button", name="Finish", exact=True).click()
    expect(row).to_contain_text("Has a phone number Its proposer and those who came can read this line.")
    is_accessible(console)


def test_parts_of_a_topic_are_looked_at_like_what_patients_write(room: LiveServer, enter: Enter) -> None:
    topic_id = planned(room, "beatriz", "Getting there and parking")
    console, marcus = everything(enter("tomas", "facilitator")), enter("marcus", "patient", PHONE)
    act(room, "tomas", "agenda:split", topic_id=topic_id, parts=["Getting there: 617 555 0177", "Parking"])
    row = console.locator("[data-planned]", has_text="Getting there: 617 555 0177")
    expect(row).to_contain_text("Has a phone number No other screen shows it until you have looked.")
    marcus.reload()
    expect(marcus.locator("#group")).to_contain_text("Parking")
    expect(marcus.locator("#group")).not_to_contain_text("617 555 0177")
    row.get_by_role("button", name="Show the group").click()
    expect(row).not_to_contain_text("Has a phone number")
    expect(row.get_by_role("button", name="Start: Getting there")).to_be_visible()
    marcus.reload()
    expect(marcus.locator("#group")).to_contain_text("Getting there: 617 555 0177")


def test_a_reason_is_told_for_what_is_parked_or_declined_and_a_split_topic_is_put_together_again(room: LiveServer, enter: Enter) -> None:
    one, two = propose(room, "rosa", "Cheap shoes and where to walk"), propose(room, "teo", "Who wins the match")
    console = everything(enter("tomas", "facilitator"))
    console.get_by_role("button", name="More for: Cheap shoes").click()
    console.get_by_role("button", name="Split: Cheap shoes").click()
    dialog(console).get_by_label("Part 1").fill("Cheap shoes")
    dialog(console).get_by_role("button", name="Split it").click()
    expect(dialog(console).get_by_role("alert")).to_have_text("Write at least two parts.")
    dialog(console).get_by_label("Part 2").fill("Where to walk")
    dialog(console).get_by_role("button", name="Split it").click()
    console.get_by_role("button", name="Put together again: Cheap shoes and where to walk").first.click()
    again = console.locator(f'[data-key="{one}"]')
    again.get_by_role("button", name="More for: Cheap shoes and where to walk").click()
    again.get_by_role("button", name="Park: Cheap shoes").click()
    console.locator("#notices").get_by_role("button", name="Say why…").click()
    dialog(console).get_by_label("There was no time for it today").check()
    dialog(console).get_by_role("button", name="Tell them").click()
    expect(console.locator("#middle")).to_contain_text("Told why: There was no time for it today")
    console.get_by_role("button", name="More for: Who wins").click()
    console.get_by_role("button", name="Decline: Who wins").click()
    dialog(console).get_by_role("button", name="Decline it").click()
    expect(dialog(console).get_by_role("alert")).to_have_text("Choose a reason.")
    is_accessible(console)
    dialog(console).get_by_label("In your own words").check()
    dialog(console).get_by_label("Your words").fill("Come to us after the visit")
    dialog(console).get_by_role("button", name="Decline it").click()
    expect(console.locator("#middle")).to_contain_text("Told why: Come to us after the visit")
    assert [state_of(room, each) for each in (one, two)] == ["parked", "declined"]


def test_the_room_is_asked_silently_and_its_answers_are_counted(room: LiveServer, enter: Enter) -> None:
    topic_id = planned(room, "teo", "Cooking for a family that wants white rice")
    act(room, "tomas", "agenda:start", topic_id=topic_id, minutes=10)
    console = enter("tomas", "facilitator")
    park = console.get_by_role("button", name="Park", exact=True)
    before = park.bounding_box()
    console.get_by_role("button", name="Ask the room").click()
    expect(console.get_by_role("button", name="Ask the room")).to_have_attribute("aria-disabled", "true")
    assert park.bounding_box() == before  # a second tap meets no other button
    asked = console.locator('[data-key="poll"]')
    expect(asked).to_be_visible()
    ((poll_id,),) = room.rows("SELECT id FROM polls WHERE closed_at IS NULL")
    for who, answer in (("rosa", "move_on"), ("gladys", "move_on"), ("marcus", "keep_going")):
        act(room, who, "live:answer_poll", poll_id=poll_id, answer=answer)
    expect(asked).to_contain_text("Keep going 1")
    expect(asked).to_contain_text("Move on 2")
    is_accessible(console)
    asked.get_by_role("button", name="End the question").click()
    expect(asked).to_be_hidden()


def test_the_agenda_is_ordered_by_dragging(room: LiveServer, enter: Enter) -> None:
    for words in ("Drag the first", "Drag the second", "Drag the third"):
        planned(room, "marcus", words)
    console = everything(enter("tomas", "facilitator"))
    rows = console.locator("[data-planned]")
    last, words = rows.count() - 1, rows.first.locator(".gv-row__title").inner_text()
    grip, target = rows.first.locator("[data-grip]"), rows.nth(last)
    grip.hover()
    console.mouse.down()
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    console.mouse.move(box["x"] + 200, box["y"] + box["height"] - 4, steps=4)
    expect(rows.first).to_contain_text(words)  # nothing moves before it is let go
    console.mouse.up()
    expect(rows.nth(last)).to_contain_text(words)
    expect(console.locator("#voice")).to_contain_text(f"{words}: {last + 1} of {last + 1}")
    expect(console.locator("#middle")).to_contain_text("Ordered by hand.")


def test_an_alarm_pushes_the_page_down_sounds_once_and_stays_until_somebody_has_looked(room: LiveServer, enter: Enter) -> None:
    console = everything(enter("tomas", "facilitator"))
    before = console.locator("#console").bounding_box()
    topic_id = propose(room, "gladys", "I had chest pain walking here. Is that the sugar?")
    alarm = console.get_by_role("region", name="Gladys may need a person now")
    expect(alarm).to_contain_text("Word found: “chest pain”")
    expect(alarm).to_contain_text("This is a word match, not a medical opinion.")
    expect(console.locator("#voice-urgent")).to_have_text("Gladys may need a person now")
    expect(console.locator("#alarms")).to_have_attribute("data-tone", "on")
    expect(console.locator(f'[data-key="{topic_id}"] mark')).to_have_text("chest pain")
    after = console.locator("#console").bounding_box()
    assert before and after and after["y"] > before["y"]
    is_accessible(console)
    alarm.get_by_role("button", name="I am going to Gladys").click()
    expect(alarm).to_contain_text("Tomas Reyes is going to Gladys.")
    alarm.get_by_role("button", name="It is looked after…").click()
    dialog(console).get_by_role("button", name="End the alarm").click()
    expect(dialog(console).get_by_role("alert")).to_have_text("Say what became of it.")
    dialog(console).get_by_label("In one line").fill("Dr Adler sat down with her")
    dialog(console).get_by_role("button", name="End the alarm").click()
    expect(dialog(console).get_by_role("alert")).to_have_text("Choose what shall become of the topic.")
    dialog(console).get_by_label("It is for the one-on-one").check()
    dialog(console).get_by_role("button", name="End the alarm").click()
    expect(alarm).to_be_hidden()


def test_an_alarm_that_nobody_has_taken_stays_in_sight_however_far_a_page_is_scrolled(room: LiveServer, enter: Enter) -> None:
    low = {"width": 800, "height": 480}
    console, elsewhere, asked = everything(enter("tomas", "facilitator", low)), enter("tomas", "facilitator", low), enter("joanne", "facilitator", low)
    elsewhere.goto(f"/sessions/{room.session_id}")
    asked.get_by_role("button", name="Close visit…").click()
    propose(room, "gladys", "I had chest pain on the way")
    elsewhere.goto(f"/sessions/{room.session_id}")
    for page, scrolled in ((console, "html"), (elsewhere, "html"), (asked, "#close-dialog")):
        band = page.locator(f"{'dialog[open] ' if page is asked else ''}.gv-alarm").first
        expect(band).to_be_visible()
        page.locator(scrolled).evaluate("element => element.scrollTo(0, element.scrollHeight)")
        assert page.locator(scrolled).evaluate("element => element.scrollTop") > 100
        expect(band).to_be_in_viewport(ratio=0.9)
    alarm = console.get_by_role("region", name="Gladys may need a person now")
    alarm.get_by_role("button", name="I am going to Gladys").click()
    console.locator("html").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    expect(alarm).not_to_be_in_viewport()
    act(room, "tomas", "live:end_alarm", alarm_id=room.rows("SELECT id FROM alarms WHERE ended_at IS NULL")[0][0], reason="She is well", show=False)


def test_an_alarm_of_a_one_on_one_topic_tells_no_words_and_is_reached_from_an_open_dialog(room: LiveServer, enter: Enter) -> None:
    console = everything(enter("tomas", "facilitator"))
    console.get_by_role("button", name="Add for someone without a phone").click()
    dialog(console).get_by_label("In their words").fill("What I was typing")
    propose(room, "beatriz", "The chest pain is back", "one_on_one")
    dialog(console).get_by_role("button", name="I am going to Beatriz").click()
    expect(dialog(console).get_by_label("In their words")).to_have_value("What I was typing")
    console.keyboard.press("Escape")
    alarm = console.get_by_role("region", name="Beatriz may need a person now")
    expect(alarm).to_contain_text("is going to Beatriz")
    expect(console.locator("body")).not_to_contain_text("chest pain is back")
    alarm.get_by_role("button", name="It is looked after…").click()
    dialog(console).get_by_label("In one line").fill("All well")
    dialog(console).get_by_role("button", name="End the alarm").click()
    expect(alarm).to_be_hidden()


def test_what_is_tapped_without_a_connection_is_not_said_as_done_and_the_curtain_is_taken_back_by_the_same_button(room: LiveServer, enter: Enter) -> None:
    topic_id = planned(room, "rosa", "What to cook on Sundays")
    console = everything(enter("tomas", "facilitator"))
    console.get_by_role("button", name="More for: What to cook on Sundays").click()
    console.context.set_offline(True)
    expect(console.locator("[data-age]")).to_have_attribute("data-state", "offline")
    console.get_by_role("button", name="Park: What to cook on Sundays").click()
    notices = console.locator("#notices")
    expect(notices).to_contain_text("When the connection is back: Parked: What to cook on Sundays")
    expect(notices).not_to_contain_text("calls are hidden")  # not yet
    console.get_by_role("button", name="Curtain", exact=True).click()
    expect(notices).to_contain_text("When the connection is back: The wall shows a short pause.")
    notices.get_by_role("button", name="Show the wall again").click()
    expect(notices).to_contain_text("3 changes are waiting")
    console.context.set_offline(False)
    expect(notices).to_be_empty(timeout=25_000)
    assert room.rows("SELECT curtain FROM group_sessions WHERE id = ?", room.session_id) == [(0,)]
    assert state_of(room, topic_id) == "parked"


def test_what_was_tapped_for_minutes_without_a_connection_is_done_in_order_and_what_was_not_says_what_it_was(room: LiveServer, enter: Enter) -> None:
    for (left,) in room.rows("SELECT id FROM topics WHERE session_id = ? AND state IN ('current', 'planned')", room.session_id):
        act(room, "tomas", "agenda:park", topic_id=left)
    now, *later = (
        planned(room, who, words) for who, words in (("rosa", "Tapped one"), ("frank", "Tapped two"), ("gladys", "Tapped three"), ("rosa", "Tapped four"))
    )
    act(room, "tomas", "agenda:start", topic_id=now, minutes=5)
    console = everything(enter("tomas", "facilitator"))
    console.context.set_offline(True)
    console.get_by_role("button", name="Start: Tapped two").click()
    console.get_by_role("button", name="Move up: Tapped four").click()
    wanted = [words for words in console.locator("[data-planned] .gv-row__title").all_inner_texts() if words != "Tapped two"]
    console.get_by_role("button", name="5 more minutes").click()
    console.context.set_offline(False)
    expect(console.locator("#notices h2")).to_have_text("This was not done", timeout=25_000)
    expect(console.locator("#notices")).to_contain_text("5 more minutes for “Tapped one”.")
    assert state_of(room, later[0]) == "current"
    expect(console.locator("[data-planned] .gv-row__title")).to_have_text(wanted)
    expect(console.locator("#middle")).to_contain_text("Ordered by hand.")
    console.set_viewport_size({"width": 1200, "height": 580})
    console.locator("#console").scroll_into_view_if_needed()
    box = console.locator("#middle").bounding_box()
    assert box and box["height"] >= 280


def test_two_at_once_see_what_the_other_did_before_anything_is_done_over_it(room: LiveServer, enter: Enter) -> None:
    words = "What test strips cost"
    topic_id = planned(room, "rosa", words)
    tomas, joanne = everything(enter("tomas", "facilitator")), everything(enter("joanne", "facilitator"))
    tomas.get_by_role("button", name=f"More for: {words}").click()
    expect(joanne.locator(f'[data-key="{topic_id}"]')).to_be_visible()
    tomas.context.set_offline(True)
    tomas.get_by_role("button", name=f"Park: {words}").click()
    joanne.get_by_role("button", name=f"Start: {words}").click()
    expect(joanne.locator("#middle .gv-big")).to_have_text(words)
    tomas.context.set_offline(False)
    both = tomas.locator(".gv-card", has=tomas.get_by_role("heading", name="Joanne Pike has just changed this too"))
    expect(both.first).to_contain_text(f"Park “{words}”", timeout=25_000)
    expect(both.first).to_contain_text(f"“{words}” is talked about now")
    is_accessible(tomas)
    assert state_of(room, topic_id) == "current"
    both.first.get_by_role("button", name="Take mine").click()
    expect(joanne.locator("#middle")).not_to_contain_text("Talking now")
    assert state_of(room, topic_id) == "parked"


def test_a_line_that_two_wrote_at_once_is_read_in_both_before_one_is_taken(room: LiveServer, enter: Enter) -> None:
    words = "Which bus goes to the clinic"
    topic_id = planned(room, "frank", words)
    act(room, "tomas", "agenda:start", topic_id=topic_id, minutes=5)
    tomas = everything(enter("tomas", "facilitator"))
    tomas.context.set_offline(True)
    tomas.get_by_role("button", name="Finish…").click()
    dialog(tomas).get_by_label("In one line").fill("Take the 12")
    dialog(tomas).get_by_role("button", name="Finish", exact=True).click()
    act(room, "joanne", "agenda:finish", topic_id=topic_id, outcome="Share a ride")
    tomas.context.set_offline(False)
    tomas.get_by_role("button", name="Take mine").wait_for(timeout=25_000)
    mine, theirs = tomas.locator(".gv-card--warning .gv-card--plain").all()
    expect(mine).to_contain_text(f"Finish “{words}”“Take the 12”")
    expect(theirs).to_contain_text(f"“{words}” was talked about“Share a ride”")
    mine.get_by_role("button", name="Take mine").click()
    expect(tomas.locator(f'#middle [data-key="{topic_id}"]')).to_contain_text("Take the 12")
    assert room.rows("SELECT outcome FROM topics WHERE id = ?", topic_id) == [("Take the 12",)]


def test_two_orders_at_once_are_both_shown_and_nobody_writes_over_the_other(room: LiveServer, enter: Enter) -> None:
    for who, words in (("rosa", "Order one"), ("frank", "Order two"), ("gladys", "Order three")):
        planned(room, who, words)
    tomas, joanne = everything(enter("tomas", "facilitator")), everything(enter("joanne", "facilitator"))
    expect(tomas.locator("[data-planned] .gv-row__title", has_text="Order three")).to_be_visible()
    tomas.context.set_offline(True)
    tomas.locator("[data-planned]").first.get_by_role("button", name="Move down").click()
    joanne.locator("[data-planned]").last.get_by_role("button", name="Move up").click()
    expect(joanne.locator("#voice")).to_contain_text(" of ")
    hers = joanne.locator("[data-planned] .gv-row__title").all_inner_texts()
    tomas.context.set_offline(False)
    card = tomas.locator(".gv-card--warning", has=tomas.get_by_role("heading", name="Joanne Pike has just changed this too"))
    expect(card).to_contain_text("The order of the agenda.", timeout=25_000)
    mine, theirs = card.locator(".gv-card--plain").all()
    for place, words in enumerate(hers, start=1):
        expect(theirs).to_contain_text(f"{place}. {words}")
    expect(mine).to_contain_text("Order two")
    wanted = [line.split(". ", 1)[1] for line in mine.locator("p").all_inner_texts()]
    assert wanted != hers and sorted(wanted) == sorted(hers)
    expect(theirs.get_by_role("heading")).to_have_text(re.compile(r"Joanne Pike, \d+ seconds? ago"))
    is_accessible(tomas)
    mine.get_by_role("button", name="Take mine").click()
    joanne.get_by_role("button", name="The order has changed. Show it").click()  # rows keep their places under her pointer
    expect(joanne.locator("[data-planned] .gv-row__title")).to_have_text(wanted)
    expect(card).to_be_hidden()


def test_what_somebody_writes_for_a_part_stays_on_a_card_when_another_was_faster(room: LiveServer, enter: Enter) -> None:
    tomas, joanne = everything(enter("tomas", "facilitator")), everything(enter("joanne", "facilitator"))

    def write(console: Page, words: str, owner: str) -> None:
        dialog(console).get_by_label("You could say").fill(words)
        dialog(console).get_by_label("Who leads it?").select_option(label=owner)
        dialog(console).get_by_role("button", name="Save").click()

    for console in (tomas, joanne):
        console.get_by_role("button", name="Change this").or_(console.get_by_role("button", name="Add what to say here")).click()
    write(joanne, "What she would say", "the nurse")
    expect(tomas.locator("#middle")).to_contain_text("What she would say")
    write(tomas, "What he would say", "the clinicians")
    cards = tomas.locator(".gv-card--warning", has=tomas.get_by_role("heading", name="Joanne Pike has just changed this too"))
    said, owner = cards.filter(has_text="What to say and to watch in"), cards.filter(has_text="Who leads")
    expect(said.locator(".gv-card--plain").first).to_contain_text("You could say: “What he would say”")
    expect(said.locator(".gv-card--plain").last).to_contain_text("You could say: “What she would say”")
    expect(owner.locator(".gv-card--plain").first).to_contain_text("the clinicians")
    expect(owner.locator(".gv-card--plain").last).to_contain_text("the nurse")
    is_accessible(tomas)
    said.get_by_role("button", name="Take mine").click()
    expect(joanne.locator("#middle")).to_contain_text("What he would say")
    owner.get_by_role("button", name="Keep what Joanne Pike did").click()
    expect(cards).to_have_count(0)
    expect(tomas.locator("#runsheet")).to_contain_text("led by the nurse")


def test_the_lead_is_handed_over_and_each_sees_their_part(room: LiveServer, enter: Enter) -> None:
    tomas, joanne = enter("tomas", "facilitator"), enter("joanne", "facilitator")
    expect(tomas.locator("#lead-line")).to_have_text("You lead.")
    expect(joanne.locator("#lead-line")).to_have_text("Tomas Reyes leads. You help.")
    expect(tomas.locator("#new")).to_be_hidden()
    expect(joanne.locator("#new")).to_be_visible()
    expect(tomas.locator("#people")).to_contain_text("One-on-ones that need you")
    is_accessible(tomas)
    tomas.get_by_role("button", name="Hand over").click()
    dialog(tomas).get_by_label("Joanne Pike").check()
    dialog(tomas).get_by_role("button", name="Ask them").click()
    expect(tomas.locator("#notices")).to_contain_text("Joanne Pike was asked to take the lead.")
    card = joanne.locator("#notices .gv-card", has=joanne.get_by_role("heading", name="Tomas Reyes asks you to take the lead"))
    card.get_by_role("button", name="Take over").click()
    expect(joanne.locator("#lead-line")).to_have_text("You lead.")
    expect(joanne.locator("#new")).to_be_hidden()
    expect(tomas.locator("#lead-line")).to_have_text("Joanne Pike leads. You help.")
    expect(tomas.locator("#new")).to_be_visible()
    is_accessible(tomas)


def test_what_to_say_and_who_leads_a_part_are_changed_for_this_visit(room: LiveServer, enter: Enter) -> None:
    console = everything(enter("tomas", "facilitator"))
    console.get_by_role("button", name="Change this").or_(console.get_by_role("button", name="Add what to say here")).click()
    dialog(console).get_by_label("You could say").fill("Who has found something that helped?")
    dialog(console).get_by_label("Watch for").fill("people who say nothing")
    dialog(console).get_by_label("Who leads it?").select_option(label="Rosa (patient)")
    is_accessible(console)
    dialog(console).get_by_role("button", name="Save").click()
    expect(console.locator("#middle")).to_contain_text("You could say: “Who has found something that helped?” Watch for: people who say nothing")
    expect(console.locator("#runsheet")).to_contain_text("led by Rosa")


def test_what_to_say_in_each_part_is_read_and_changed_before_the_visit(room: LiveServer, enter: Enter) -> None:
    room.write("UPDATE group_sessions SET state = 'planned' WHERE id = ?", room.session_id)
    try:
        console = enter("tomas", "facilitator")
        console.goto(f"/sessions/{room.session_id}")
        console.get_by_role("link", name="Prepare").click()
        prompts = console.locator('[data-key="prompts"]')
        names = console.locator("#runsheet li").count()
        expect(prompts.get_by_role("heading", level=3)).to_have_count(names)
        last = prompts.locator("h3").last.inner_text()
        prompts.get_by_role("button", name=f"Change what to say in: {last}").click()
        expect(dialog(console).get_by_label("Which part?").locator("option:checked")).to_have_text(last)
        dialog(console).get_by_label("You could say").fill("What do you take home?")
        dialog(console).get_by_role("button", name="Save").click()
        expect(prompts).to_contain_text("“What do you take home?”")
        is_accessible(console)
    finally:
        room.write("UPDATE group_sessions SET state = 'open' WHERE id = ?", room.session_id)


def test_the_group_waits_for_who_is_in_their_one_on_one_unless_it_is_told_not_to(room: LiveServer, enter: Enter) -> None:
    act(room, "tomas", "slots:plan")
    slot, name = room.rows(
        "SELECT slots.id, patients.given_name FROM slots JOIN staff_members ON staff_members.id = provider_id"
        " JOIN patients ON patients.id = slots.patient_id WHERE staff_members.name LIKE '%Osei%' AND slots.state = 'planned' ORDER BY slots.position"
    )[0]
    away, here = planned(room, name.lower(), "Shoes that fit"), planned(room, "rosa" if name != "Rosa" else "frank", "Socks that stay")
    others = [each for (each,) in room.rows("SELECT id FROM topics WHERE state = 'planned'") if each not in (away, here)]
    act(room, "tomas", "agenda:order", topic_ids=[away, here, *others])
    act(room, "osei", "slots:call", slot_id=slot)
    act(room, "osei", "slots:start", slot_id=slot)
    console, phone = everything(enter("tomas", "facilitator")), enter(name.lower(), "patient", PHONE)
    expect(phone.locator("#own li", has_text="Shoes that fit")).to_contain_text("The group waits with your topic until you are back.")
    row = console.locator(f'[data-planned="{away}"]')
    expect(row).to_contain_text(f"Held: {name} is back about")
    row.get_by_role("button", name="Start: Shoes that fit").click()
    expect(row).to_contain_text("The group waits for them unless you start it anyway.")
    is_accessible(console)
    assert state_of(room, away) == "planned"
    console.keyboard.press("n")
    expect(console.get_by_role("heading", name="Socks that stay")).to_be_visible()
    row.get_by_role("button", name="Start: Shoes that fit").click()
    row.get_by_role("button", name="Start anyway: Shoes that fit").click()
    expect(console.get_by_role("heading", name="Shoes that fit")).to_be_visible()
    act(room, "tomas", "agenda:finish", topic_id=away, outcome="")


def test_a_line_says_where_time_ends_and_what_is_below_it_is_for_next_month(room: LiveServer, enter: Enter) -> None:
    for who, words in (("rosa", "Long one"), ("frank", "Long two"), ("gladys", "Long three")):
        planned(room, who, words)
    console = everything(enter("tomas", "facilitator"))
    for words in ("Long one", "Long two", "Long three"):
        console.get_by_label(f"Minutes for: {words}").select_option("30")
    expect(console.locator(".gv-cutline")).to_have_count(1)
    expect(console.locator(".gv-cutline")).to_contain_text("Time ends here")
    below = console.locator(".gv-cutline ~ li")
    assert below.count() > 0
    expect(below.first).to_contain_text("Next month")
    above = console.locator("li[data-planned]:not(.gv-cutline ~ li)")
    assert "Next month" not in " ".join(above.all_inner_texts())
    expect(above.get_by_role("button", name="Fit in before time ends")).to_have_count(0)
    # Each topic below the line can be moved above it, by keyboard as well.
    row = below.last
    words, many = row.locator(".gv-row__title").inner_text(), below.count() + above.count()
    row.get_by_role("button", name=f"Fit in before time ends: {words}").focus()
    console.keyboard.press("Enter")
    expect(above.filter(has_text=words)).to_have_count(1)
    expect(above.last).to_contain_text(words)
    expect(console.locator("#voice")).to_contain_text(re.compile(rf"{words}: \d+ of {many}"))
    expect(console.get_by_role("button", name=f"Move up: {words}")).to_be_focused()
    assert below.count() > 0
    is_accessible(console)
    # An old console shows no times at all, and no line that stands for one.
    expect(console.locator("#runsheet strong").first).to_be_visible()
    console.context.set_offline(True)
    console.evaluate("() => { let now = Date.now(); Date.now = () => (now += 40000); }")
    expect(console.locator("#notices")).to_contain_text("Times and one-on-one calls are hidden.")
    expect(console.locator("#runsheet strong")).to_have_count(0)
    expect(console.locator(".gv-cutline")).to_have_count(0)
    expect(console.locator("#middle")).not_to_contain_text("Next month")
    expect(console.get_by_role("button", name="Fit in before time ends")).to_have_count(0)
    assert not re.search(r"\d:\d\d", console.locator("#runsheet").inner_text() + console.locator("#middle").inner_text())


def columns(console: Page) -> list[str]:
    return console.locator(".gv-console__column").evaluate_all("all => all.map((each) => each.id)")


def test_a_one_on_one_whose_time_has_passed_says_that_it_was_planned(room: LiveServer, enter: Enter) -> None:
    act(room, "tomas", "slots:plan")
    late, planned_at = room.rows("SELECT id, planned_at FROM slots WHERE session_id = ? AND state = 'planned' ORDER BY planned_at", room.session_id)[0]
    room.write("UPDATE slots SET planned_at = datetime('now', '-20 minutes') || '.000000' WHERE id = ?", late)
    console = everything(enter("tomas", "facilitator"))
    expect(console.locator(f'[data-key="{late}"]')).to_contain_text("It was planned for")
    room.write("UPDATE slots SET planned_at = datetime('now', '+20 minutes') || '.000000' WHERE id = ?", late)
    console.reload()
    expect(everything(console).locator(f'[data-key="{late}"]')).not_to_contain_text("It was planned for")
    room.write("UPDATE slots SET planned_at = ? WHERE id = ?", planned_at, late)


def test_when_no_topic_waits_the_console_says_what_could_be_done(room: LiveServer, enter: Enter) -> None:
    waiting = planned(room, "rosa", "The last one for today")
    console = everything(enter("tomas", "facilitator"))
    for (topic_id,) in room.rows("SELECT id FROM topics WHERE route = 'group' AND state IN ('new', 'planned', 'current') AND session_id = ?", room.session_id):
        act(room, "tomas", "agenda:park", topic_id=topic_id)
    expect(console.locator(".gv-card--now")).to_contain_text("No topic waits. Ask aloud what else matters")
    act(room, "tomas", "agenda:plan", topic_id=waiting)
    expect(console.locator(".gv-card--now")).to_contain_text("Start the next topic when the group is ready.")


def test_a_part_that_the_room_left_before_its_time_shows_none(room: LiveServer, enter: Enter) -> None:
    ((before, starts),) = room.rows("SELECT phase, starts_at FROM group_sessions WHERE id = ?", room.session_id)
    room.write("UPDATE group_sessions SET starts_at = datetime('now', '+5 minutes') || '.000000' WHERE id = ?", room.session_id)
    act(room, "tomas", "live:phase", phase=2)
    parts = everything(enter("tomas", "facilitator")).locator("#runsheet li")
    expect(parts.nth(2)).to_contain_text(" to ")
    for place in (0, 1):
        expect(parts.nth(place)).to_contain_text("✓")
        expect(parts.nth(place).locator("strong")).to_have_count(0)
    act(room, "tomas", "live:phase", phase=before)
    room.write("UPDATE group_sessions SET starts_at = ? WHERE id = ?", starts, room.session_id)


def test_by_keyboard_a_long_column_is_skipped(room: LiveServer, enter: Enter) -> None:
    for number in range(4):
        propose(room, "marcus", f"Skipped {number}")
    console = everything(enter("tomas", "facilitator"))
    console.get_by_role("region", name="New topics").focus()
    console.keyboard.press("Tab")
    link = console.get_by_role("link", name="Skip to: Agenda")
    expect(link).to_be_focused()
    box = link.bounding_box()
    assert box and box["height"] > 15
    console.keyboard.press("Enter")
    expect(console.get_by_role("region", name="Agenda")).to_be_focused()
    is_accessible(console)


def test_a_topic_says_when_nobody_who_brought_it_is_in_the_room(room: LiveServer, enter: Enter) -> None:
    hers, his = planned(room, "beatriz", "How to sleep on a night shift"), propose(room, "teo", "Shoes for wet days")
    seats = dict(
        room.rows("SELECT patients.given_name, seats.id FROM seats JOIN patients ON patients.id = seats.patient_id WHERE seats.session_id = ?", room.session_id)
    )
    room.write("UPDATE seats SET state = 'confirmed' WHERE id = ?", seats["Beatriz"])
    room.write("UPDATE seats SET state = 'declined' WHERE id = ?", seats["Teo"])
    console = everything(enter("tomas", "facilitator"))
    expect(console.locator(f'[data-key="{hers}"]')).to_contain_text("Beatriz. Not here yet")
    expect(console.locator(f'[data-key="{his}"]')).to_contain_text("Not here today")
    room.write("UPDATE seats SET state = 'arrived' WHERE id IN (?, ?)", seats["Beatriz"], seats["Teo"])
    console.reload()
    everything(console)
    for each in (hers, his):
        expect(console.locator(f'[data-key="{each}"]')).to_contain_text("Not heard yet")


def test_on_a_phone_what_is_talked_about_now_comes_before_what_is_new_and_one_button_is_filled(room: LiveServer, enter: Enter) -> None:
    topic_id = planned(room, "rosa", "Feet in the evening")
    act(room, "tomas", "agenda:start", topic_id=topic_id, minutes=10)
    for words in ("Fruit at night", "Shoes that do not rub"):
        propose(room, "teo", words)
    console = everything(enter("tomas", "facilitator", PHONE))
    assert columns(console) == ["middle", "new", "people"]
    filled = ".nhsuk-button:not(.nhsuk-button--secondary)"
    expect(console.locator(f"#new {filled}")).to_have_count(0)
    expect(console.locator(f"#middle {filled}")).to_have_text(["Finish…"])
    expect(console.locator("#people")).to_contain_text("people heard their own topic talked about.")
    console.get_by_role("link", name="New topics:").click()
    expect(console.locator("#new")).to_be_in_viewport()
    console.set_viewport_size(LAPTOP)
    expect(console.locator(".gv-console__column").first).to_have_id("new")
    act(room, "tomas", "agenda:finish", topic_id=topic_id, outcome="")


def test_topics_are_gathered_for_some_minutes_and_hidden_counts_are_shown_and_hidden_again(room: LiveServer, enter: Enter) -> None:
    room.write("UPDATE programmes SET hides_supports = 1")
    console = everything(enter("tomas", "facilitator"))
    console.get_by_label("How long to gather topics").select_option("3")
    console.get_by_role("button", name="Gather topics").click()
    expect(console.locator("#new")).to_contain_text("Phones and wall ask for topics until")
    console.get_by_role("button", name="End it now").click()
    expect(console.get_by_role("button", name="Gather topics")).to_be_visible()
    console.get_by_role("button", name="Show everybody the me too counts").click()
    hide = console.get_by_role("button", name="Hide the me too counts again")
    expect(hide).to_be_visible()
    assert room.rows("SELECT supports_shown FROM group_sessions WHERE id = ?", room.session_id) == [(1,)]
    hide.click()
    expect(console.get_by_role("button", name="Show everybody the me too counts")).to_be_visible()
    room.write("UPDATE programmes SET hides_supports = 0")


def test_the_console_counts_who_is_here_without_a_live_phone(room: LiveServer, enter: Enter) -> None:
    console = everything(enter("tomas", "facilitator"))
    ((people,),) = room.rows("SELECT count(*) FROM seats WHERE session_id = ? AND state = 'arrived'", room.session_id)
    here = console.locator('#people [data-key="here"] summary')
    expect(here).to_contain_text(f"{people} people here.")
    expect(here).to_contain_text(f"{people} on paper.")
    enter("rosa", "patient", PHONE)
    expect(here).to_contain_text(f"1 phone live. {people - 1} on paper.", timeout=20_000)


def test_closing_accounts_for_each_topic_by_its_fate(room: LiveServer, enter: Enter) -> None:
    act(room, "tomas", "agenda:decline", topic_id=propose(room, "teo", "A last thing"), reason="not_here")
    console = enter("tomas", "facilitator")
    console.get_by_role("button", name="Close visit…").click()
    sent = room.rows("SELECT count(*) FROM topics WHERE split_from_id IS NULL")[0][0]
    expect(dialog(console)).to_contain_text(f"{sent} topics sent, {sent} accounted for")
    counted = [int(each) for each in dialog(console).locator("#close-account table strong").all_inner_texts()]
    assert sum(counted) == sent
    expect(dialog(console)).to_contain_text("Not talked about")
    expect(dialog(console).get_by_role("button", name="Close and open feedback")).to_have_attribute("aria-disabled", "true")
    is_accessible(console)


def test_after_the_close_paper_cards_are_typed_in_for_who_came_as_long_as_the_clinic_takes_them(room: LiveServer, enter: Enter) -> None:
    ((frank,),) = room.rows("SELECT id FROM patients WHERE display_name = 'Frank'")
    room.write("UPDATE seats SET state = 'left_early' WHERE patient_id = ?", frank)
    ((rosa,),) = room.rows("SELECT id FROM patients WHERE display_name = 'Rosa'")
    room.write("UPDATE seats SET state = 'confirmed' WHERE patient_id = ?", rosa)  # she does not come
    unseen = [seat for (seat,) in room.rows("SELECT id FROM seats WHERE session_id = ?", room.session_id)]
    act(room, "tomas", "live:close", unseen=unseen, because=["call_tomorrow"] * len(unseen))
    console = enter("tomas", "facilitator")
    expect(console.locator("#new")).to_contain_text("It is kept for the next visit.")
    console.get_by_role("button", name="Add for someone without a phone").click()
    people = dialog(console).get_by_label("Whose topic is it?").locator("option").all_inner_texts()
    assert "Frank" in people and "Marcus" in people and "Rosa" not in people
    expect(dialog(console)).to_contain_text("This topic is kept for the next visit.")
    is_accessible(console)
    dialog(console).get_by_label("Whose topic is it?").select_option(label="Frank")
    dialog(console).get_by_label("In their words").fill("Where to walk in winter")
    dialog(console).get_by_label("The group", exact=True).check()
    dialog(console).get_by_role("button", name="Add the topic").click()
    parked = console.locator('#middle [data-key="parked"]')
    parked.locator("summary").first.click()
    expect(parked).to_contain_text("Where to walk in winter")
    assert room.rows("SELECT state, after_close FROM topics WHERE words = 'Where to walk in winter'") == [("parked", 1)]
    room.write("UPDATE group_sessions SET closed_at = strftime('%Y-%m-%d %H:%M:%f000', closed_at, '-25 hours') WHERE id = ?", room.session_id)
    console.reload()
    expect(console.locator("#not-running")).to_contain_text("The visit is closed")
    expect(console.get_by_role("button", name="Add for someone without a phone")).to_have_count(0)
