"""A real shop: the shop protocol over a small JSON API that stands before the owner's shop system.

Here belong requests, the reading of answers and the mapping of HTTP errors to those of the
protocol. The API is described for owners in `docs/shop-api.md`; `API` below is the same in code.
Nothing is retried: the customer is waiting, and every call may be repeated safely anyway.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx

from actions.shop.protocol import (
    ChangeKind,
    Item,
    NotAllowed,
    Order,
    OrderNotFound,
    OrderState,
    Parcel,
    Proof,
    Refund,
    RefundState,
    Refusal,
    Sending,
    ShopMisconfigured,
    ShopUnavailable,
)

__all__ = ["HttpShop"]

TIMEOUT = httpx.Timeout(2.0, connect=1.0)
"""Seconds for one call, seconds to connect. A turn makes at most three calls, and they must all fit
into its deadline (8 s), or the shop would have acted and nobody would be told."""

API = {
    "order": "/orders/{number}/lookup",
    "cancel": "/orders/{number}/cancel",
    "change": "/orders/{number}/changes",
    "return": "/orders/{number}/returns",
    "exchange": "/orders/{number}/exchanges",
    "refund": "/orders/{number}/refund",
}
"""Every call is a POST: e-mail addresses do not belong into URLs, which end up in logs."""

T = TypeVar("T")


class HttpShop:
    """A shop at `url`, asked with `Authorization: Bearer <token>`.

    Raises ValueError when the address is not http(s) or the token is empty. `transport` is for
    tests.
    """

    def __init__(
        self, url: str, token: str, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"SHOP_API_URL is {url!r}; it must start with http:// or https://")
        if not token:
            raise ValueError("SHOP_API_URL is set but SHOP_API_TOKEN is empty; set both or none")
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=TIMEOUT,
            follow_redirects=False,
            transport=transport,
        )

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def order(self, proof: Proof) -> Order:
        """See `ShopBackend.order`."""
        return _read(_order, self._post("order", proof))

    def cancel(self, proof: Proof) -> Order:
        """See `ShopBackend.cancel`."""
        return _read(_order, self._post("cancel", proof, act=True))

    def change(self, proof: Proof, kind: ChangeKind, details: str) -> Order:
        """See `ShopBackend.change`."""
        asked = {"kind": kind.value, "details": details}
        return _read(_order, self._post("change", proof, asked, act=True))

    def start_return(self, proof: Proof, skus: tuple[str, ...], reason: str) -> Sending:
        """See `ShopBackend.start_return`."""
        asked = {"skus": sorted(skus), "reason": reason}
        return _read(_sending, self._post("return", proof, asked, act=True))

    def start_exchange(self, proof: Proof, sku: str, size: str) -> Sending:
        """See `ShopBackend.start_exchange`."""
        asked = {"sku": sku, "size": size}
        return _read(_sending, self._post("exchange", proof, asked, act=True))

    def refund(self, proof: Proof) -> Refund | None:
        """See `ShopBackend.refund`."""
        answer = self._post("refund", proof)
        return _read(_refund, answer["refund"]) if answer.get("refund") else None

    def _post(
        self,
        call: str,
        proof: Proof,
        asked: Mapping[str, Any] | None = None,
        *,
        act: bool = False,
    ) -> dict[str, Any]:
        path = API[call].format(number=proof.number)
        body = {"email": proof.email, **(asked or {})}
        headers = {"Idempotency-Key": _key(path, body)} if act else {}
        try:
            response = self._client.post(path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise ShopUnavailable(f"{call}: {type(error).__name__}: {error}") from error
        return _answer(call, response)


def _answer(call: str, response: httpx.Response) -> dict[str, Any]:
    """The JSON object of a good answer; the protocol's error for any other."""
    status = response.status_code
    try:
        body = response.json()
    except ValueError:
        body = None
    if status == 404:
        raise OrderNotFound
    if status == 409:
        code = body.get("code") if isinstance(body, dict) else None
        known = code in {refusal.value for refusal in Refusal}
        raise NotAllowed(Refusal(code) if known else Refusal.OTHER)
    if status in (401, 403):
        raise ShopMisconfigured(
            f"{call}: the shop answered {status}; check that SHOP_API_TOKEN is the shop's token"
        )
    if 300 <= status < 400:
        raise ShopMisconfigured(
            f"{call}: the shop redirects ({status}); set SHOP_API_URL to the final address"
        )
    if status != 200 or not isinstance(body, dict):
        raise ShopUnavailable(f"{call}: the shop answered {status} without usable JSON")
    return body


def _read(reader: Callable[[Any], T], value: object) -> T:
    """Reads one JSON object. Raises ShopUnavailable naming the field that is missing or wrong."""
    try:
        return reader(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ShopUnavailable(
            f"the shop's answer does not fit docs/shop-api.md: {type(error).__name__} {error}"
        ) from error


def _order(value: Mapping[str, Any]) -> Order:
    parcel = value.get("parcel")
    return Order(
        number=str(value["number"]),
        name=str(value.get("name") or ""),
        state=OrderState(value["state"]),
        placed_on=datetime.date.fromisoformat(value["placed_on"]),
        items=tuple(_item(item) for item in value["items"]),
        total_cents=int(value["total_cents"]),
        city=str(value.get("city") or ""),
        payment=str(value.get("payment") or "your payment method"),
        parcel=_parcel(parcel) if parcel else None,
        delivered_on=_day(value.get("delivered_on")),
    )


def _item(value: Mapping[str, Any]) -> Item:
    return Item(
        sku=str(value["sku"]),
        name=str(value["name"]),
        size=str(value["size"]) if value.get("size") else None,
        quantity=int(value.get("quantity", 1)),
        price_cents=int(value["price_cents"]),
    )


def _parcel(value: Mapping[str, Any]) -> Parcel:
    return Parcel(
        carrier=str(value["carrier"]),
        tracking_number=str(value["tracking_number"]),
        tracking_url=str(value["tracking_url"]),
        last_event=str(value.get("last_event") or "on its way"),
        expected_on=_day(value.get("expected_on")),
    )


def _refund(value: Mapping[str, Any]) -> Refund:
    return Refund(
        amount_cents=int(value["amount_cents"]),
        method=str(value.get("method") or "your payment method"),
        state=RefundState(value["state"]),
        sent_on=_day(value.get("sent_on")),
        expected_on=_day(value.get("expected_on")),
    )


def _sending(value: Mapping[str, Any]) -> Sending:
    return Sending(
        label_url=str(value["label_url"]),
        items=tuple(_item(item) for item in value["items"]),
        send_by=datetime.date.fromisoformat(value["send_by"]),
        new_size=str(value["new_size"]) if value.get("new_size") else None,
    )


def _day(value: object) -> datetime.date | None:
    return datetime.date.fromisoformat(str(value)) if value else None


def _key(path: str, body: Mapping[str, Any]) -> str:
    """The same wish has the same key, so a shop that knows such keys acts only once."""
    text = path + "\n" + "\n".join(f"{name}={body[name]}" for name in sorted(body))
    return hashlib.sha256(text.encode()).hexdigest()
