"""Answers and help pages over HTTP: listed, previewed, saved, and never overwritten unseen."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from bot.events import Agent
from bot.learning.registry import Model, Registry
from bot.web import wire
from bot.web.studio.answers import AnswerPages, excerpt, widget_styles
from tests.agent_client import error

ROOT = Path(__file__).parents[2]
MODEL = "deskhand-000000000000.tar.gz"
PAGE = "# Washing a jacket\n\nAlone.\n\n## In the machine\n\nAt 30 °C. Then dry it.\n"


async def olga(_: Request) -> Agent:
    """Who may come in is tested with the studio's guard."""
    return Agent(login="olga", name="Olga")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(ROOT / "domain.yml", root)
    for folder in ("data/rules", "data/help", "actions"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / "models").mkdir()
    return root


@pytest.fixture
async def http(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    pages = AnswerPages(
        root=root, help=root / "data/help", models=root / "models", bot="Nordlys bot"
    )
    app = Starlette(routes=pages.routes(olga), exception_handlers=wire.HANDLERS)
    transport = httpx.ASGITransport(app=app)
    base = "http://studio.test/api/studio/"
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        yield client


async def response(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    listed = (await http.get("answers")).json()["responses"]
    found: dict[str, Any] = next(one for one in listed if one["name"] == name)
    return found


def serve(root: Path, replies: dict[str, Any]) -> None:
    """A model whose domain has these responses."""
    raw = json.dumps({"domain": {"responses": replies}}).encode()
    with tarfile.open(root / "models" / MODEL, "w:gz") as archive:
        about = tarfile.TarInfo("metadata.json")
        about.size = len(raw)
        archive.addfile(about, io.BytesIO(raw))
    model = Model(model=MODEL, fingerprint="0" * 64, trained_at=1, seconds=1.0)
    Registry(root / "models").make_current(model)


# ------------------------------------------------------------------------------------- listing


async def test_everything_that_is_said_is_listed_with_its_uses(http: httpx.AsyncClient) -> None:
    found = (await http.get("answers")).json()
    by_name = {one["name"]: one for one in found["responses"]}
    assert len(by_name) > 100
    assert by_name["utter_refund_policy"]["uses"][1] == {
        "words": "answers refund_policy",
        "where": "data/rules/returns.yml",
        "intent": "refund_policy",
    }
    assert by_name["utter_what_about_order"]["words"] == ["order_number"]
    assert by_name["utter_greet"]["variations"][0]["buttons"][0] == {
        "title": "Where is my order?",
        "payload": "/order_status",
    }
    assert {"page": "gift-cards", "problem": ""}.items() <= next(
        one for one in found["pages"] if one["page"] == "gift-cards"
    ).items()
    assert "order_status" in found["intents"]
    assert found["widget"]["bot"] == "Nordlys bot"
    assert ".bubble" in found["widget"]["styles"]


async def test_what_differs_from_the_model_that_serves_waits(
    http: httpx.AsyncClient, root: Path
) -> None:
    assert (await http.get("answers")).json()["waiting"] == {"responses": [], "model": None}
    listed = (await http.get("answers")).json()["responses"]
    serve(root, {one["name"]: one["variations"] for one in listed})
    assert (await http.get("answers")).json()["waiting"] == {"responses": [], "model": MODEL}
    seen = await response(http, "utter_goodbye")
    body = {"variations": [{"text": "Bye!"}], "version": seen["version"]}
    assert (await http.post("answers/utter_goodbye", json=body)).status_code == 200
    found = (await http.get("answers")).json()
    assert found["waiting"]["responses"] == ["utter_goodbye"]
    assert [one["name"] for one in found["responses"] if one["waiting"]] == ["utter_goodbye"]


async def test_a_model_that_cannot_be_read_is_no_reason_to_show_nothing(
    http: httpx.AsyncClient, root: Path
) -> None:
    serve(root, {})
    (root / "models" / MODEL).write_bytes(b"torn")
    assert (await http.get("answers")).json()["waiting"]["responses"] == []


async def test_a_broken_domain_is_told_with_line_and_column(
    http: httpx.AsyncClient, root: Path
) -> None:
    (root / "domain.yml").write_text("responses:\n  utter_a:\n  - text: [\n")
    answer = await http.get("answers")
    assert error(answer) == (409, "broken_file")
    assert "domain.yml, line 4, column 1" in answer.json()["error"]["message"]


# ------------------------------------------------------------------------------------- answers


async def test_an_answer_is_saved_into_its_own_lines(http: httpx.AsyncClient, root: Path) -> None:
    before = (root / "domain.yml").read_text()
    seen = await response(http, "utter_goodbye")
    texts = ["Goodbye, and enjoy the outdoors!", "<b>Ha det</b> – #1: 'see' you"]
    body = {"variations": [{"text": text} for text in texts], "version": seen["version"]}
    saved = (await http.post("answers/utter_goodbye", json=body)).json()
    assert [one["text"] for one in saved["variations"]] == texts
    assert saved["version"] != seen["version"]
    lines = (root / "domain.yml").read_text().splitlines()
    assert len(set(before.splitlines()) ^ set(lines)) == 3


async def test_two_owners_do_not_overwrite_each_other(http: httpx.AsyncClient, root: Path) -> None:
    seen = await response(http, "utter_goodbye")
    body = {"variations": [{"text": "Mine"}], "version": seen["version"]}
    assert (await http.post("answers/utter_goodbye", json=body)).status_code == 200
    answer = await http.post(
        "answers/utter_goodbye", json={**body, "variations": [{"text": "Yours"}]}
    )
    assert error(answer) == (409, "changed_meanwhile")
    assert "Yours" not in (root / "domain.yml").read_text()


@pytest.mark.parametrize(
    ("name", "variations", "status", "code"),
    [
        ("utter_goodbye", [], 422, "bad_answer"),
        ("utter_goodbye", [{"text": " "}], 422, "bad_answer"),
        ("utter_goodbye", [{"text": "{order_number}"}], 422, "bad_answer"),
        ("utter_goodbye", [{"text": "x" * 2001}], 422, "bad_answer"),
        (
            "utter_goodbye",
            [{"text": "x", "buttons": [{"title": "a", "payload": "/nowhere"}]}],
            422,
            "bad_answer",
        ),
        ("utter_gone", [{"text": "x"}], 404, "unknown_response"),
        ("utter_goodbye", [{"words": "x"}], 400, "bad_request"),
        ("utter_goodbye", [{"text": "x" * 70_000}], 413, "text_too_long"),
    ],
)
async def test_what_customers_must_not_get_is_refused(
    http: httpx.AsyncClient, root: Path, name: str, variations: Any, status: int, code: str
) -> None:
    before = (root / "domain.yml").read_bytes()
    answer = await http.post(f"answers/{name}", json={"variations": variations, "version": ""})
    if code == "bad_answer":  # the version is looked at first
        version = (await response(http, name))["version"]
        body = {"variations": variations, "version": version}
        answer = await http.post(f"answers/{name}", json=body)
    assert error(answer) == (status, code)
    assert (root / "domain.yml").read_bytes() == before


async def test_a_preview_shows_what_a_customer_would_get(http: httpx.AsyncClient) -> None:
    body = {
        "name": "utter_what_about_order",
        "variations": [
            {
                "text": "Order {order_number}, <script>alert(1)</script>",
                "buttons": [{"title": "Where is it?", "payload": "/order_status"}],
            }
        ],
    }
    found = (await http.post("answers/preview", json=body)).json()
    assert found == {
        "problem": "",
        "hint": "",
        "messages": [
            {"text": "Order NL-10482, <script>alert(1)</script>", "buttons": ["Where is it?"]}
        ],
    }
    body["variations"] = [{"text": "{nobody_knows} this"}]
    found = (await http.post("answers/preview", json=body)).json()
    assert found["problem"].startswith("Text 1 of utter_what_about_order uses {nobody_knows}")
    assert found["messages"] == [{"text": "nobody knows this", "buttons": []}]


# ---------------------------------------------------------------------------------- help pages


async def test_a_help_page_is_read_saved_and_guarded(http: httpx.AsyncClient, root: Path) -> None:
    seen = (await http.get("help/gift-cards")).json()
    assert seen["text"].startswith("---\n")
    text = seen["text"] + "\n## New\n\nA new one.\n"
    body = {"text": text, "version": seen["version"]}
    saved = (await http.post("help/gift-cards", json=body)).json()
    assert (root / "data/help/gift-cards.md").read_text() == text
    assert error(await http.post("help/gift-cards", json=body)) == (409, "changed_meanwhile")
    again = {"text": seen["text"], "version": saved["version"]}
    assert (await http.post("help/gift-cards", json=again)).status_code == 200


async def test_a_new_page_takes_nobodys_place(http: httpx.AsyncClient, root: Path) -> None:
    assert error(await http.get("help/washing-wool")) == (404, "unknown_page")
    body = {"text": PAGE.replace("\n", "\r\n"), "version": ""}
    assert (await http.post("help/washing-wool", json=body)).status_code == 200
    assert (root / "data/help/washing-wool.md").read_text() == PAGE
    assert error(await http.post("help/washing-wool", json=body)) == (409, "changed_meanwhile")


@pytest.mark.parametrize("name", ["../../domain", "..%2F..%2Fdomain", "UPPER", "readme", "a_b"])
async def test_no_name_leads_out_of_the_folder(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.post(f"help/{name}", json={"text": PAGE, "version": ""})
    assert answer.status_code in {404, 405}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("No title.\n", "line 1: the page has no title"),
        ("# A\n\n<b>no</b>\n", "line 3: this is HTML"),
        ("---\ntopic: [\n---\n# A\n\nText.\n", "line 2: the block at the top is no YAML"),
        ("# A\n\n[x](ftp://a.example)\n", "line 3: the link"),
        ("# A\n\nA bell \x07\n", "line 3: a sign that cannot be shown"),
        ("# A\n\n" + "long " * 30_000, "at most 100 kB"),
    ],
)
async def test_a_page_that_would_not_be_shown_is_refused(
    http: httpx.AsyncClient, root: Path, text: str, problem: str
) -> None:
    answer = await http.post("help/new-page", json={"text": text, "version": ""})
    assert error(answer) == (422, "help_page")
    assert problem in answer.json()["error"]["message"]
    assert not (root / "data/help/new-page.md").exists()
    found = (await http.post("help/preview", json={"text": text, "page": "new-page"})).json()
    assert problem in found["problem"]


async def test_a_page_is_previewed_as_it_will_be_told(http: httpx.AsyncClient) -> None:
    found = (await http.post("help/preview", json={"text": PAGE, "page": "washing"})).json()
    assert (found["problem"], found["title"]) == ("", "Washing a jacket")
    assert [one["heading"] for one in found["sections"]] == ["Washing a jacket", "In the machine"]
    assert found["messages"][1]["text"].startswith("At 30 °C. Then dry it.\n\nWashing a jacket: ")
    assert found["messages"][1]["buttons"] == ["Yes", "No"]


async def test_a_page_that_was_broken_by_hand_is_listed_with_its_mistake(
    http: httpx.AsyncClient, root: Path
) -> None:
    (root / "data/help/gift-cards.md").write_text("# One\n\nText.\n\n# Two\n\nText.\n")
    pages = (await http.get("answers")).json()["pages"]
    (found,) = [one for one in pages if one["page"] == "gift-cards"]
    assert "line 5: a second title" in found["problem"]
    assert (await http.get("help/gift-cards")).json()["text"].startswith("# One")


# ----------------------------------------------------------------------------------- previews


def test_the_previews_styles_are_the_widgets() -> None:
    assert ":host" in widget_styles()
    assert "`" not in widget_styles()


def test_an_excerpt_is_what_a_chat_holds() -> None:
    from bot.learning.help_edits import checked_page

    text = f"# A\n\n{'A sentence of some words. ' * 40}\n\nThe end.\n"
    (passage, *_) = checked_page("a", text).passages
    assert 300 < len(excerpt(passage)) <= 400
    (passage,) = checked_page("a", "# A\n\nOne. Two.\n\n- three\n- four\n").passages
    assert excerpt(passage) == "One. Two.\nthree\nfour"
