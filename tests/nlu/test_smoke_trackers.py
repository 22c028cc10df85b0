"""What is deleted after smoke conversations is what the tracker store has written."""

from __future__ import annotations

from bot.nlu.tracker_store import EVENTS, HEAD
from bot.smoke import TRACKER


def test_the_trackers_of_smoke_conversations_are_found_where_the_store_puts_them() -> None:
    assert TRACKER == (EVENTS, HEAD)
