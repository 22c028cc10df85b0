"""The errors that several rooms raise or catch. An error of one room only (a login refused, a
full bucket) is a subclass of `DeskhandError` in that room.

    DeskhandError
    ├── SettingsError            an environment variable is missing or makes no sense
    ├── StoreUnavailable         Redis cannot be reached; nothing was stored, try again
    ├── UnknownConversation      no conversation of that id
    ├── IllegalMove              the command is not possible in the conversation's state
    │   ├── OwnedByOther         another agent owns the conversation
    │   └── NotRated             a rating before the conversation was closed
    ├── BadMessage               the text itself cannot be accepted
    │   ├── TextEmpty
    │   ├── TextTooLong
    │   └── PayloadNotOffered    a button's payload that the bot did not offer
    ├── OriginNotAllowed         a page of another site, which may not do this
    ├── AssistantError           the assistant did not answer a turn
    │   ├── AssistantUnreachable nothing listens there: it loads, restarts or is gone
    │   ├── AssistantSlow        no answer within the deadline
    │   └── AssistantBroken      an answer that is no answer (5xx, not JSON, empty)
    ├── DeskError                an agents' desk (Slack, Telegram) did not take what we gave it
    │   ├── DeskBusy             not now: that place takes nothing for some seconds
    │   ├── DeskDown             not reached, or it failed by itself: try again later
    │   ├── DeskRefused          never as it is: a bad block, too long
    │   └── ThreadGone           the conversation's thread or topic is no longer there
    ├── PolicyError              data/triage.yml or data/desk.yml is wrong (bot.policy_file)
    ├── TrainingFailed           no model was made; says which file and why
    ├── JobRunning               such work is being done already; says for whom and since when
    ├── PromotionFailed          a model was not brought into service; says which one serves
    │   ├── PromotionRefused     it may not be, as things are
    │   └── PromotionRunning     another promotion is under way; says whose and since when
    └── ProcessFailed            a process of ours cannot be started

Each carries a sentence that a person can act on. `code` is what the HTTP API calls it.
"""

from __future__ import annotations

from typing import ClassVar


class DeskhandError(Exception):
    """Base of all. `hint` says what to do about it, when there is something to do."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(DeskhandError):
    code = "settings"


class StoreUnavailable(DeskhandError):
    code = "store_unavailable"


class UnknownConversation(DeskhandError):
    code = "unknown_conversation"


class IllegalMove(DeskhandError):
    code = "illegal_move"


class OwnedByOther(IllegalMove):
    code = "owned_by_other"


class NotRated(IllegalMove):
    code = "not_closed"


class BadMessage(DeskhandError):
    code = "bad_message"


class TextEmpty(BadMessage):
    code = "text_empty"


class TextTooLong(BadMessage):
    code = "text_too_long"


class PayloadNotOffered(BadMessage):
    code = "payload_not_offered"


class OriginNotAllowed(DeskhandError):
    code = "origin_not_allowed"


class AssistantError(DeskhandError):
    code = "assistant"


class AssistantUnreachable(AssistantError):
    code = "assistant_unreachable"


class AssistantSlow(AssistantError):
    code = "assistant_slow"


class AssistantBroken(AssistantError):
    code = "assistant_broken"


class DeskError(DeskhandError):
    code = "desk"


class DeskBusy(DeskError):
    """`after_s`: seconds for which that place takes nothing."""

    code = "desk_busy"

    def __init__(self, message: str, *, after_s: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.after_s = after_s


class DeskDown(DeskError):
    code = "desk_down"


class DeskRefused(DeskError):
    code = "desk_refused"


class ThreadGone(DeskError):
    code = "thread_gone"


class TrainingFailed(DeskhandError):
    code = "training_failed"


class JobRunning(DeskhandError):
    code = "job_running"


class ProcessFailed(DeskhandError):
    code = "process_failed"


class PromotionFailed(DeskhandError):
    code = "promotion_failed"


class PromotionRefused(PromotionFailed):
    code = "promotion_refused"


class PromotionRunning(PromotionFailed):
    code = "promotion_running"
