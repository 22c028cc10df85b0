"""Putting models into service from the studio: who may, what is refused, and what is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from bot.instance import Running, announce, only_one
from bot.learning.promotion import Promotions, Stage
from bot.learning.registry import Evaluated, Figures, Model, Promoted, Registry, Trained
from bot.web.logins import Logins
from bot.web.studio.promotion import PromotionPages
from tests.agent_client import error
from tests.web.conftest import at_studio

OLD, NOW, WORSE = (f"deskhand-{name}.tar.gz" for name in ("old", "now", "worse"))
RUN = "this-run"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """`NOW` serves, in place of `OLD`; the candidate `WORSE` did not pass."""
    models = tmp_path / "models"
    models.mkdir()
    registry = Registry(models)
    for name in (OLD, NOW, WORSE):
        (models / name).write_text("model")
    registry.make_current(Model(model=NOW, fingerprint="f", trained_at=2, seconds=1.0))
    registry.record(Promoted(model=NOW, at=2, by="anna", before=OLD))
    registry.record(
        Trained(model=WORSE, at=3, by="anna", fingerprint="g", seconds=1.0, candidate=True)
    )
    registry.record(
        Evaluated(
            model=WORSE,
            at=4,
            by="anna",
            against=NOW,
            report="r.json",
            passed=False,
            reasons=("refund fell.",),
            figures=Figures(),
            before=Figures(),
        )
    )
    return models


@contextmanager
def up(var: Path, run: str = RUN) -> Iterator[None]:
    """As if `deskhand up` ran."""
    with only_one(var):
        announce(var, Running(pid=os.getpid(), url="", redis_url="", run=run, model=NOW))
        yield


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def pages(redis: Redis[bytes], models: Path, var: Path) -> PromotionPages:
    return PromotionPages(Promotions(redis), models, run=RUN, var=var)


@pytest.fixture
async def owner(logins: Logins, pages: PromotionPages) -> httpx.AsyncClient:
    return await at_studio("olga", logins, pages)


async def test_a_rollback_is_asked_for_in_the_owners_name(
    owner: httpx.AsyncClient, var: Path, redis: Redis[bytes]
) -> None:
    assert (await owner.get("/models/promotion")).json() == {"promotion": None}
    with up(var):
        answer = await owner.post("/models/rollback", json={"because": "it was better"})
    assert answer.status_code == 202, answer.text
    wish = answer.json()["promotion"]
    assert (wish["model"], wish["by"], wish["because"]) == (OLD, "olga", "it was better")
    assert (wish["rollback"], wish["run"], wish["stage"]) == (True, RUN, "asked")
    await Promotions(redis).say(wish["id"], Stage.WORKING, progress="loading")
    shown = (await owner.get("/models/promotion")).json()["promotion"]
    assert (shown["stage"], shown["progress"]) == ("working", "loading")


async def test_what_did_not_pass_needs_a_written_reason(
    owner: httpx.AsyncClient, var: Path
) -> None:
    with up(var):
        refused = await owner.post(f"/models/{WORSE}/promote", json={})
        assert error(refused) == (409, "promotion_refused")
        assert "refund fell." in refused.json()["error"]["message"]
        answer = await owner.post(f"/models/{WORSE}/promote", json={"because": "all the same"})
    assert answer.status_code == 202
    assert answer.json()["promotion"]["overridden"] == ["refund fell."]


async def test_a_second_one_is_told_who_was_first(owner: httpx.AsyncClient, var: Path) -> None:
    with up(var):
        await owner.post("/models/rollback", json={})
        refused = await owner.post(f"/models/{WORSE}/promote", json={"because": "me, too"})
    assert error(refused) == (409, "promotion_running")
    assert "for olga since" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        (NOW, 409, "promotion_refused"),
        ("deskhand-none.tar.gz", 404, "unknown_model"),
        ("..%2Fsecrets", 404, None),
    ],
)
async def test_what_serves_or_is_not_there_is_refused(
    owner: httpx.AsyncClient, var: Path, name: str, status: int, code: str | None
) -> None:
    with up(var):
        answer = await owner.post(f"/models/{name}/promote", json={"because": "why not"})
    assert answer.status_code == status
    if code:
        assert error(answer) == (status, code)


async def test_a_reason_is_text_and_no_novel(owner: httpx.AsyncClient, var: Path) -> None:
    with up(var):
        for body in ({"because": "x" * 1_001}, {"because": 7}, {"reason": "x"}):
            answer = await owner.post("/models/rollback", json=body)
            assert error(answer) == (400, "bad_request")


@pytest.mark.parametrize("run", [None, "another-run"])
async def test_a_gateway_that_up_did_not_start_refuses(
    owner: httpx.AsyncClient, var: Path, run: str | None
) -> None:
    if run is None:
        answer = await owner.post("/models/rollback", json={})
    else:
        with up(var, run):
            answer = await owner.post("/models/rollback", json={})
    assert error(answer) == (409, "promotion_refused")
    assert "deskhand promote" in answer.json()["error"]["hint"]


@pytest.mark.parametrize(("login", "status"), [(None, 401), ("anna", 403)])
async def test_only_owners_get_in(
    logins: Logins,
    redis: Redis[bytes],
    pages: PromotionPages,
    login: str | None,
    status: int,
) -> None:
    http = await at_studio(login, logins, pages)
    for path in (f"/models/{OLD}/promote", "/models/rollback"):
        assert (await http.post(path, json={})).status_code == status
    assert (await http.get("/models/promotion")).status_code == status
    assert await Promotions(redis).latest() is None
