"""Which topics may ask the same. It only points them out, with the words they share: whoever leads decides, nothing is joined alone.

Two views of a topic, each a bag of pieces weighed by how rare they are among the topics compared: its words, cut to their stem, and
its runs of four letters, which find other endings and typing errors. The score is the mean of both cosines. No language is detected:
the stop words of all four languages fall away together. Standard library only, so that it works in a clinic without the Internet.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

# Chosen on one half of real question pairs, reported on the other: bench/similar_topics.py, docs/measurements.md.
THRESHOLD = 0.30
MOST_PAIRS = 8
STEM, RUN = 5, 4
AS_IF = 24  # topics in the room: while there are few, what two of them share is no common word
MOST_TEXTS = 150  # compared with each other, a fifth of a second on a small machine; of more, those that came last
LEAST_WEIGHT = 0.1  # of what stands in every topic of the room: next to nothing

_STOP_WORDS = {
    "en": (
        "a about after again all also am an and any are as at be because been before being but by can could did do does doing done for from get gets "
        "got had has have having he her here him his how i if in into is it its just know like make many may me more most much must my need no nor not "
        "now of off on once one only or other our out over own possible same she should so some such take tell than that the their them then there these they "
        "thing things this those to too up us use using very want was way we were what when where which while who whom whose why will with would you your "
    ),
    "es": (
        "al algo alguien algun alguna ante antes asi aunque bien cada como con cosa cosas cual cuales cuando cuanto de del desde donde dos el ella ellas "
        "ellos en entre era eran es esa ese eso esta estan estar este esto estos fue ha hace hacer han hasta hay la las le les lo los mas me mi mis "
        "mucho muy nada ni no nos nosotros o otra otro para pero poder podemos por porque puede pueden puedo que quien quiero se sea ser si sin sobre "
        "son soy su sus tal tambien tan tanto te tener tengo ti tiene tienen todo todos tu tus un una uno unos usted y ya yo "
    ),
    "pt": (
        "ao aos as ate com da das dela dele devo do dos e ela elas ele eles em essa esse estao estou eu faz fazer foi isso isto ja mais mas mesmo meu "
        "meus minha minhas muito na nao nas nem no nos nossa nosso num numa o os ou para pela pelas pelo pelos pode podem posso pra qual quais quando "
        "quanto quem sao sem ser seu seus so sua suas tambem tem tenho ter uma umas uns voce voces "
    ),
    "ht": (
        "a ak ale an ankò anpil ap avè avèk ba bagay ban chak de deja fè gen genyen ka kapab ki kijan kisa konnen kote kouman la lan le li lè m mande men "
        "mwen n nan nou oswa ou pa pandan pi pou poukisa si sou sa se t ta tankou te tout w y yo yon youn"
    ),
}


@dataclass(frozen=True)
class Similar:
    """Two topics that may ask the same. `shared` are the words that say so, as they stand in the first."""

    first: str
    second: str
    score: float
    shared: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    words: Mapping[str, str]  # stem -> the word as it was written
    runs: Counter[str]


@dataclass(frozen=True)
class _Weighed:
    """How often each piece stands in a text, times how rare it is; and the square of their length."""

    pieces: Mapping[str, float]
    square: float

    @classmethod
    def of(cls, bag: Counter[str], weigh: Mapping[str, float]) -> "_Weighed":
        pieces = {piece: count * weigh[piece] for piece, count in bag.items()}
        return cls(pieces, sum(each * each for each in pieces.values()))


def similar_topics(topics: Iterable[tuple[str, Sequence[str]]], *, threshold: float = THRESHOLD, most: int = MOST_PAIRS) -> list[Similar]:
    """The pairs that may ask the same, best first. `topics` are (id, its words and any translations of them, own words first), oldest first."""
    texts = [(topic_id, _read(text)) for topic_id, said in topics for text in said][-MOST_TEXTS:]
    weigh_words, weigh_runs = _rarity([read.words for _, read in texts]), _rarity([read.runs for _, read in texts])
    weighed = [
        (topic_id, read, _Weighed.of(Counter(dict.fromkeys(read.words, 1)), weigh_words), _Weighed.of(read.runs, weigh_runs)) for topic_id, read in texts
    ]
    best: dict[tuple[str, str], Similar] = {}
    for (first, one, one_words, one_runs), (second, other, other_words, other_runs) in combinations(weighed, 2):
        if first == second:
            continue
        score = (_cosine(one_words, other_words) + _cosine(one_runs, other_runs)) / 2
        known = best.get((first, second))
        if score >= threshold and (known is None or score > known.score):
            best[first, second] = Similar(first, second, round(score, 3), _shared(one, other, weigh_words))
    return sorted(best.values(), key=lambda pair: (-pair.score, pair.first, pair.second))[:most]


def _read(text: str) -> _Read:
    words = [word for word in _words(text) if _plain(word) not in _STOP_PLAIN]
    stems: dict[str, str] = {}
    for word in words:
        stems.setdefault(_plain(word)[:STEM], word)
    joined = " ".join(_plain(word) for word in words)
    return _Read(stems, Counter(f" {joined} "[i : i + RUN] for i in range(max(0, len(joined) + 3 - RUN))))


def _words(text: str) -> list[str]:
    return "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text.casefold()).split()


def _plain(word: str) -> str:
    """Without accents, which phones leave out."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")


_STOP_PLAIN = frozenset(_plain(word) for words in _STOP_WORDS.values() for word in words.split())


def _rarity(bags: Sequence[Iterable[str]]) -> dict[str, float]:
    often = Counter(piece for bag in bags for piece in set(bag))
    return {piece: math.log((1 + max(len(bags), AS_IF)) / (1 + count)) + LEAST_WEIGHT for piece, count in often.items()}


def _cosine(one: _Weighed, other: _Weighed) -> float:
    together = sum(one.pieces[piece] * other.pieces[piece] for piece in one.pieces.keys() & other.pieces.keys())
    return together / math.sqrt(one.square * other.square) if together else 0.0


def _shared(one: _Read, other: _Read, weigh: Mapping[str, float]) -> tuple[str, ...]:
    """The rarest first: they say most."""
    return tuple(one.words[stem] for stem in sorted(one.words.keys() & other.words.keys(), key=lambda stem: (-weigh[stem], stem)))[:5]
