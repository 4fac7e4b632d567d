"""The live pages in a real browser: what happens without a network, a socket or a script, and that rows stay where they are."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from groupvisits.demo.rehearsal.line import Line
from tests.journeys.conftest import PHONE, WALL, is_accessible
from tests.live.server import LiveServer

pytestmark = pytest.mark.browser
Enter = Callable[..., Page]


def send(page: Page, words: str, button: str = "Send to the group") -> None:
    page.get_by_label("What do you want us to talk about?").fill(words)
    page.get_by_role("button", name=button).click()


def topics_with(room: LiveServer, words: str) -> int:
    return room.rows("SELECT count(*) FROM topics WHERE words = ?", words)[0][0]


def test_a_topic_goes_from_a_phone_to_the_console_the_other_phones_and_the_wall(room: LiveServer, enter: Enter) -> None:
    rosa, marcus = enter("rosa", "patient", PHONE), enter("marcus", "patient", PHONE)
    console, wall = enter("tomas", "facilitator"), enter("tomas", "display", WALL)
    send(rosa, "Why is my sugar high in the morning?")
    expect(rosa.locator("#own")).to_contain_text("Received by the clinic")
    # News waits behind a button: nothing moves under a finger.
    expect(marcus.get_by_role("button", name="Show 1 new topic")).to_be_visible()
    expect(marcus.locator("#group")).not_to_contain_text("Why is my sugar")
    marcus.get_by_role("button", name="Show 1 new topic").click()
    me_too = marcus.get_by_role("button", name="Me too: Why is my sugar")
    me_too.click()
    expect(me_too).to_have_attribute("aria-pressed", "true")
    expect(marcus.locator("#group")).to_contain_text("You said me too")
    console.get_by_role("button", name="Put on agenda: Why is my sugar").click()
    console.get_by_role("button", name="Start: Why is my sugar").click()
    expect(wall.get_by_role("heading", name="Why is my sugar high in the morning?")).to_be_visible()
    expect(wall.locator("#wall")).to_contain_text("10 minutes left")
    expect(rosa.locator("#now")).to_contain_text("Talking now: Why is my sugar high in the morning? Until about")
    for page in (rosa, marcus, console, wall):
        is_accessible(page)
    console.get_by_role("button", name="Finish…").click()
    is_accessible(console)
    console.get_by_label("In one line").fill("The body makes sugar in the early morning.")
    console.get_by_role("button", name="Finish", exact=True).click()
    expect(rosa.locator("#own")).to_contain_text("What we took from it: The body makes sugar in the early morning.")


def test_what_is_written_without_a_network_survives_a_reload_and_arrives_once(room: LiveServer, enter: Enter) -> None:
    rosa = enter("rosa", "patient", PHONE)
    expect(rosa.locator("[data-age]")).to_have_text("Live. Updated just now")
    rosa.context.set_offline(True)
    expect(rosa.get_by_role("button", name="Save for the group")).to_be_visible()
    send(rosa, "Can I fast before church?", "Save for the group")
    expect(rosa.locator("#notices")).to_contain_text("1 thing waits on this phone")
    expect(rosa.locator("#own")).to_contain_text("Saved on this phone")
    is_accessible(rosa)
    # The page may load again, but every way to send is still closed: what waits must come from the phone's own store.
    sending = re.compile(r"/socket\.io/|/commands/")
    rosa.context.route(sending, lambda route: route.abort())
    rosa.route_web_socket(sending, lambda socket: socket.close())
    rosa.context.set_offline(False)
    rosa.reload()
    expect(rosa.locator("#own")).to_contain_text("Saved on this phone")
    assert topics_with(room, "Can I fast before church?") == 0
    rosa.context.unroute(sending)
    expect(rosa.locator("#own")).not_to_contain_text("Saved on this phone", timeout=20_000)
    expect(rosa.locator("#own")).to_contain_text("Can I fast before church?")
    assert topics_with(room, "Can I fast before church?") == 1


def test_a_network_cut_in_the_middle_of_typing_loses_no_letter_and_no_topic(room: LiveServer, enter: Enter) -> None:
    """Three phones, the console and the wall; one of the phones loses its network between two words."""
    gladys, marcus, frank = (enter(who, "patient", PHONE) for who in ("gladys", "marcus", "frank"))
    console, wall = enter("tomas", "facilitator"), enter("tomas", "display", WALL)
    for page in (gladys, marcus, frank, console):
        expect(page.locator("[data-age]").first).to_contain_text("Updated just now")
    box = gladys.get_by_label("What do you want us to talk about?")
    box.press_sequentially("Does bread from")
    gladys.context.set_offline(True)
    expect(gladys.get_by_role("button", name="Save for the group")).to_be_visible()
    expect(box).to_be_focused()
    box.press_sequentially(" the oven count?")
    expect(box).to_have_value("Does bread from the oven count?")
    gladys.get_by_role("button", name="Save for the group").click()
    send(gladys, "And bread from yesterday?", "Save for the group")
    both = ["Does bread from the oven count?", "And bread from yesterday?"]
    for words in both:
        expect(gladys.locator("#own li", has_text=words)).to_contain_text("Saved on this phone")
        assert topics_with(room, words) == 0
    expect(gladys.locator("#notices")).to_contain_text("2 things wait on this phone")
    expect(console.locator("#new")).not_to_contain_text("bread")
    send(marcus, "Which shoes?")  # the room goes on meanwhile
    expect(console.get_by_role("button", name="Put on agenda: Which shoes?")).to_be_visible()
    gladys.context.set_offline(False)
    for words in both:
        expect(gladys.locator("#own li", has_text=words)).to_contain_text("Received by the clinic", timeout=20_000)
        expect(console.locator("#new .gv-card", has_text=words)).to_have_count(1)
        assert topics_with(room, words) == 1
    told = [words for words in console.locator("#new .gv-card h3").all_inner_texts() if "bread" in words]
    assert told == both
    expect(frank.get_by_role("button", name="Show 3 new topics")).to_be_visible()
    console.get_by_role("button", name=f"Put on agenda: {both[0]}").click()
    console.get_by_role("button", name=f"Start: {both[0]}").click()
    expect(wall.get_by_role("heading", name=both[0])).to_be_visible()
    console.get_by_role("button", name="Finish…").click()
    console.get_by_role("button", name="Finish", exact=True).click()
    expect(gladys.locator("#own li", has_text=both[0])).to_contain_text("Talked about")


def test_words_that_are_half_written_survive_a_reload(room: LiveServer, enter: Enter) -> None:
    frank = enter("frank", "patient", PHONE)
    box = frank.get_by_label("What do you want us to talk about?")
    box.press_sequentially("What if I only")
    frank.reload()
    expect(box).to_have_value("What if I only")
    box.press_sequentially(" eat at night?")
    frank.get_by_role("button", name="Send to the group").click()
    expect(frank.locator("#own")).to_contain_text("Received by the clinic")
    frank.reload()
    expect(box).to_have_value("")
    assert topics_with(room, "What if I only eat at night?") == 1


def test_what_one_person_left_on_a_phone_is_never_sent_in_the_name_of_the_next(room: LiveServer, enter: Enter) -> None:
    phone = enter("rosa", "patient", PHONE)
    phone.context.set_offline(True)
    send(phone, "Rosa wrote this", "Save for the group")
    expect(phone.locator("#own")).to_contain_text("Saved on this phone")
    phone.context.add_cookies([{"name": "groupvisits", "value": room.cookies["frank"], "url": f"http://127.0.0.1:{room.port}"}])
    phone.context.route("**/commands/**", lambda route: route.abort())  # until the page of the next person is there
    phone.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    phone.context.set_offline(False)
    phone.reload()
    phone.context.unroute("**/commands/**")
    send(phone, "Frank wrote this")
    expect(phone.locator("#own")).to_contain_text("Received by the clinic")
    expect(phone.locator("#own")).not_to_contain_text("Rosa wrote this")
    assert topics_with(room, "Rosa wrote this") == 0


@pytest.mark.parametrize("by", ["socket", "post"])
def test_what_waits_on_a_page_is_not_sent_once_somebody_else_came_in_with_the_same_phone(room: LiveServer, enter: Enter, by: str) -> None:
    """Frank scans his slip with Rosa's phone: her page is still open behind his."""
    rosa = enter("rosa", "patient", PHONE)
    lines: list[WebSocketRoute] = []

    def line(socket: WebSocketRoute) -> None:
        if by == "post":
            socket.close()
            return
        socket.connect_to_server()
        lines.append(socket)

    words = f"For my doctor alone, by {by}"
    rosa.route("**/commands/**", lambda route: route.abort())
    rosa.route_web_socket("**/socket.io/**", line)
    rosa.reload()
    expect(rosa.locator("[data-age]")).to_have_text("Live. Updated just now")
    rosa.context.set_offline(True)
    send(rosa, words, "Save for my one-on-one only")
    expect(rosa.locator("#own")).to_contain_text("Saved on this phone")
    rosa.context.add_cookies([{"name": "groupvisits", "value": room.cookies["frank"], "url": f"http://127.0.0.1:{room.port}"}])
    for open_line in lines:
        open_line.close()
    if by == "post":
        rosa.unroute("**/commands/**")
    rosa.context.set_offline(False)
    expect(rosa.get_by_role("heading", name="You were signed out")).to_be_visible(timeout=20_000)
    assert topics_with(room, words) == 0
    expect(rosa.locator("#own")).to_contain_text("Saved on this phone")
    rosa.context.add_cookies([{"name": "groupvisits", "value": room.cookies["rosa"], "url": f"http://127.0.0.1:{room.port}"}])
    rosa.get_by_role("button", name="Open the page again").click()
    expect(rosa.locator("#own li", has_text=words)).to_contain_text("Only in your one-on-one", timeout=20_000)
    assert room.rows("SELECT given_name FROM topics JOIN patients ON patients.id = patient_id WHERE words = ?", words) == [("Rosa",)]


