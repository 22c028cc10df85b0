"""The API's description is valid and describes just the routes that there are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, cast

from openapi_spec_validator import validate_spec
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from bot.app import build
from bot.settings import Secret, Settings
from bot.web.openapi import OPERATIONS, describe


def test_the_description_is_valid_openapi() -> None:
    validate_spec(cast(dict[Hashable, Any], describe()))


def test_every_api_route_is_described_and_every_description_is_a_route() -> None:
    app = build(
        Settings(redis_url=Secret("redis://127.0.0.1:1/0"), assistant_token=Secret("token"))
    )
    described = {(operation.method.upper(), operation.path) for operation in OPERATIONS}
    api = {route for route in _routes(app) if route[1].startswith(("/api/", "/healthz"))}
    # The studio's calls are for its own pages, and change with them: `bot.web.studio` tells them.
    assert described == {route for route in api if not route[1].startswith("/api/studio/")}


def _routes(app: Starlette) -> set[tuple[str, str]]:
    found = set()
    for route in app.routes:
        inner = route.routes if isinstance(route, Mount) else [route]
        prefix = route.path if isinstance(route, Mount) else ""
        for one in inner:
            if isinstance(one, Route):
                for method in (one.methods or set()) - {"HEAD"}:
                    found.add((method, prefix + one.path))
    return found
