"""The HTTP shop against a real server: requests, answers, and everything that goes wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from actions.shop import http
from actions.shop.http import HttpShop
from actions.shop.protocol import (
    ChangeKind,
    NotAllowed,
    OrderNotFound,
    OrderState,
    Proof,
    RefundState,
    Refusal,
    ShopMisconfigured,
    ShopUnavailable,
)

ANNA = Proof("NL-10482", "anna@example.com")
ITEM = {"sku": "A-M", "name": "Jacket", "size": "M", "quantity": 1, "price_cents": 18900}
ORDER = {
    "number": "NL-10482",
    "name": "Anna Lindqvist",
    "state": "shipped",
    "placed_on": "2026-05-01",
    "delivered_on": None,
    "items": [ITEM],
    "total_cents": 18900,
    "city": "Oslo",
    "payment": "Visa card",
    "parcel": {
        "carrier": "DHL",
        "tracking_number": "123",
        "tracking_url": "https://track.example/123",
        "last_event": "sorted",
        "expected_on": "2026-05-05",
    },
}
SENDING = {"label_url": "https://l.example/1.pdf", "items": [ITEM], "send_by": "2026-05-20"}


class FakeShop(ThreadingHTTPServer):
    """Answers every call with `status` and `body`; remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = 200
        self.body: Any = ORDER
        self.silent = threading.Event()
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: FakeShop

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers, body))
        if self.server.silent.is_set():
            self.server.silent.wait(0)
            self.close_connection = True
            return
        text = self.server.body if isinstance(self.server.body, str) else None
        data = (text if text is not None else json.dumps(self.server.body)).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Location", "https://elsewhere.example/")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def fake() -> Iterator[FakeShop]:
    server = FakeShop()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(fake: FakeShop) -> Iterator[HttpShop]:
    shop = HttpShop(fake.url, "secret")
    yield shop
    shop.close()


def test_an_order_is_read(shop: HttpShop) -> None:
    order = shop.order(ANNA)
    assert (order.state, order.items[0].title) == (OrderState.SHIPPED, "Jacket, size M")
    assert order.parcel is not None
    assert order.parcel.carrier == "DHL"


def test_the_e_mail_is_in_the_body_and_never_in_the_url(shop: HttpShop, fake: FakeShop) -> None:
    shop.order(ANNA)
    path, headers, body = fake.asked[0]
    assert path == "/orders/NL-10482/lookup"
    assert body == {"email": "anna@example.com"}
    assert headers["authorization"] == "Bearer secret"
    assert "idempotency-key" not in headers


def test_the_same_wish_has_the_same_key(shop: HttpShop, fake: FakeShop) -> None:
    fake.body = SENDING
    shop.start_return(ANNA, ("B", "A"), "too small")
    shop.start_return(ANNA, ("A", "B"), "too small")
    shop.start_return(ANNA, ("A",), "too small")
    keys = [headers["idempotency-key"] for _, headers, _ in fake.asked]
    assert keys[0] == keys[1] != keys[2]


def test_every_call_has_its_path_and_body(shop: HttpShop, fake: FakeShop) -> None:
    shop.cancel(ANNA)
    shop.change(ANNA, ChangeKind.ADDRESS, "Storgata 12")
    fake.body = {**SENDING, "new_size": "L"}
    assert shop.start_exchange(ANNA, "A-M", "L").new_size == "L"
    assert [(path, body) for path, _, body in fake.asked] == [
        ("/orders/NL-10482/cancel", {"email": "anna@example.com"}),
        (
            "/orders/NL-10482/changes",
            {"email": "anna@example.com", "kind": "address", "details": "Storgata 12"},
        ),
        ("/orders/NL-10482/exchanges", {"email": "anna@example.com", "sku": "A-M", "size": "L"}),
    ]


def test_a_refund_may_be_none(shop: HttpShop, fake: FakeShop) -> None:
    fake.body = {"refund": None}
    assert shop.refund(ANNA) is None
    fake.body = {"refund": {"amount_cents": 100, "state": "pending"}}
    refund = shop.refund(ANNA)
    assert refund is not None
    assert refund.state is RefundState.PENDING


def test_404_is_no_such_order(shop: HttpShop, fake: FakeShop) -> None:
    fake.status, fake.body = 404, {"error": "the e-mail is wrong"}
    with pytest.raises(OrderNotFound) as error:
        shop.order(ANNA)
    assert str(error.value) == ""


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"code": "already_packed"}, Refusal.ALREADY_PACKED),
        ({"code": "out_of_stock"}, Refusal.OUT_OF_STOCK),
        ({"code": "moon_phase"}, Refusal.OTHER),
        ({}, Refusal.OTHER),
        ("not json", Refusal.OTHER),
    ],
)
def test_409_says_why(shop: HttpShop, fake: FakeShop, body: Any, refusal: Refusal) -> None:
    fake.status, fake.body = 409, body
    with pytest.raises(NotAllowed) as error:
        shop.cancel(ANNA)
    assert error.value.refusal is refusal


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_named(shop: HttpShop, fake: FakeShop, status: int) -> None:
    fake.status = status
    with pytest.raises(ShopMisconfigured, match="SHOP_API_TOKEN"):
        shop.order(ANNA)


def test_redirects_are_not_followed_with_the_token(shop: HttpShop, fake: FakeShop) -> None:
    fake.status = 302
    with pytest.raises(ShopMisconfigured, match="SHOP_API_URL"):
        shop.order(ANNA)
    assert len(fake.asked) == 1


@pytest.mark.parametrize("status", [400, 429, 500, 502, 503])
def test_other_statuses_mean_unavailable(shop: HttpShop, fake: FakeShop, status: int) -> None:
    fake.status = status
    with pytest.raises(ShopUnavailable, match=str(status)):
        shop.order(ANNA)


@pytest.mark.parametrize(
    "body",
    [
        "<html>maintenance</html>",
        [],
        {},
        {**ORDER, "state": "lost"},
        {**ORDER, "items": []},
        {**ORDER, "placed_on": "yesterday"},
        {**ORDER, "total_cents": "a lot"},
    ],
)
def test_an_answer_that_makes_no_sense_means_unavailable(
    shop: HttpShop, fake: FakeShop, body: Any
) -> None:
    fake.body = body
    with pytest.raises(ShopUnavailable):
        shop.order(ANNA)


def test_a_shop_that_hangs_up_is_unavailable(shop: HttpShop, fake: FakeShop) -> None:
    fake.silent.set()
    with pytest.raises(ShopUnavailable):
        shop.order(ANNA)


def test_a_slow_shop_is_unavailable() -> None:
    def too_slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("3 s are over", request=request)

    shop = HttpShop("http://shop.example", "secret", transport=httpx.MockTransport(too_slow))
    with pytest.raises(ShopUnavailable, match="ReadTimeout"):
        shop.order(ANNA)
    shop.close()


def test_the_timeouts_fit_the_deadline_of_a_turn() -> None:
    assert http.TIMEOUT.read is not None
    assert http.TIMEOUT.read <= 3.0


def test_nobody_listening_means_unavailable(fake: FakeShop) -> None:
    shop = HttpShop("http://127.0.0.1:9", "secret")
    with pytest.raises(ShopUnavailable):
        shop.order(ANNA)
    shop.close()


def test_an_address_without_http_is_refused() -> None:
    with pytest.raises(ValueError, match="SHOP_API_URL"):
        HttpShop("shop.example", "secret")


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="SHOP_API_TOKEN"):
        HttpShop("https://shop.example", "")