def test_what_a_closed_page_kept_on_the_phone_is_sent_by_another_page_that_is_still_open(room: LiveServer, enter: Enter) -> None:
    """Whoever scans the slip twice has the room open twice."""
    first = enter("gladys", "patient", PHONE)
    second = first.context.new_page()
    second.goto(first.url)
    for page in (first, second):
        expect(page.locator("[data-age]")).to_have_text("Live. Updated just now")
    first.context.set_offline(True)
    send(first, "Written on the page I closed", "Save for the group")
    expect(first.locator("#own")).to_contain_text("Saved on this phone")
    first.close()
    second.context.set_offline(False)
    expect(second.locator("#own li", has_text="Written on the page I closed")).to_contain_text("Received by the clinic", timeout=20_000)
    assert topics_with(room, "Written on the page I closed") == 1


def test_an_answer_that_was_on_its_way_when_the_network_went_does_not_make_the_page_live_again(room: LiveServer, enter: Enter) -> None:
    marcus, frank = enter("marcus", "patient", PHONE), room.phone("frank")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    marcus.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    marcus.route("**/snapshot*", hold)
    marcus.reload()
    while not held:
        marcus.wait_for_timeout(20)
    said = frank.ask(
        "agenda:propose",
        {"command_id": str(uuid4()), "session_id": room.session_id, "body": {"words": "Does rain make knees hurt?", "route": "group"}},
    )
    assert said["ok"], said
    answer = held[0].fetch()
    # What a browser says when the network goes. Taking the network away here might take the held answer with it.
    marcus.evaluate("() => { window.dispatchEvent(new Event('offline')); }")
    expect(marcus.locator("[data-age]")).to_contain_text("No connection.")
    held[0].fulfill(response=answer)
    expect(marcus.get_by_role("button", name="Show 1 new topic")).to_be_visible()
    expect(marcus.locator("[data-age]")).to_contain_text("No connection.", timeout=1)


