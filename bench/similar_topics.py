"""The suggestions of similar topics on questions that people really asked: how many are right, and how many of the right ones are found.

    python -m bench.similar_topics [folder]        or the environment variable QUESTIONS_DATA

The folder holds covidqa_similarity_en.csv (pairs of questions with a label) and, if there, medquad_diabetes_questions.csv and
meqsum_without_diabetes.csv. The data is no part of the project; without it the script says so and ends well.

Rooms are put together of 24 topics, no longer than a phone takes: four labelled pairs that ask the same, eight single questions about
the same illness, and eight of different kinds about diabetes. Everything else that is suggested counts as wrong, also where nobody said
whether two questions ask the same ("Should I go to work if there is an outbreak?", "What should I do if there is an outbreak?"). The threshold is chosen on the rooms of one half of the questions, as the one that finds most while at
least every second suggestion is right (whoever leads looks at each anyway); what is reported comes from the other half, whose questions none of those rooms held. Those rooms are then typed by
simulated phones into a running server, and what its console is offered is counted: topics that wait for a look are left out there.
"""

import csv
import json
import os
import random
import sys
import tempfile
import urllib.request
import uuid
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from bench.live import Servers
from bench.liveroom.phones import PATIENCE, now
from bench.table import print_table
from groupvisits.agenda.rules import MAX_WORDS
from groupvisits.agenda.rules.similar import MOST_PAIRS, THRESHOLD, similar_topics

PAIRS, SINGLES, OTHERS, ROOMS, SEED = 4, 8, 8, 200, 20261122
AT_ONCE, PHONES = 10, 15  # rooms that are typed at once, and the phones in each
RIGHT_AT_LEAST = 0.5
THRESHOLDS = [n / 100 for n in range(10, 61, 5)]
Room = tuple[list[str], set[frozenset[int]]]


def read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def fits(text: str) -> bool:
    return 0 < len(text) <= MAX_WORDS


def halves(rows: Sequence[dict[str, str]], dice: random.Random) -> list[dict[str, list[str]]]:
    """The questions, each with those that ask the same, in two halves that share none."""
    same: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["similar"] == "1" and fits(row["question_1"]) and fits(row["question_2"]):
            same[row["question_1"]].append(row["question_2"])
    questions = sorted(same)
    dice.shuffle(questions)
    middle = len(questions) // 2
    return [{question: same[question] for question in part} for part in (questions[:middle], questions[middle:])]


def different(rows: Sequence[dict[str, str]], dice: random.Random) -> list[str]:
    """Questions about different things and of different kinds."""
    chosen: list[dict[str, str]] = []
    for row in dice.sample(rows, len(rows)):
        if len(chosen) < OTHERS and fits(row["question"]) and not any(row["focus"] == c["focus"] or row["qtype"] == c["qtype"] for c in chosen):
            chosen.append(row)
    return [row["question"].replace(" ?", "?") for row in chosen]


def rooms(same: dict[str, list[str]], others: Sequence[dict[str, str]], dice: random.Random) -> list[Room]:
    made = []
    for _ in range(ROOMS):
        chosen = dice.sample(sorted(same), PAIRS + SINGLES)
        texts, right = [], set()
        for question in chosen[:PAIRS]:
            right.add(frozenset((len(texts), len(texts) + 1)))
            texts += [question, dice.choice(same[question])]
        texts += chosen[PAIRS:]
        texts += different(others, dice)
        made.append((texts, right))
    return made


def tried(made: Sequence[Room], threshold: float) -> tuple[float, float, float]:
    """(right of those suggested, found of those there, suggestions a room)."""
    hits = suggested = there = 0
    for texts, right in made:
        pairs = similar_topics([(str(number), [text]) for number, text in enumerate(texts)], threshold=threshold)
        hits += sum(frozenset((int(pair.first), int(pair.second))) in right for pair in pairs)
        suggested += len(pairs)
        there += len(right)
    return hits / suggested if suggested else 1.0, hits / there, suggested / len(made)


