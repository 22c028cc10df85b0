"""Answers with a passage of the help pages, and asks whether that helped.

The assistant has found the passage while it read the message (`help` of the parse), and
`bot.triage` has decided that it is the answer; this action only talks.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

__all__ = ["ActionHelp", "link"]


class ActionHelp(Action):
    """Utters the best page's answer with a link to it."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_help"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """One message: answer, title and link, with yes and no as buttons."""
        page = tracker.latest_message["help"][0]
        dispatcher.utter_message(
            response="utter_help", answer=page["answer"], title=page["title"], link=link(page)
        )
        return []


def link(page: dict[str, Any]) -> str:
    """The page's path on the gateway, which the chat widget makes a link of."""
    anchor = f"#{page['anchor']}" if page.get("anchor") else ""
    return f"/help/{page['page']}{anchor}"
