"""The studio's figures, for the page `#/insights`.

GET /api/studio/insights?from=2026-10-01&to=2026-10-31&compare=1
    All parameters may be left out: the last 30 days, without a comparison. Days are of the owner's
    time zone (data/desk.yml), both included.

    {first, last, days, zone, before_first, before_last,
     figures: [{name, title, unit: share|ms|stars|count, better: up|down|"", means,
                value, of, high, before, before_of, filter}],
     reasons: [{reason, words, conversations, share, before, filter}],
     intents: [{intent, turns, conversations, success, results: {result: turns},
                before_turns, before_success, filter}],
     unanswered: [{intent, turns, conversations, results,
                   examples: [{conversation, seq, at, text}], filter}],
     labels: [{intent, new, labels, filter}],
     ratings: [{stars, conversations, filter}],
     load: [7 weekdays, Monday first][24 hours] of customers' messages,
     trend: [{day, conversations, containment, handoff_rate, first_response_ms,
              person_response_ms, wait_ms, resolution_ms, rating, ratings, filter}],
     words: {code of a result: what it means}, archive: {read, of}}

    `archive`: how many of the logged conversations these figures know; fewer than there are while
    the archive is made anew, and `of` is null as long as nobody has looked how many there are.

    A value is null when there is nothing to measure. Shares are 0 to 1, durations ms; `high` is the
    ninth tenth of a duration, whose `value` is the median. `filter` is what lists the conversations
    behind a number: the parameters of /api/studio/conversations. For one cell of `load`, add
    weekday (0 to 6) and hour to {from, to, source: "here"}.

GET /api/studio/insights.csv, with the same parameters: a file for spreadsheets
    (`bot.learning.insights_table`).

Errors: 400 bad_period, saying which parameter and what it should be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.archiving import ForgetErased
from bot.learning import facts
from bot.learning.archive import Archive
from bot.learning.insights_shapes import Insights
from bot.learning.insights_table import as_csv
from bot.learning.measuring import insights
from bot.learning.periods import period_of
from bot.web.guard import NO_STORE, OwnerOf, private

#: What switches the comparison on.
_YES: Final = frozenset({"1", "true", "yes"})


class InsightPages:
    """The routes; `now` is the present (ms)."""

    def __init__(
        self, archive: Archive, forget_erased: ForgetErased, *, now: Callable[[], int]
    ) -> None:
        self._archive = archive
        self._forget_erased = forget_erased
        self._now = now

    def routes(self, owner: OwnerOf) -> list[Route]:
        async def figures(request: Request) -> Response:
            await owner(request)
            found: dict[str, object] = msgspec.to_builtins(await self._measured(request))
            return private({**found, "words": dict(facts.WORDS)})

        async def table(request: Request) -> Response:
            await owner(request)
            found = await self._measured(request)
            name = f"deskhand-{found.first}-{found.last}.csv"
            return Response(
                as_csv(found),
                media_type="text/csv; charset=utf-8",
                headers={**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'},
            )

        return [
            Route("/api/studio/insights", figures, methods=["GET"]),
            Route("/api/studio/insights.csv", table, methods=["GET"]),
        ]

    async def _measured(self, request: Request) -> Insights:
        asked = request.query_params
        period = period_of(
            asked.get("from", ""), asked.get("to", ""), zone=self._archive.zone, now=self._now()
        )
        compare = asked.get("compare", "") in _YES
        while True:
            found = await anyio.to_thread.run_sync(
                lambda: insights(self._archive, period, compare=compare)
            )
            shown = [e.conversation for topic in found.unanswered for e in topic.examples]
            if not await self._forget_erased(shown):
                return found
