"""Pages and files for browsers: the demo shop, the widget's script, health, the API description.

Belongs here: what has no state. Does not belong here: the console (`bot.web.desk`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

HERE = Path(__file__).parent

#: What the widget's file has for readers only: comments on lines of their own and behind code,
#: indentation, line ends behind which JavaScript and CSS expect none, and blanks beside braces,
#: around operators that no text contains, and between two declarations of CSS.
FOR_READERS = (
    re.compile(r"(?ms)^[ \t]*(?://[^\n]*|/\*.*?\*/)\n"),
    re.compile(r"(?<=[;,{}()\[\]>]) // [^\n]*"),
    re.compile(r"(?m)^[ \t]+"),
    re.compile(r"(?<=[;,{}()>=:?])\n"),
    re.compile(r"(?<=\{) | (?=[{}])"),
    re.compile(r" (?==>|===|!==|&&|\|\||\?\?)|(?<==>|&&|\|\||\?\?) |(?<====|!==) "),
    re.compile(r"(?<=[;}]) (?=[a-z-]+: )|(?<=[a-z]:) (?=[^;{}`\"'/|=\n]+;)"),
)

#: The demo page needs nothing from anywhere else; the widget draws its own styles.
DEMO_POLICY = (
    "default-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


COMPRESSED = Middleware(GZipMiddleware, minimum_size=500)


class Revalidated(StaticFiles):
    """Files that browsers ask about each time: after an upgrade no page mixes old and new."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        response = super().file_response(*args, **more)
        response.headers["Cache-Control"] = "no-cache"
        return response


def routes(
    *,
    demo: Mapping[str, Any],
    health: Callable[[], Awaitable[dict[str, str]]],
    description: Mapping[str, Any],
) -> list[BaseRoute]:
    """`demo`: what the demo page's template gets. `health`: state of each part by name; it raises
    StoreUnavailable when the gateway cannot do its work. `description`: the OpenAPI document."""
    templates = Jinja2Templates(HERE / "templates")
    script = widget_script()

    async def demo_page(request: Request) -> Response:
        response = templates.TemplateResponse(request, "demo.html", dict(demo))
        response.headers["Content-Security-Policy"] = DEMO_POLICY
        return response

    async def chat_page(request: Request) -> Response:
        """Where the link in an e-mail leads. What it opens stands behind the #, which browsers keep
        from servers and from other sites."""
        response = templates.TemplateResponse(request, "chat.html", dict(demo))
        response.headers["Content-Security-Policy"] = DEMO_POLICY
        response.headers["Cache-Control"] = "no-store"
        return response

    async def widget(request: Request) -> Response:
        # Short-lived: a shop's pages get a new widget within minutes of an upgrade.
        headers = {
            "Cache-Control": "public, max-age=300",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return Response(script, media_type="text/javascript", headers=headers)

    async def healthz(request: Request) -> Response:
        return JSONResponse(await health())

    async def openapi(request: Request) -> Response:
        return JSONResponse(description)

    return [
        Route("/", demo_page),
        Route("/chat", chat_page),
        Route("/widget.js", widget, middleware=[COMPRESSED]),
        Route("/healthz", healthz),
        Route("/openapi.json", openapi),
        Mount("/static", Revalidated(directory=HERE / "static"), middleware=[COMPRESSED]),
    ]


def widget_script() -> str:
    """The widget as browsers get it: without what is only for who reads the file, as each visitor
    of a shop would have to carry it."""
    script = (HERE / "static" / "widget.js").read_text()
    for unwanted in FOR_READERS:
        script = unwanted.sub("", script)
    return script