def test_a_phone_that_slept_an_hour_and_woke_without_a_network_says_so(enter: Enter) -> None:
    marcus = enter("marcus", "patient", PHONE)
    marcus.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    marcus.route("**/snapshot*", lambda route: route.abort())
    marcus.reload()  # from here on nothing is heard
    age = marcus.locator("[data-age]")
    expect(age).to_have_text(re.compile(r"No connection\. This page is \d+ seconds old"))
    # On some phones the steady clock stands still during sleep; only the clock on the wall has gone on.
    marcus.evaluate("(() => { const awake = Date.now; Date.now = () => awake() + 3600_000; })()")
    expect(age).to_have_text("No connection. This page is 60 minutes old")
    expect(marcus.locator("#one-on-one")).to_contain_text("Please ask a member of staff")


def test_back_online_the_phone_says_that_nothing_was_lost(enter: Enter) -> None:
    marcus = enter("marcus", "patient", PHONE)
    expect(marcus.locator("[data-age]")).to_have_text("Live. Updated just now")
    marcus.context.set_offline(True)
    for words in ("Foot cream", "Where to buy cheap shoes"):
        send(marcus, words, "Save for the group")
    expect(marcus.locator("#notices")).to_contain_text("2 things wait on this phone")
    marcus.context.set_offline(False)
    expect(marcus.locator("#notices")).to_contain_text("Both things have reached the clinic. Nothing was lost.", timeout=20_000)


