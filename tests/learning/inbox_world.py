"""A project with a small inbox, for tests: files, wordings of two clusters, whose conversations are
in Redis.
"""

from __future__ import annotations

from pathlib import Path

from redis.asyncio import Redis

from bot.events import Agent
from bot.learning.decisions import replay
from bot.learning.examples import LearnedExamples
from bot.learning.inbox import Inbox
from bot.learning.inbox_store import INBOX, InboxStore, Prepared, Row
from bot.learning.review_shapes import Suggestion
from bot.learning.wordings import key_of
from bot.store import STATE

ANNA, BEN = Agent(login="anna", name="Anna Berg"), Agent(login="ben", name="Ben Solli")
NOW = 1_764_115_200_000

DOMAIN = """\
version: "3.1"
intents:
  - invoice
  - delivery_time
responses:
  utter_invoice:
    - text: "Here is your invoice."
  utter_delivery_time:
    - text: "Two days."
"""
NLU = """\
version: "3.1"
nlu:
- intent: invoice
  examples: |
    - send me the invoice
    - i need a receipt
- intent: delivery_time
  examples: |
    - how long does it take
    - when is it here
"""

GIFT = ["can you wrap it as a gift", "gift wrapping please", "do you gift wrap", "wrap it nicely?"]
PICK_UP = ["can i pick it up", "pick up at the warehouse?"]


def row(text: str, conversation: str, **more: object) -> Row:
    fields: dict[str, object] = {
        "conversation": conversation,
        "seq": 2,
        "key": key_of(text),
        "at": NOW,
        "reasons": ("not_placed",),
        "intent": "nlu_fallback",
        "confidence": 0.2,
        "label": None,
        "labelled_by": None,
        "labelled_at": 0,
        "afterwards": "left",
        "reply": "",
        "replied_by": "",
    }
    return Row(**{**fields, **more})  # type: ignore[arg-type]


def cluster(id: str, texts: list[str]) -> Prepared:
    return Prepared(
        id,
        [(key_of(text), text) for text in texts],
        (Suggestion(intent="invoice", confidence=0.3),),
    )


def write_project(root: Path) -> Path:
    (root / "data" / "nlu").mkdir(parents=True)
    (root / "domain.yml").write_text(DOMAIN)
    (root / "data" / "nlu" / "shop.yml").write_text(NLU)
    return root


async def prepare_inbox(redis: Redis[bytes], project: Path) -> None:
    """Gift wrapping (four customers) and picking up (two)."""
    store = InboxStore(project / "var" / INBOX)
    rows = [row(text, f"g{n}") for n, text in enumerate(GIFT)]
    rows += [row(text, f"p{n}") for n, text in enumerate(PICK_UP)]
    for one in rows:
        await redis.hset(STATE.format(one.conversation), "seq", 2)
    store.replace([cluster("gift", GIFT), cluster("pick", PICK_UP)], rows, replay([]), now=NOW)


def inbox_of(redis: Redis[bytes], project: Path) -> Inbox:
    return Inbox(redis, project, project / "var", now=lambda: NOW)


def taught(project: Path) -> dict[str, str]:
    """By text: the intent of everything that was learned, held out or not."""
    learned = LearnedExamples(project)
    return {p.example.text: p.example.intent for p in [*learned.all(), *learned.held_out()]}
