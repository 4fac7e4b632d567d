"""The verbs of the agenda: topics while a visit is prepared and runs, and the form that patients fill in before it."""

from groupvisits.agenda.service.pre_visit import fill_in_form
from groupvisits.agenda.service.topics import (
    answer_one_on_one,
    carry_over,
    extend_topic,
    finish_topic,
    order_topics,
    park_open_topics,
    park_topic,
    plan_topic,
    propose_for,
    propose_topic,
    start_topic,
    support_topic,
    take_back,
)

__all__ = [
    "answer_one_on_one", "carry_over", "extend_topic", "fill_in_form", "finish_topic", "order_topics", "park_open_topics", "park_topic",
    "plan_topic", "propose_for", "propose_topic", "start_topic", "support_topic", "take_back",
]  # fmt: skip
