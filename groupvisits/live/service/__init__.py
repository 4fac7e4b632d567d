"""The verbs of the room: leading it, asking it, the ways in for a phone, and what is kept of its talk."""

from groupvisits.live.service.account import keep_talk_account
from groupvisits.live.service.alarms import end_alarm, take_alarm
from groupvisits.live.service.door import admit_guest, join_with_codes, join_with_slip, wait_at_door
from groupvisits.live.service.polls import answer_poll, ask_room, end_poll, end_polls
from groupvisits.live.service.room import draw_curtain, gather_topics, give_phase, go_to_phase, hand_over, say_prompt, share_time, take_over
from groupvisits.live.service.wishes import listen, wish

__all__ = [
    "admit_guest", "answer_poll", "ask_room", "draw_curtain", "end_alarm", "end_poll", "end_polls", "gather_topics", "give_phase", "go_to_phase", "hand_over",
    "join_with_codes", "join_with_slip", "keep_talk_account", "listen", "say_prompt", "share_time", "take_alarm", "take_over", "wait_at_door", "wish",
]  # fmt: skip