def test_a_page_woken_while_it_connects_is_still_told_at_once(enter: Enter) -> None:
    console, wall = enter("tomas", "facilitator"), enter("tomas", "display", WALL)
    wall.add_init_script("""
      const Plain = window.WebSocket;
      window.WebSocket = class extends Plain {
        constructor(...given) {
          super(...given);
          const wake = () => setTimeout(() => window.dispatchEvent(new Event("pageshow")));
          this.addEventListener("message", wake, { once: true });
        }
      };
    """)
    closed: list[str] = []
    wall.on("websocket", lambda socket: socket.on("close", lambda _: closed.append(socket.url)))
    wall.reload()
    console.get_by_role("button", name="Curtain").click()
    expect(wall.get_by_role("heading", name="A short pause")).to_be_visible()
    console.locator("#header-buttons").get_by_role("button", name="Show the wall again").click()
    expect(wall.get_by_role("heading", name="A short pause")).to_be_hidden()
    assert closed == []


def test_a_phone_without_sockets_still_sends_and_hears(room: LiveServer, enter: Enter) -> None:
    teo = enter("teo", "patient", PHONE)
    teo.context.route("**/socket.io.min.js*", lambda route: route.abort())
    teo.reload()
    send(teo, "Cooking for a family that wants white rice")
    expect(teo.locator("#own")).to_contain_text("Received by the clinic")
    send(enter("frank", "patient", PHONE), "I miss the night tablet")
    expect(teo.get_by_role("button", name="Show 1 new topic")).to_be_visible(timeout=15_000)
    assert topics_with(room, "Cooking for a family that wants white rice") == 1


def test_a_refused_topic_comes_back_into_the_box_with_the_reason(enter: Enter) -> None:
    gladys = enter("gladys", "patient", PHONE)
    box = gladys.get_by_label("What do you want us to talk about?")
    box.evaluate("box => box.removeAttribute('maxlength')")
    send(gladys, "long " * 80)
    expect(gladys.locator("#words-error")).to_contain_text("This is too long")
    expect(box).to_have_value(("long " * 80).strip())
    is_accessible(gladys)


def test_the_phone_works_without_script(room: LiveServer, enter: Enter) -> None:
    beatriz = enter("beatriz", "patient", PHONE, java_script_enabled=False)
    send(beatriz, "Something I want to ask alone", "Send for my one-on-one only")
    expect(beatriz.locator("#own")).to_contain_text("Nobody in the group can see this one.")
    beatriz.get_by_role("button", name="Take back “Something I want to ask alone”").click()
    expect(beatriz.locator("#own")).to_contain_text("Taken back")
    assert topics_with(room, "Something I want to ask alone") == 1


