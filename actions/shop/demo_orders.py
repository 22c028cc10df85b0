"""The demo shop's fixed orders: the ones that README and demo page may quote.

Here belongs only what visitors should know about them. They are put into the demo database among
a few hundred others by `seed.py`, always in these states, with dates counted from today. Cancelling
or returning one changes it for the next visitor too; deleting the database file starts afresh.
"""

from __future__ import annotations

from dataclasses import dataclass

from actions.shop.protocol import OrderState

__all__ = ["DEMO_ORDERS", "DemoOrder"]


@dataclass(frozen=True)
class DemoOrder:
    """One fixed order. `lines` are pairs of product key (see `seed.py`) and size."""

    number: str
    email: str
    name: str
    state: OrderState
    placed_days_ago: int
    lines: tuple[tuple[str, str | None], ...]
    shows: str
    """What one can try with it, in a few words."""
    delivered_days_ago: int | None = None


DEMO_ORDERS: tuple[DemoOrder, ...] = (
    DemoOrder(
        "NL-10482",
        "anna@example.com",
        "Anna Lindqvist",
        OrderState.SHIPPED,
        4,
        (("fjell-jacket", "M"), ("merino-socks", "39-42")),
        "on its way, with tracking; too late to cancel",
    ),
    DemoOrder(
        "NL-10455",
        "mads@example.com",
        "Mads Holm",
        OrderState.DELIVERED,
        12,
        (("tind-boots", "43"), ("ull-base-top", "L")),
        "delivered a week ago; can be returned or exchanged",
        delivered_days_ago=8,
    ),
    DemoOrder(
        "NL-10497",
        "lotte@example.com",
        "Lotte de Vries",
        OrderState.PLACED,
        0,
        (("dyne-sleeping-bag", None),),
        "placed today; can be cancelled or changed",
    ),
    DemoOrder(
        "NL-10498",
        "femke@example.com",
        "Femke Jansen",
        OrderState.PLACED,
        0,
        (("dalen-fleece", "S"), ("vind-trousers", "M")),
        "placed today; can be cancelled or changed",
    ),
    DemoOrder(
        "NL-10494",
        "jonas@example.com",
        "Jonas Weber",
        OrderState.PACKED,
        1,
        (("skog-backpack", None),),
        "packed; too late to cancel or change",
    ),
    DemoOrder(
        "NL-10371",
        "sofie@example.com",
        "Sofie Claes",
        OrderState.REFUNDED,
        45,
        (("fjell-jacket", "S"),),
        "returned and refunded",
        delivered_days_ago=40,
    ),
    DemoOrder(
        "NL-10433",
        "pavel@example.com",
        "Pavel Novak",
        OrderState.RETURNED,
        22,
        (("vind-trousers", "L"), ("trekking-poles", None)),
        "back in the warehouse; the refund is being made",
        delivered_days_ago=17,
    ),
    DemoOrder(
        "NL-10402",
        "ingrid@example.com",
        "Ingrid Solberg",
        OrderState.CANCELLED,
        33,
        (("lavvo-tent", None),),
        "cancelled",
    ),
    DemoOrder(
        "NL-10207",
        "luc@example.com",
        "Luc Martens",
        OrderState.DELIVERED,
        121,
        (("tind-boots", "42"),),
        "delivered four months ago; too late to return",
        delivered_days_ago=116,
    ),
    DemoOrder(
        "NL-10447",
        "elif@example.com",
        "Elif Kaya",
        OrderState.DELIVERED,
        15,
        (("dalen-fleece", "M"),),
        "one item, delivered; can be returned or exchanged",
        delivered_days_ago=11,
    ),
)
