"""The verbs of the agenda: topics while a visit is prepared and runs, and the form that patients fill in before it."""

from groupvisits.agenda.service.acts import accepted, check_seen
from groupvisits.agenda.service.alarms import let_out
from groupvisits.agenda.service.joins import keep_apart, merge_topics, unmerge_topic
from groupvisits.agenda.service.parts import split_topic, unsplit_topic
from groupvisits.agenda.service.pre_visit import fill_in_form
from groupvisits.agenda.service.proposals import propose_for, propose_topic, support_topic
from groupvisits.agenda.service.topics import (
    agree_words,
    answer_one_on_one,
    ask_privately,
    carry_over,
    decline_topic,
    extend_topic,
    finish_topic,
    order_topics,
    park_alone,
    park_open_topics,
    park_topic,
    plan_topic,
    reword_topic,
    route_topic,
    say_still_matters,
    show_supports,
    show_topic,
    start_topic,
    suggest_words,
    take_back,
)
from groupvisits.agenda.service.translations import drop_translation, translate_topic

__all__ = [
    "accepted", "agree_words", "answer_one_on_one", "ask_privately", "carry_over", "check_seen", "decline_topic", "drop_translation", "extend_topic", "fill_in_form",
    "finish_topic", "keep_apart", "let_out", "merge_topics", "order_topics", "park_alone", "park_open_topics", "park_topic", "plan_topic", "propose_for", "propose_topic",
    "reword_topic", "route_topic", "say_still_matters", "show_supports", "show_topic", "split_topic", "start_topic", "suggest_words", "support_topic",
    "take_back", "translate_topic", "unmerge_topic", "unsplit_topic",
]  # fmt: skip