def test_the_call_reaches_the_phone_and_its_answer_the_console(room: LiveServer, enter: Enter) -> None:
    slot_id, name = room.rows(
        "SELECT slots.id, patients.given_name FROM slots JOIN patients ON patients.id = slots.patient_id"
        " JOIN staff_members ON staff_members.id = provider_id WHERE staff_members.name = 'Dr Hana Osei' ORDER BY slots.position"
    )[0]
    phone, console = enter(name.lower(), "patient", PHONE), enter("tomas", "facilitator")
    answer = room.phone("osei").ask("slots:call", {"command_id": str(uuid4()), "session_id": room.session_id, "body": {"slot_id": slot_id}})
    assert answer["ok"], answer
    expect(phone.get_by_role("heading", name="Please come now")).to_be_visible()
    expect(phone.locator("#voice-urgent")).to_contain_text("Please come now")
    is_accessible(phone)
    phone.get_by_role("button", name="I am coming").click()
    expect(phone.get_by_role("heading", name="Thank you. Dr Hana Osei knows you are coming.")).to_be_visible()
    expect(console.locator("#people")).to_contain_text("On the way to Dr Hana Osei")


def test_the_agenda_is_ordered_by_keyboard_and_keeps_the_focus(room: LiveServer, enter: Enter) -> None:
    marcus, console = enter("marcus", "patient", PHONE), enter("tomas", "facilitator")
    for words in ("Walking when my knees hurt", "What test strips cost"):
        send(marcus, words)
        console.get_by_role("button", name=f"Put on agenda: {words}").click()
        expect(console.locator("[data-planned]", has_text=words)).to_be_visible()
    first = console.locator("[data-planned]").first
    words = first.locator(".gv-row__title").inner_text()
    down = console.get_by_role("button", name=f"Move down: {words}")
    down.focus()
    console.keyboard.press("Alt+ArrowDown")
    expect(console.locator("[data-planned]").nth(1)).to_contain_text(words)
    expect(down).to_be_focused()
    expect(console.locator("#voice")).to_contain_text(f"{words}: 2 of 2")
    expect(console.locator("#middle")).to_contain_text("Ordered by hand.")
    console.get_by_role("button", name="Most me too first").click()
    expect(console.locator("[data-planned]").first).to_contain_text(words)


def test_the_curtain_hides_the_wall_and_lifts_again(enter: Enter) -> None:
    console, wall = enter("tomas", "facilitator"), enter("tomas", "display", WALL)
    expect(wall.locator("#wall")).not_to_be_empty()
    console.get_by_role("button", name="Curtain").click()
    expect(wall.get_by_role("heading", name="A short pause")).to_be_visible()
    is_accessible(wall)
    console.locator("#header-buttons").get_by_role("button", name="Show the wall again").click()
    expect(wall.get_by_role("heading", name="A short pause")).to_be_hidden()


