"""Conversations in the studio: finding them, reading one, and why the assistant said something.

GET /api/studio/conversations?q=&intent=&turn=&reason=&agent=&rating=&state=&result=&label=
        &measured=&source=&from=&to=&weekday=&hour=&cursor=
    All may be left out; all that are given must hold.
      q         words, the ends of which may be missing; "in quotes": exactly so, one after another
      intent    as what some message was understood ("none": as nothing)
      turn      what became of a turn (a code of `words`), or `missed`: neither answered nor
                passed_on. With `intent`: of the same turn
      reason    code of a hand-off; agent: login of somebody who had it or wrote in it
      rating    1 to 5, any, or low (1 or 2)
      state     bot, waiting, human, snoozed, closed; result: contained, handed_off, left
      label     an intent that agents named
      measured  first_response, person_response, wait, nobody_came, handoff, resolution, rating
      source    here, or the name of an import
      from, to  days (of the owner's time zone) on which the conversation began, both included
      weekday, hour   a message of the customer's then: 0 is Monday

    {conversations: [{id, started_at, updated_at, state, result, outcome, source, page, language,
        rating, messages, handoffs, wait_ms, first_response_ms, resolution_ms, first, intents: [..],
        reasons: [{reason, words}], labels: [..], people: [{login, name}],
        found: {seq, who, parts: [{text, hit}]} | null}],
     next, total, archive: {read, of}}
    Newest first; `next` is the cursor of the next part, "" at the end; `total` comes with the first
    part only. `found` is where the words of `q` stand.

GET /api/studio/conversations/choices
    {intents: [..], reasons: [{reason, words}], people: [{login, name}], labels: [..],
     sources: [..], words: {code of a result: what it means}}: what the filters can be set to.

GET /api/studio/conversations/{id}
    {conversation: as the console's, events: as the console's (each as in the log; an answer has its
     reading), facts: {the archive's row: durations, result, ...},
     turns: [{seq, answer_seq, intent, confidence, outcome, result, result_words, label}],
     handoffs: [{seq, at, reason, words, claimed_at, claimed_by, answered_at, wait_ms}]}

GET /api/studio/conversations/{id}/turns/{seq}
    Why it said that: see `bot.learning.explain.Turn`; `seq` is the customer's message.

Errors: 400 bad_filter, bad_period; 404 unknown_conversation, unknown_turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import transcript, wording
from bot.archiving import ForgetErased
from bot.learning import facts
from bot.learning.archive import Archive
from bot.learning.explain import UnknownTurn, explain
from bot.learning.search import Page, choices, search
from bot.store import Store
from bot.web.guard import OwnerOf, private


class ConversationPages:
    """The routes. What is found comes from the archive; what is read, from the log itself."""

    def __init__(self, archive: Archive, store: Store, forget_erased: ForgetErased) -> None:
        self._archive = archive
        self._store = store
        self._forget_erased = forget_erased

    def routes(self, owner: OwnerOf) -> list[Route]:
        async def listed(request: Request) -> Response:
            await owner(request)
            asked = dict(request.query_params)
            cursor = asked.pop("cursor", "")
            page = await self._found(asked, cursor)
            return private(msgspec.to_builtins(page))

        async def possible(request: Request) -> Response:
            await owner(request)
            found = await anyio.to_thread.run_sync(choices, self._archive)
            return private({**msgspec.to_builtins(found), "words": dict(facts.WORDS)})

        async def one(request: Request) -> Response:
            await owner(request)
            return private(await self._one(request.path_params["id"]))

        async def turn(request: Request) -> Response:
            await owner(request)
            id, seq = request.path_params["id"], request.path_params["seq"]
            if not seq.isascii() or not seq.isdigit() or len(seq) > 15:
                raise UnknownTurn(f"{seq[:20]!r} is no number of an entry.")
            await self._store.load(id)
            return private(msgspec.to_builtins(explain(id, await self._store.log(id), int(seq))))

        path = "/api/studio/conversations"
        return [
            Route(path, listed, methods=["GET"]),
            Route(path + "/choices", possible, methods=["GET"]),
            Route(path + "/{id}", one, methods=["GET"]),
            Route(path + "/{id}/turns/{seq}", turn, methods=["GET"]),
        ]

    async def _found(self, asked: Mapping[str, str], cursor: str) -> Page:
        while True:
            page = await anyio.to_thread.run_sync(partial(search, self._archive, asked, cursor))
            if not await self._forget_erased([line.id for line in page.conversations]):
                return page

    async def _one(self, id: str) -> dict[str, Any]:
        news = await self._store.news(id, 0, "customer")
        found = facts.facts_of(id, news.entries)
        return {
            "conversation": transcript.details(news.conversation),
            "events": [transcript.for_agent(entry) for entry in news.entries],
            "facts": dict(found.conversation) if found else None,
            "turns": [_turn(row) for row in found.turns] if found else [],
            "handoffs": [_handoff(row) for row in found.handoffs] if found else [],
        }


def _turn(row: facts.Row) -> dict[str, Any]:
    names = ("seq", "answer_seq", "intent", "confidence", "outcome", "result", "label")
    return {name: row[name] for name in names} | {"result_words": facts.WORDS[row["result"]]}


def _handoff(row: facts.Row) -> dict[str, Any]:
    names = ("seq", "at", "reason", "claimed_at", "claimed_by", "answered_at", "wait_ms")
    words = wording.REASONS.get(row["reason"], row["reason"])
    return {name: row[name] for name in names} | {"words": words}
