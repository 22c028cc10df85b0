"""How dates, items and orders are put into words for customers.

Here belong small pure functions that turn values of the shop into text. Whole sentences are
responses in `domain.yml`, where owners can change them.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from actions.shop.protocol import Item, Order, euros, today

__all__ = ["about", "day", "listed", "money_of"]


def day(date: datetime.date | None, now: datetime.date | None = None) -> str:
    """A date as one says it: "today", "yesterday", "tomorrow", else "Tue 24 Nov"."""
    if date is None:
        return "soon"
    now = now or today()
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((date - now).days)
    if near:
        return near
    year = "" if date.year == now.year else f" {date.year}"
    return f"{date:%a} {date.day} {date:%b}{year}"


def listed(items: Sequence[Item]) -> str:
    """Items in one line: "Fjell Rain Jacket, size M and 2 × Merino Trail Socks, size 39-42"."""
    names = [
        f"{item.quantity} × {item.title}" if item.quantity > 1 else item.title for item in items
    ]
    return names[0] if len(names) == 1 else "; ".join(names[:-1]) + " and " + names[-1]


def money_of(items: Sequence[Item]) -> str:
    """What the items cost together, for example "€206.00"."""
    return euros(sum(item.price_cents * item.quantity for item in items))


def about(order: Order) -> dict[str, Any]:
    """The values that responses about an order may use in braces."""
    parcel = order.parcel
    return {
        "order_number": order.number,
        "first_name": order.first_name or "there",
        "placed_on": day(order.placed_on),
        "order_items": listed(order.items),
        "total": euros(order.total_cents),
        "city": order.city or "your address",
        "payment": order.payment,
        "delivered_on": day(order.delivered_on),
        "carrier": parcel.carrier if parcel else "the carrier",
        "tracking_number": parcel.tracking_number if parcel else "",
        "tracking_url": parcel.tracking_url if parcel else "",
        "last_event": parcel.last_event if parcel else "",
        "expected_on": day(parcel.expected_on) if parcel else "soon",
    }