def test_the_wall_gathers_topics_asks_the_room_and_calls_numbers_where_the_clinic_wants_that(room: LiveServer, enter: Enter) -> None:
    wall, tomas, osei = enter("tomas", "display", WALL), room.phone("tomas"), room.phone("osei")

    def do(phone: Line, name: str, **body: object) -> dict[str, str]:
        told = phone.ask(name, {"command_id": str(uuid4()), "session_id": room.session_id, "body": body})
        assert told["ok"], told
        return told["result"]

    do(tomas, "live:gather", minutes=5)
    expect(wall.get_by_role("heading", name="What do you want us to talk about?")).to_be_visible()
    expect(wall.locator("#wall")).to_contain_text("We gather topics until about")
    is_accessible(wall)
    topic = do(room.phone("rosa"), "agenda:propose", words="Cooking for two", route="group", shows_name=False)["topic_id"]
    do(tomas, "agenda:start", topic_id=topic, minutes=5)
    expect(wall.get_by_role("heading", name="Cooking for two")).to_be_visible()
    do(tomas, "live:ask_room", topic_id=topic)
    expect(wall.locator("#wall")).to_contain_text("Look at your phone")
    is_accessible(wall)
    do(tomas, "slots:plan")
    for (before,) in room.rows("SELECT id FROM slots WHERE state IN ('called', 'coming')"):
        do(osei, "slots:missed", slot_id=before)
    slot, seat, name = room.rows(
        "SELECT slots.id, slots.seat_id, patients.given_name FROM slots JOIN staff_members ON staff_members.id = provider_id"
        " JOIN patients ON patients.id = slots.patient_id WHERE staff_members.name LIKE '%Osei%' AND slots.state = 'planned' ORDER BY slots.position"
    )[0]
    room.write("UPDATE seats SET slip_number = 7 WHERE id = ?", seat)
    do(osei, "slots:call", slot_id=slot)
    expect(wall.locator("#wall")).not_to_contain_text("please come")
    room.write("UPDATE clinics SET wall_calls = 1")
    wall.reload()
    expect(wall.locator("#wall")).to_contain_text("Number 7, please come")
    is_accessible(wall)
    do(room.phone(name.lower()), "slots:answer", slot_id=slot, answer="coming")
    expect(wall.locator("#wall")).not_to_contain_text("please come")


@pytest.mark.parametrize("waited_for", [0, 2])
def test_a_long_name_and_a_long_address_leave_the_whole_way_to_join_on_the_wall(enter: Enter, waited_for: int) -> None:
    wall = enter("tomas", "display", WALL)
    calls = [{"number": number, "place": "Room 2"} for number in range(waited_for)]
    told = {
        "title": "Living well with diabetes together, on Wednesday mornings",
        "current_topic_id": None,
        "gathering_until": None,
        "curtain": False,
        "calls": calls,
    }

    def elsewhere(route: Route) -> None:
        answer = route.fetch()
        snapshot = answer.json()
        snapshot["run"] |= told | {"join_url": "https://groupvisits.millbrook-community-clinic.example/join/X"}
        route.fulfill(response=answer, json=snapshot | {"topics": []})

    wall.route("**/snapshot?audience=display", elsewhere)
    wall.reload()
    expect(wall.get_by_text("millbrook-community-clinic.example/join")).to_be_visible()
    for part in (wall.get_by_text("No phone? Ask for a card."), wall.locator(".gv-wall__code"), wall.locator(".gv-wall__qr img")):
        box, below = part.bounding_box(), wall.locator(".gv-wall__calls").bounding_box() if waited_for else None
        assert box and box["y"] >= 0 and box["y"] + box["height"] <= (below["y"] if below else WALL["height"])
    code = wall.locator(".gv-wall__qr img").bounding_box()
    assert code and code["width"] >= (600 if waited_for else 800)  # with its white edge; to be read from four metres


def test_nothing_of_a_long_topic_pushes_the_address_off_the_wall(room: LiveServer, enter: Enter) -> None:
    wall, tomas, rosa = enter("tomas", "display", WALL), room.phone("tomas"), room.phone("rosa")

    def do(phone: Line, name: str, **body: object) -> dict[str, str]:
        told = phone.ask(name, {"command_id": str(uuid4()), "session_id": room.session_id, "body": body})
        assert told["ok"], told
        return told["result"]

    for words in ("What comes after", "And what comes after that", "كيف أحسب السكر في الخبز العربي؟", "A very long question about salt " * 9):
        topic = do(rosa, "agenda:propose", words=words, route="group", shows_name=False)["topic_id"]
        do(tomas, "agenda:plan", topic_id=topic)
        if len(words) < 28:
            continue
        do(room.phone("marcus"), "agenda:translate", topic_id=topic, language="pt", words="Em outra língua")
        do(tomas, "agenda:start", topic_id=topic, minutes=5)
        expect(wall.locator("h1")).to_have_text(words.strip())
        for _ in range(2):  # also with the question to the room instead of what comes next
            expect(wall.locator(".live-address")).to_be_in_viewport(ratio=1)
            do(tomas, "live:ask_room", topic_id=topic)
            expect(wall.locator("#wall")).to_contain_text("Look at your phone")


