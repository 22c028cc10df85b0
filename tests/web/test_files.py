"""Files over HTTP: customers and agents send them, see them, and get no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from bot.events import File
from bot.web.files import FILES_PER_MESSAGE, UPLOADS, disposition
from tests.agent_client import AgentClient, error, new_id
from tests.customer import Customer
from tests.gateway import RunningGateway
from tests.sample_files import PDF, WINDOWS_PROGRAM, png


def send(customer: Customer, name: str, data: bytes, **more: str) -> httpx.Response:
    params = {"name": name, "client_id": new_id(), **more}
    return customer.http.post("/files", params=params, content=data)


def sent(customer: Customer, name: str = "tent.png", data: bytes | None = None) -> dict[str, Any]:
    response = send(customer, name, png() if data is None else data)
    assert response.status_code == 201, response.text
    file: dict[str, Any] = response.json()
    return file


def path_of(conversation: str, id: str = "") -> str:
    return f"/api/desk/conversations/{conversation}/files{'/' if id else ''}{id}"


async def test_a_customers_file_reaches_the_agent(customer: Customer, anna: AgentClient) -> None:
    file = sent(customer)
    assert {**file, "id": ""} == {
        "id": "",
        "name": "tent.png",
        "type": "image/png",
        "size": len(png()),
    }
    customer.post("/handoff")
    customer.say("", files=[file["id"]])
    conversation = customer.session["conversation"]
    events = (await anna.look(conversation))["events"]
    (spoke,) = [event for event in events if event["kind"] == "customer_spoke"]
    assert (spoke["text"], spoke["files"]) == ("", [file])
    got = await anna.http.get(path_of(conversation, file["id"]))
    assert (got.status_code, got.content) == (200, png())
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"].startswith('inline; filename="tent.png"')
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "no-store" in got.headers["cache-control"]


async def test_an_agents_file_reaches_the_customer(customer: Customer, anna: AgentClient) -> None:
    customer.post("/handoff")
    conversation = customer.session["conversation"]
    response = await anna.http.post(
        path_of(conversation), params={"name": "label.pdf", "client_id": new_id()}, content=PDF
    )
    assert response.status_code == 201, response.text
    file = response.json()
    await anna.do(conversation, "reply", text="Here is the label.", files=[file["id"]])
    spoke = customer.log(lambda log: bool(log[-1]["kind"] == "agent_spoke"))[-1]
    assert spoke["files"] == [file]
    got = customer.http.get(f"/files/{file['id']}")
    assert got.content == PDF
    assert got.headers["content-disposition"].startswith("attachment;")


async def test_a_file_that_was_taken_back_is_gone_for_the_customer(
    customer: Customer, anna: AgentClient
) -> None:
    customer.post("/handoff")
    conversation = customer.session["conversation"]
    params = {"name": "somebody else's.pdf", "client_id": new_id()}
    response = await anna.http.post(path_of(conversation), params=params, content=PDF)
    id = response.json()["id"]
    seq = await anna.do(conversation, "reply", text="", files=[id])
    assert customer.http.get(f"/files/{id}").status_code == 200
    await anna.do(conversation, "retract", of=seq)
    assert error(customer.http.get(f"/files/{id}")) == (404, "unknown_file")
    assert (await anna.http.get(path_of(conversation, id))).status_code == 200


def test_an_upload_that_is_repeated_is_the_same_file(customer: Customer) -> None:
    once = new_id()
    first = send(customer, "tent.png", png(), client_id=once)
    assert send(customer, "tent.png", png(), client_id=once).json() == first.json()


def test_a_message_needs_a_text_or_a_file(customer: Customer) -> None:
    assert error(customer.post("/messages", text="")) == (422, "text_empty")


def test_a_message_carries_only_files_of_its_own_chat(
    customer: Customer, gateway: RunningGateway
) -> None:
    other = Customer(gateway)
    file = sent(other)
    assert error(customer.post("/messages", text="", files=[file["id"]])) == (404, "unknown_file")
    assert error(customer.http.get(f"/files/{file['id']}")) == (404, "unknown_file")
    assert error(customer.http.get("/files/x:about")) == (404, "unknown_file")
    other.http.close()


def test_nobody_gets_a_file_without_a_session(customer: Customer, gateway: RunningGateway) -> None:
    file = sent(customer)
    conversation = customer.session["conversation"]
    with httpx.Client(base_url=gateway.url, trust_env=False) as stranger:
        assert stranger.get(f"/api/chat/files/{file['id']}").status_code == 401
        assert stranger.get(path_of(conversation, file["id"])).status_code == 401
        params = {"name": "a.png", "client_id": new_id()}
        assert stranger.post("/api/chat/files", params=params).status_code == 401
        assert stranger.post(path_of(conversation), params=params).status_code == 401


async def test_an_agents_upload_needs_the_pages_own_token(
    customer: Customer, anna: AgentClient
) -> None:
    del anna.http.headers["X-CSRF-Token"]
    response = await anna.http.post(
        path_of(customer.session["conversation"]),
        params={"name": "label.pdf", "client_id": new_id()},
        content=PDF,
    )
    assert error(response) == (403, "csrf_failed")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (WINDOWS_PROGRAM, (415, "file_not_taken")),
        (b"", (415, "file_not_taken")),
        (b"x" * (10 * 1024**2 + 1), (413, "file_too_large")),
    ],
)
def test_what_cannot_be_taken_is_refused(
    customer: Customer, data: bytes, expected: tuple[int, str]
) -> None:
    assert error(send(customer, "tent.png", data)) == expected


def test_a_body_that_grows_beyond_the_bound_is_cut_off(customer: Customer) -> None:
    """Chunked: nothing says beforehand how long it will be."""
    response = customer.http.post(
        "/files",
        params={"name": "a.txt", "client_id": new_id()},
        content=(b"x" * 1024**2 for _ in range(11)),
    )
    assert error(response) == (413, "file_too_large")


@pytest.mark.parametrize("wrong", [{"name": ""}, {"client_id": "short"}, {"client_id": "a b" * 5}])
def test_an_upload_says_its_name_and_its_id(customer: Customer, wrong: dict[str, str]) -> None:
    assert error(send(customer, **{"name": "a.png", **wrong}, data=png())) == (400, "bad_request")


def test_uploads_are_not_endless(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    # A slow machine, too, sends them faster than it may.
    monkeypatch.setattr("bot.web.files.UPLOADS", replace(UPLOADS, per_second=0.001))
    for _ in range(int(UPLOADS.burst)):
        sent(customer)
    response = send(customer, "tent.png", png())
    assert error(response) == (429, "too_many")
    assert int(response.headers["Retry-After"]) > 0


def test_a_message_carries_so_many_files_and_no_more(customer: Customer) -> None:
    id = sent(customer)["id"]
    response = customer.post("/messages", text="", files=[id] * (FILES_PER_MESSAGE + 1))
    assert error(response) == (400, "bad_request")
    customer.say("", files=[id] * FILES_PER_MESSAGE)


def test_the_size_can_be_configured(redis_url: str, assistant: Any, tmp_path: Any) -> None:
    with RunningGateway(redis_url, assistant.url, assistant.token, tmp_path, file_mb=1) as gateway:
        customer = Customer(gateway)
        response = send(customer, "a.txt", b"x" * (1024**2 + 1))
        assert error(response) == (413, "file_too_large")
        assert "1 MB" in response.json()["error"]["message"]
        customer.http.close()


def test_a_name_that_is_not_ascii_is_told_both_ways() -> None:
    told = disposition(File(id="x", name='Größe "38".pdf', type="application/pdf", size=1))
    assert told == (
        "attachment; filename=\"Gr__e _38_.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%2238%22.pdf"
    )
