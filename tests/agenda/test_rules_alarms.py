"""Which words raise an alarm: whole words, whatever their shape, and never letters inside another word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupvisits.accounts import alarm_phrases
from groupvisits.agenda.rules import AlarmTaken, Hit, SayWhatBecameOfIt, Watch, check_can_take, check_outcome, folded

WATCH = Watch(
    {"en": ["chest pain", "can't breathe", "kill myself", "suicide", "stroke", "chest pain at night"], "es": ["dolor de pecho", "me duele el corazón"]}
)
ALL = alarm_phrases.in_use(None, ["es", "pt", "ht"], is_demo=True)
WORD = st.text(st.characters(categories=("Ll", "Lu")), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        ("chest pain", "chest pain"),
        ("I had CHEST   PAIN, walking here", "chest pain"),
        ("Chest-pain!", "chest pain"),
        ("no chest pain", "chest pain"),  # not read for its meaning: a person looks
        ("My neighbour had chest pain", "chest pain"),
        ("chest pain at night", "chest pain at night"),
        ("I cant breathe", "can't breathe"),
        ("I can’t breathe", "can't breathe"),
        ("cheeeest paaain", "chest pain"),
        ("killlll myself", "kill myself"),
        ("s\u0301uicide", "suicide"),
        ("sui\u00adcide", "suicide"),
        ("ＳＴＲＯＫＥ", "stroke"),
        ("dolor de pécho", "dolor de pecho"),
        ("Me duele el corazon", "me duele el corazón"),
        ("(stroke)", "stroke"),
    ],
)
def test_found(words: str, phrase: str) -> None:
    hit = WATCH.hit(words)
    assert hit is not None and hit.phrase == phrase


@pytest.mark.parametrize(
    "words",
    [
        "",
        "chest",
        "pain in the neck",
        "pain chest",
        "chest x pain",
        "keystroke",
        "strokes of luck",
        "breaststroke",
        "suicidegirls",
        "skill myself",
        "🙂",
        "١٢٣",
    ],
)
def test_not_found(words: str) -> None:
    assert WATCH.hit(words) is None


def test_the_language_of_the_list_comes_with_it() -> None:
    assert WATCH.hit("dolor de pecho") == Hit("dolor de pecho", "es")


@pytest.mark.parametrize("language", ["en", "es", "pt", "ht"])
def test_every_phrase_of_the_shipped_lists_is_found_in_the_middle_of_a_sentence(language: str) -> None:
    watch = Watch(ALL)
    for phrase in ALL[language]:
        for shape in (phrase, phrase.upper(), f"xx {phrase}, yy", " ".join(folded(phrase))):
            assert watch.hit(shape) is not None, phrase
        assert len(phrase) <= 80


@given(before=WORD, after=WORD)
def test_never_inside_a_word(before: str, after: str) -> None:
    assert Watch({"en": ["suicide"]}).hit(f"{before}suicide{after}") is None


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_stands_around_it(before: str, after: str) -> None:
    assert WATCH.hit(f"{before} kill myself {after}") is not None


@given(
    st.lists(
        st.sampled_from(
            [
                "why",
                "is",
                "my",
                "sugar",
                "high",
                "in",
                "the",
                "morning",
                "what",
                "helps",
                "when",
                "knees",
                "hurt",
                "cooking",
                "for",
                "a",
                "family",
                "test",
                "strips",
                "cost",
                "and",
                "sleep",
            ]
        ),
        max_size=40,
    )
)
def test_everyday_talk_about_an_illness_raises_nothing(words: list[str]) -> None:
    assert Watch(ALL).hit(" ".join(words)) is None


@pytest.mark.parametrize(
    "words",
    [
        "My feet feel numb at night", "Is it safe to fast?", "I want to live longer", "How do I stop smoking?", "My husband had a stroke years ago", "Pain in my knees",
        "Low sugar while driving", "What to do when I feel faint after insulin", "Shortness of temper", "I am dying to know", "Cutting carbs", "Killing time", "Bleeding gums",
        "¿Qué puedo comer en la noche?", "Me duele la rodilla", "Dor no joelho", "Tèt mwen fè m mal", "Pran grenn mwen chak jou",
    ],
)  # fmt: skip
def test_ordinary_topics_pass_the_shipped_lists(words: str) -> None:
    assert Watch(ALL).hit(words) is None


@pytest.mark.parametrize("words", ["chest " * 400, "a" * 2000, "aaa " * 500, "chest pai " * 200, "\u0301" * 2000])
@pytest.mark.timeout(60)  # what grows too fast with its length would not come to an end
def test_long_input_comes_to_an_end(words: str) -> None:
    Watch(ALL).hit(words[:2000])


def test_languages_that_nobody_has_reviewed_are_off_outside_the_demo() -> None:
    assert set(alarm_phrases.in_use(None, ["en", "es"], is_demo=False)) == {"en"}
    assert set(alarm_phrases.in_use(None, ["es"], is_demo=True)) == {"en", "es"}
    assert alarm_phrases.in_use({"ht": ["mwen mal"], "en": ["oh no"]}, ["en"], is_demo=False) == {"en": ("oh no",), "ht": ("mwen mal",)}
    assert alarm_phrases.in_use({"en": []}, ["en"], is_demo=False) == {}


def test_one_person_goes_and_says_what_became_of_it() -> None:
    check_can_take(None, "a", "")
    check_can_take("a", "a", "A")
    with pytest.raises(AlarmTaken):
        check_can_take("b", "a", "B")
    assert check_outcome("Fine") == "Fine"
    for nothing in ("", "   ", "…", "\u200b"):
        with pytest.raises(SayWhatBecameOfIt):
            check_outcome(nothing)
