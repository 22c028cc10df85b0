"""What the assistant says, for the page `#/answers`: responses, help pages, and what waits to be
published. Paths below /api/studio:

GET answers
    {responses: [{name, variations: [{text, buttons: [{title, payload}]}], version,
                  fixed (why it cannot be edited, or ""), uses: [{words, where, intent}],
                  words (allowed in braces), waiting (customers do not get it yet)}],
     pages: [{page, title, topic, version, problem}],
     intents, waiting: {responses: [names], model (null when none serves)},
     limits: {text, variations, buttons, title}, widget: {styles, bot}}
POST answers/{name}      {variations, version} -> the response as it is now
POST answers/preview     {name, variations}
    -> {problem, hint, messages: [{text, buttons: [titles]}]}: as a customer would get them, with
       samples in place of words in braces; `problem` is "" when it can be saved.
GET  help/{page}         {page, title, topic, text, version, problem}
POST help/{page}         {text, version ("" for a new page)} -> the page as it is now
POST help/preview        {page, text}
    -> {problem, hint, title, sections: [{heading, text}], messages}

Errors: 404 unknown_response, unknown_page; 409 changed_meanwhile (somebody else has saved since
`version`), broken_file (line and column); 422 bad_answer, help_page; 507 not_written.
Responses are part of a model: what is saved waits for the next one (`bot.web.studio.publishing`).
Help pages are read live.

Does not belong here: any rule about texts (`bot.learning.responses`, `bot.learning.help_edits`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from bot.errors import TextTooLong
from bot.help.pages import FILE_AT_MOST, HelpPageError, Passage
from bot.known_intents import intents_of
from bot.learning import responses
from bot.learning.help_edits import checked_page, save_page, saved_page, saved_pages
from bot.learning.published import published, unpublished
from bot.learning.registry import Registry
from bot.learning.responses import (
    BadAnswer,
    Response,
    UnknownResponse,
    Variation,
    check_variations,
    read_domain,
    responses_of,
    set_response,
    words_in,
)
from bot.learning.usage import Project, uses
from bot.web import wire
from bot.web.guard import OwnerOf, private

T = TypeVar("T")

#: Bytes of a request with a help page in it: each byte may take six in JSON.
PAGE_BODY_AT_MOST: Final = 6 * FILE_AT_MOST + 1_000
#: About five lines of a chat, as in `bot.help.answer`.
EXCERPT_AT_MOST: Final = 400
#: What stands for words in braces in a preview; others get their own name.
SAMPLES: Final[Mapping[str, str]] = {
    "order_number": "NL-10482",
    "first_name": "Anna",
    "email": "anna@example.com",
    "order_items": "Fjell Rain Jacket, size M",
    "items": "Fjell Rain Jacket, size M",
    "item": "Fjell Rain Jacket",
    "total": "€206.00",
    "money": "€206.00",
    "amount": "€206.00",
    "city": "Oslo",
    "placed_on": "Mon 23 Nov",
    "delivered_on": "yesterday",
    "expected_on": "tomorrow",
    "carrier": "PostNord",
    "payment": "card",
    "tracking_number": "370000000000123456",
    "tracking_url": "https://carrier.example/370000000000123456",
    "title": "Washing a down jacket",
    "link": "/help/washing-a-down-jacket",
    "answer": "Wash the jacket alone, at 30 °C, with a detergent for down.",
}
_WIDGET: Final = Path(__file__).parent.parent / "static" / "widget.js"


class NewVariations(msgspec.Struct, frozen=True):
    variations: tuple[Variation, ...]
    version: str = ""
    name: str = ""


class NewText(msgspec.Struct, frozen=True):
    text: str
    version: str = ""
    page: str = ""


class AnswerPages:
    """The routes.

    Args:
        root: the project's directory.
        help: the folder of help pages.
        models: the folder of models.
        bot: what the assistant is called in front of customers.
    """

    def __init__(self, *, root: Path, help: Path, models: Path, bot: str) -> None:
        self._root = root
        self._help = help
        self._models = models
        self._bot = bot

    def routes(self, owner: OwnerOf) -> list[Route]:
        base, get, post = "/api/studio", ["GET"], ["POST"]

        async def listed(request: Request) -> HttpResponse:
            await owner(request)
            return private(await anyio.to_thread.run_sync(self._listed))

        async def preview(request: Request) -> HttpResponse:
            await owner(request)
            new = await wire.body(request, NewVariations)
            return private(await anyio.to_thread.run_sync(self._previewed, new))

        async def save(request: Request) -> HttpResponse:
            await owner(request)
            new = await wire.body(request, NewVariations)
            name = request.path_params["name"]
            saved = partial(set_response, self._root, name, new.variations, new.version)
            return private(msgspec.to_builtins(await anyio.to_thread.run_sync(saved)))

        async def page(request: Request) -> HttpResponse:
            await owner(request)
            read = partial(saved_page, self._help, request.path_params["page"])
            return private(msgspec.to_builtins(await anyio.to_thread.run_sync(read)))

        async def save_help(request: Request) -> HttpResponse:
            await owner(request)
            new = await _long_body(request, NewText)
            slug = request.path_params["page"]
            saved = partial(save_page, self._root, self._help, slug, new.text, new.version)
            return private(msgspec.to_builtins(await anyio.to_thread.run_sync(saved)))

        async def preview_help(request: Request) -> HttpResponse:
            await owner(request)
            new = await _long_body(request, NewText)
            return private(await anyio.to_thread.run_sync(self._page_previewed, new))

        return [
            Route(f"{base}/answers", listed, methods=get),
            Route(f"{base}/answers/preview", preview, methods=post),
            Route(f"{base}/answers/{{name}}", save, methods=post),
            Route(f"{base}/help/preview", preview_help, methods=post),
            Route(f"{base}/help/{{page}}", page, methods=get),
            Route(f"{base}/help/{{page}}", save_help, methods=post),
        ]

    # ── in a thread ──

    def _listed(self) -> dict[str, Any]:
        project = Project.read(self._root)
        known = responses_of(project.domain)
        used = uses(project)
        current = Registry(self._models).current()
        served = published(self._models / current.model) if current else None
        waiting = unpublished(known, served) if served is not None else []
        return {
            "responses": [
                {
                    **msgspec.to_builtins(one),
                    "uses": msgspec.to_builtins(used[one.name]),
                    "words": sorted(words_in(one)),
                    "waiting": one.name in waiting,
                }
                for one in known.values()
            ],
            "pages": [
                {k: v for k, v in msgspec.to_builtins(one).items() if k != "text"}
                for one in saved_pages(self._help)
            ],
            "intents": intents_of(project.domain),
            "waiting": {"responses": waiting, "model": current.model if current else None},
            "limits": {
                "text": responses.ANSWER_AT_MOST,
                "variations": responses.VARIATIONS_AT_MOST,
                "buttons": responses.BUTTONS_AT_MOST,
                "title": responses.TITLE_AT_MOST,
            },
            "widget": {"styles": widget_styles(), "bot": self._bot},
        }

    def _previewed(self, new: NewVariations) -> dict[str, Any]:
        domain = read_domain(self._root)
        response = responses_of(domain).get(new.name)
        if response is None:
            raise UnknownResponse(
                f"There is no response {new.name[:80]}.", hint="It was removed meanwhile."
            )
        problem = _problem(new.variations, response, frozenset(intents_of(domain)))
        return {**problem, "messages": [as_sent(one) for one in new.variations]}

    def _page_previewed(self, new: NewText) -> dict[str, Any]:
        try:
            page = checked_page(new.page or "page", new.text)
        except HelpPageError as why:
            return {
                "problem": why.message,
                "hint": why.hint,
                "line": why.line,
                "title": "",
                "sections": [],
                "messages": [],
            }
        told = responses_of(read_domain(self._root)).get("utter_help")
        words = {"title": page.title, "link": f"/help/{page.slug}"}
        return {
            "problem": "",
            "hint": "",
            "line": 0,
            "title": page.title,
            "sections": [
                {"heading": one.heading or one.title, "text": one.text} for one in page.passages
            ],
            "messages": [
                as_sent(told.variations[0], {**words, "answer": excerpt(one)})
                for one in page.passages
            ]
            if told and told.variations
            else [],
        }


def _problem(
    variations: Sequence[Variation], response: Response, intents: frozenset[str]
) -> dict[str, str]:
    try:
        check_variations(variations, response.name, words_in(response), intents)
    except BadAnswer as why:
        return {"problem": why.message, "hint": why.hint}
    return {"problem": "", "hint": ""}


def as_sent(one: Variation, values: Mapping[str, str] = SAMPLES) -> dict[str, Any]:
    """A text as a customer gets it, with `values` for its words in braces."""

    def value(match: re.Match[str]) -> str:
        return values.get(match[1]) or SAMPLES.get(match[1]) or match[1].replace("_", " ")

    return {
        "text": re.sub(r"\{(\w+)\}", value, one.text),
        "buttons": [button.title for button in one.buttons],
    }


def excerpt(passage: Passage) -> str:
    """The first sentences of a passage, as many as a chat holds. Which ones a customer gets depends
    on the question."""
    text = ""
    for i, sentence in enumerate(passage.sentences):
        same = i and sentence.block == passage.sentences[i - 1].block
        longer = f"{text}{' ' if same else chr(10) if i else ''}{sentence.text}"
        if i and len(longer) > EXCERPT_AT_MOST:
            break
        text = longer
    return text


@lru_cache(maxsize=1)
def widget_styles() -> str:
    """The widget's own style sheet, so that a preview looks as customers see it."""
    found = re.search(r"const STYLES = `([^`]*)`", _WIDGET.read_text(encoding="utf-8"))
    if found is None:
        raise LookupError("widget.js has no STYLES")
    return found[1]


async def _long_body(request: Request, shape: type[T]) -> T:
    """A request's JSON that may hold a help page.

    Raises: TextTooLong, BadRequest."""
    too_large = TextTooLong(
        f"The page is larger than {FILE_AT_MOST // 1000} kB.",
        hint="Make several pages of it, each about one subject.",
    )
    raw = await wire.read(
        request, PAGE_BODY_AT_MOST, within=wire.BODY_WITHIN_S, too_large=too_large
    )
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
        raise wire.BadRequest(f"The request cannot be read: {why}.") from None
