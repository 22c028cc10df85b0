"""Every sentence that the gateway itself says: notices to customers, reasons to agents.

Pure text, looked up by code. What the assistant says is in `domain.yml`; errors of the HTTP API
carry their own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: To the customer. Each is true whenever it is shown.
NOTICES: Mapping[str, str] = MappingProxyType(
    {
        "handoff": (
            "This is with my colleagues now. You can keep writing; they will see everything."
        ),
        "assistant_loading": (
            "The assistant is still starting. Your message is kept and will be answered as soon "
            "as it is ready. You can also ask for a person right away."
        ),
        "assistant_unavailable": (
            "The assistant can't answer right now, so this goes to my colleagues. Your message is "
            "not lost."
        ),
        # While they wait (`bot.routing`); words in braces are filled in.
        "expected": ("Judging by how long others waited lately, somebody may be here in {wait}."),
        "open_again": "We are open again, and I have asked a colleague to come.",
        "all_busy": (
            "Everybody is busy with other customers right now. Somebody comes as soon as they are "
            "free."
        ),
        "nobody_there": (
            "None of my colleagues is at their desk right now. They will see your messages when "
            "they are back."
        ),
        "asked_again": "Nobody has come yet, so I have reminded my colleague.",
        "asked_next": "Nobody has come yet, so I have asked another colleague.",
        "asked_desk": "Nobody has come yet, so I have called for a colleague elsewhere as well.",
        "asked_owner": "Nobody has come yet, so I have told the people in charge.",
        "sorry": "It is taking longer than it should, sorry.",
        "closed": "We are closed now.",
        "closed_until": "We are closed now; we open again {opening}.",
        "leave_email": (
            "You need not wait here: leave your e-mail address below, and the answer will be sent "
            "there."
        ),
        "mail_later": "You need not wait here: the answer will also be sent to {email}.",
        "come_back": (
            "Your messages stay here and a colleague will read them; you can close this page and "
            "come back to the answer later."
        ),
        # The colleague who had the conversation is not there any more.
        "vanished": (
            "{agent} does not seem to be there any more, so I am asking another colleague, who can "
            "read everything that was said."
        ),
        "away": (
            "{agent} had to leave, so I am asking another colleague, who can read everything that "
            "was said."
        ),
    }
)

#: To a customer who sent files without a word while the assistant has the conversation.
FILES_ONLY = (
    "I've kept that for you, but I can't look at files myself. Tell me in a few words what it is "
    "about, or I'll fetch a colleague who can."
)

#: To agents: why the bot gave up, by reason code.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "asked_for_human": "asked for a person",
        "clarifications_failed": "could not be understood, twice in a row",
        "frustrated": "is unhappy",
        "repeated": "keeps repeating the question",
        "complaint": "complains",
        "sensitive": "touches a sensitive topic",
        "business_lead": "is a business enquiry",
        "form_failed": "could not give the details that were asked for",
        "identity_not_proven": "order number and e-mail did not match, three times",
        "action_failed": "the shop's system did not answer",
        "assistant_unavailable": "the assistant did not answer",
        "no_answer": "the assistant had nothing to say",
        "transferred": "was passed on",
        "test": "is a test by deskhand doctor: please ignore",
        "imported": "was answered by a person, elsewhere",
        "unclaimed": "was left by the colleague who had it",
    }
)

#: Why a late answer of the bot was dropped, by the state that it met.
DROPPED: Mapping[str, str] = MappingProxyType(
    {
        "bot": "the conversation had changed hands meanwhile",
        "waiting": "a person had been asked for meanwhile",
        "human": "a person had taken over meanwhile",
        "snoozed": "a person had taken over meanwhile",
        "closed": "the conversation was closed meanwhile",
    }
)


def place(position: int) -> str:
    """The place in the queue, to the customer; 1 is the next."""
    return "You are next." if position == 1 else f"You are number {position} in the queue."