def invited_again(room: LiveServer, patient_id: str) -> None:
    """There is a date in four weeks like this one, and this patient is invited to it."""
    later = {
        "id": "'later'",
        "state": "'planned'",
        "starts_at": "datetime(starts_at, '+28 days')",
        "ends_at": "datetime(ends_at, '+28 days')",
        "join_code": "NULL",
    }
    columns = [column for _, column, *_ in room.rows("PRAGMA table_info(group_sessions)")]
    taken = ", ".join(later.get(column, column) for column in columns)
    room.write(f"INSERT INTO group_sessions ({', '.join(columns)}) SELECT {taken} FROM group_sessions WHERE id = ?", room.session_id)
    seat = {"id": "'a seat later'", "session_id": "'later'", "state": "'invited'", "seat_no": "NULL", "slip_number": "NULL", "slip_code": "NULL"}
    columns = [column for _, column, *_ in room.rows("PRAGMA table_info(seats)")]
    taken = ", ".join(seat.get(column, column) for column in columns)
    room.write(f"INSERT INTO seats ({', '.join(columns)}) SELECT {taken} FROM seats WHERE session_id = ? AND patient_id = ?", room.session_id, patient_id)


def test_the_plan_comes_to_the_phone_with_the_end_of_the_visit(room: LiveServer, enter: Enter) -> None:
    """The last test here: it closes the visit."""
    frank = enter("frank", "patient", PHONE)
    expect(frank.locator("[data-age]")).to_have_text("Live. Updated just now")
    ((slot_id, clinic_id, patient_id, provider_id),) = room.rows(
        "SELECT slots.id, clinic_id, patient_id, provider_id FROM slots JOIN patients ON patients.id = patient_id WHERE given_name = 'Frank'"
    )
    room.write(
        "INSERT INTO notes (id, clinic_id, session_id, slot_id, patient_id, author_id, state, draft, revision, returned_because, saved_at, created_at)"
        " VALUES ('n', ?, ?, ?, ?, ?, 'draft', '{}', 1, '', '2026-11-22 12:00:00', '2026-11-22 12:00:00')",
        clinic_id, room.session_id, slot_id, patient_id, provider_id,
    )  # fmt: skip
    room.write("INSERT INTO action_plans VALUES ('p', 'n', ?, 'Walk to the church', 'After lunch', 8, '2026-11-22 12:00:00')", patient_id)
    invited_again(room, patient_id)
    here = [seat_id for (seat_id,) in room.rows("SELECT id FROM seats WHERE session_id = ?", room.session_id)]
    room.write("UPDATE seats SET state = 'arrived' WHERE session_id = ?", room.session_id)
    body = {"unseen": here, "because": ["call_tomorrow"] * len(here)}
    assert room.phone("tomas").ask("live:close", {"command_id": str(uuid4()), "session_id": room.session_id, "body": body})["ok"]
    expect(frank.locator("#plan")).to_contain_text("Walk to the church")
    expect(frank.locator("#plan")).to_contain_text("After lunch. How sure you were: 8 out of 10.")
    expect(enter("tomas", "facilitator").locator("#people [data-key=talk]")).to_contain_text(f"of {len(here)} people heard their own topic talked about.")
    is_accessible(frank)
    coming = frank.locator("#next")
    expect(coming).to_contain_text("Will you come?")
    coming.get_by_role("button", name="Yes, I will come").click()
    expect(frank.locator("main")).to_contain_text("The clinic has your yes.")
    frank.goto(f"/sessions/{room.session_id}/rooms/patient")
    expect(coming).to_contain_text("You said yes. We look forward to seeing you.")
    expect(coming.get_by_role("button")).to_have_count(0)
    coming.get_by_role("link", name="Change your answer").click()
    frank.get_by_role("button", name="No, not this time").click()
    expect(frank.locator("main")).to_contain_text("The clinic has your no.")