def typed(made: Sequence[Room]) -> tuple[float, float, float]:
    """The same as `tried`, of what the console of a running server is offered after fifteen phones have typed each room."""
    hits = suggested = there = 0
    with tempfile.TemporaryDirectory(prefix="groupvisits-bench-") as folder, Servers(Path(folder)).crowd("groupvisits", AT_ONCE) as crowd:
        crowd.come_in()
        for first in range(0, len(made), AT_ONCE):
            some = list(zip(crowd.rooms, crowd.next_visit(), made[first : first + AT_ONCE], strict=False))
            for room, visit, (texts, _) in some:
                for number, text in enumerate(texts):
                    body = {"words": text, "route": "group", "shows_name": False}
                    command = {"command_id": str(uuid.uuid4()), "session_id": visit.id, "body": body}
                    room[number % PHONES].emit("agenda:propose", command, now(), visit)
            crowd.until(lambda: not any(client.pending for client in crowd.clients), PATIENCE)
            if crowd.refused:
                raise RuntimeError(crowd.refused[0])
            for room, visit, (texts, right) in some:
                number_of = {
                    topic_id: number
                    for place, phone in enumerate(room[:PHONES])
                    for topic_id, number in zip((topic for topic, by in visit.topics if by is phone), range(place, len(texts), PHONES), strict=True)
                }
                address = f"http://127.0.0.1:{crowd.port}/sessions/{visit.id}/similar-topics"
                with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": f"groupvisits={room[-1].cookie}"})) as answer:
                    pairs = json.load(answer)["pairs"]
                hits += sum(frozenset((number_of[pair["topic_id"]], number_of[pair["into_id"]])) in right for pair in pairs)
                suggested += len(pairs)
                there += len(right)
    return hits / suggested if suggested else 1.0, hits / there, suggested / len(made)


def letters(rows: Sequence[dict[str, str]], dice: random.Random) -> tuple[list[Room], int]:
    """Letters as patients wrote them beside what somebody made of them: the hardest pairs, twelve of each a room."""
    pairs = [(row["CHQ"].strip(), row["Summary"].strip()) for row in rows]
    pairs = [pair for pair in pairs if fits(pair[0]) and fits(pair[1])]
    made = []
    for _ in range(ROOMS // 4 if len(pairs) >= 12 else 0):
        chosen = dice.sample(pairs, 12)
        made.append(([text for pair in chosen for text in pair], {frozenset((2 * n, 2 * n + 1)) for n in range(12)}))
    return made, len(pairs)


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("QUESTIONS_DATA", "questions"))
    rows = read(folder / "covidqa_similarity_en.csv")
    if not rows:
        print(f"Skipped: no questions in {folder}. They are a public set and no part of the project; give their folder.")
        return 0
    dice = random.Random(SEED)
    diabetes = read(folder / "medquad_diabetes_questions.csv")
    learnt, kept = (rooms(half, diabetes, dice) for half in halves(rows, dice))
    scores = {threshold: tried(learnt, threshold) for threshold in THRESHOLDS}
    chosen = max((t for t in THRESHOLDS if scores[t][0] >= RIGHT_AT_LEAST), key=lambda t: scores[t][1], default=THRESHOLDS[-1])
    lines = [[f"{t:.2f}", *(f"{100 * value:.1f}" for value in scores[t][:2]), f"{scores[t][2]:.1f}", "chosen" if t == chosen else ""] for t in THRESHOLDS]
    print_table(["threshold", "right, in 100", "found, in 100", "suggested a room", ""], lines)
    begun = perf_counter()
    right, found, often = tried(kept, chosen)
    each = (perf_counter() - begun) / len(kept) * 1000
    print(f"On the other half, threshold {chosen:.2f} (the product has {THRESHOLD:.2f}): right {100 * right:.1f} in 100, found {100 * found:.1f} in 100,")
    print(f"{often:.1f} suggestions a room of {len(kept[0][0])} topics (at most {MOST_PAIRS}), {each:.1f} ms a room.")
    right, found, often = typed(kept)
    print(f"The same rooms typed by phones: right {100 * right:.1f} in 100, found {100 * found:.1f} in 100, {often:.1f} suggestions a room.")
    hard, count = letters(read(folder / "meqsum_without_diabetes.csv"), dice)
    if hard:
        right, found, _ = tried(hard, chosen)
        print(
            f"Letters beside their summaries ({count} short enough): right {100 * right:.1f} in 100, found {100 * found:.1f} in 100; at most {MOST_PAIRS} of 12 can be."
        )
    return 0 if chosen == THRESHOLD else 1


if __name__ == "__main__":
    raise SystemExit(main())
