"""What the assistant may ask a shop, and the shapes of the answers.

Here belong the `ShopBackend` protocol, the frozen values that it takes and returns, and the errors
that it raises. No database, no HTTP, no wording for customers: `sqlite.py` and `http.py` implement
the protocol, the actions do the talking.

Every call carries a `Proof`, order number and e-mail together. A backend matches both itself and
raises `OrderNotFound` when either is wrong, without telling which, so nothing above it can leak
one customer's order to another.

    ShopError
    ├── OrderNotFound       no order has this number and this e-mail
    ├── NotAllowed          the order is known, but its state forbids the step (see `Refusal`)
    └── ShopUnavailable     no answer, or none that makes sense
        └── ShopMisconfigured   address or token of the shop are wrong
"""

from __future__ import annotations

import datetime
import enum
import re
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "ChangeKind",
    "Item",
    "NotAllowed",
    "Order",
    "OrderNotFound",
    "OrderState",
    "Parcel",
    "Proof",
    "Refund",
    "RefundState",
    "Refusal",
    "Sending",
    "ShopBackend",
    "ShopError",
    "ShopMisconfigured",
    "ShopUnavailable",
    "euros",
    "today",
]

RETURN_DAYS = 60
"""Days after delivery within which things can be sent back or exchanged."""


class ShopError(Exception):
    """The shop could not do what was asked."""


class OrderNotFound(ShopError):
    """No order has this number and this e-mail. Never says which of the two is wrong."""


class ShopUnavailable(ShopError):
    """The shop did not answer in time, or answered with something that is not an answer."""


class ShopMisconfigured(ShopUnavailable):
    """The shop refuses us: wrong address or token. The message says what to look at."""


class Refusal(str, enum.Enum):
    """Why an order does not allow a step."""

    ALREADY_PACKED = "already_packed"
    """Too late to cancel or change: it is packed or on its way."""
    ALREADY_DELIVERED = "already_delivered"
    """Too late to cancel or change, but it can be sent back."""
    ALREADY_CANCELLED = "already_cancelled"
    """Nothing to return, exchange or change any more."""
    NOT_DELIVERED = "not_delivered"
    """Nothing can be sent back before it has arrived."""
    WINDOW_OVER = "window_over"
    """More than `RETURN_DAYS` days since delivery."""
    ALREADY_RETURNED = "already_returned"
    """Another return or exchange of this order is open or done."""
    OUT_OF_STOCK = "out_of_stock"
    """The size wanted in exchange is not there."""
    OTHER = "other"
    """A reason that only the shop knows; a person has to look."""


class NotAllowed(ShopError):
    """The state of the order forbids the step."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"the order does not allow this: {refusal.value}")
        self.refusal = refusal


class OrderState(str, enum.Enum):
    """Where an order stands."""

    PLACED = "placed"
    """Paid, not packed yet: can be cancelled and changed."""
    PACKED = "packed"
    """In a parcel that waits for the carrier."""
    SHIPPED = "shipped"
    """With the carrier."""
    DELIVERED = "delivered"
    """At the customer's."""
    RETURNING = "returning"
    """A return or exchange has been registered; the parcel is not back yet."""
    RETURNED = "returned"
    """Back in the warehouse; the refund is on its way."""
    REFUNDED = "refunded"
    """The money has been sent back."""
    CANCELLED = "cancelled"
    """Cancelled before it was packed."""


class RefundState(str, enum.Enum):
    """Where a refund stands."""

    AWAITING_PARCEL = "awaiting_parcel"
    """It starts when the returned parcel arrives."""
    PENDING = "pending"
    """Approved, not sent yet."""
    SENT = "sent"
    """Sent to the customer's bank or card."""


class ChangeKind(str, enum.Enum):
    """What the customer wants changed in an order that is not packed yet."""

    ADDRESS = "address"
    ITEMS = "items"


_NUMBER = re.compile(r"[A-Z]{2}-\d{5}")


@dataclass(frozen=True)
class Proof:
    """Order number and e-mail, as the customer gave them. Both must match to see anything.

    `number` looks like "NL-10482"; `email` is kept in lower case. Raises ValueError when the
    number has another shape or the e-mail has no "@".
    """

    number: str
    email: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "email", self.email.strip().lower())
        if not _NUMBER.fullmatch(self.number):
            raise ValueError(f"{self.number!r} is not an order number like NL-10482")
        if "@" not in self.email:
            raise ValueError("an e-mail address has an @")

    def __repr__(self) -> str:
        return f"Proof(number={self.number!r}, email=<hidden>)"


@dataclass(frozen=True)
class Item:
    """One line of an order. `price_cents` is for one piece, in euro cents."""

    sku: str
    name: str
    size: str | None
    quantity: int
    price_cents: int

    def __post_init__(self) -> None:
        if self.quantity < 1 or self.price_cents < 0:
            raise ValueError(f"item {self.sku} has quantity {self.quantity} and a price below 0")

    @property
    def title(self) -> str:
        """Name and size as a customer reads them, for example "Fjell Rain Jacket, size M"."""
        return f"{self.name}, size {self.size}" if self.size else self.name


@dataclass(frozen=True)
class Parcel:
    """A parcel on its way. `expected_on` is the carrier's day, None when it does not say."""

    carrier: str
    tracking_number: str
    tracking_url: str
    last_event: str
    expected_on: datetime.date | None


@dataclass(frozen=True)
class Refund:
    """Money on its way back. `expected_on` is the day by which it should have arrived."""

    amount_cents: int
    method: str
    state: RefundState
    sent_on: datetime.date | None
    expected_on: datetime.date | None


@dataclass(frozen=True)
class Sending:
    """A registered return or exchange: the label to print and what travels back."""

    label_url: str
    items: tuple[Item, ...]
    send_by: datetime.date
    new_size: str | None = None


@dataclass(frozen=True)
class Order:
    """An order as its own customer may see it. `total_cents` is in euro cents."""

    number: str
    name: str
    state: OrderState
    placed_on: datetime.date
    items: tuple[Item, ...]
    total_cents: int
    city: str
    payment: str
    parcel: Parcel | None = None
    delivered_on: datetime.date | None = None

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError(f"order {self.number} has no items")

    @property
    def first_name(self) -> str:
        """How to address the customer."""
        return self.name.split()[0] if self.name else ""

    def facts(self) -> dict[str, str]:
        """What an agent wants to see beside the conversation, in words."""
        items = ", ".join(
            f"{item.quantity} x {item.name}" + (f" ({item.size})" if item.size else "")
            for item in self.items
        )
        facts = {
            "number": self.number,
            "name": self.name,
            "state": self.state.value.replace("_", " "),
            "placed": self.placed_on.isoformat(),
            "items": items,
            "total": f"{self.total_cents / 100:.2f} EUR",
            "payment": self.payment,
        }
        if self.parcel is not None:
            facts["parcel"] = f"{self.parcel.carrier} {self.parcel.tracking_number}"
            facts["last seen"] = self.parcel.last_event
        if self.delivered_on is not None:
            facts["delivered"] = self.delivered_on.isoformat()
        return facts

    def can_change(self) -> Refusal | None:
        """Why the order can be neither cancelled nor changed any more; None when it can."""
        if self.state is OrderState.PLACED:
            return None
        if self.state in (OrderState.PACKED, OrderState.SHIPPED):
            return Refusal.ALREADY_PACKED
        if self.state is OrderState.CANCELLED:
            return Refusal.ALREADY_CANCELLED
        return Refusal.ALREADY_DELIVERED

    def can_send_back(self, on: datetime.date) -> Refusal | None:
        """Why nothing can be returned or exchanged on that day; None when something can."""
        if self.state is OrderState.CANCELLED:
            return Refusal.ALREADY_CANCELLED
        if self.state in (OrderState.PLACED, OrderState.PACKED, OrderState.SHIPPED):
            return Refusal.NOT_DELIVERED
        if self.state in (OrderState.RETURNING, OrderState.RETURNED, OrderState.REFUNDED):
            return Refusal.ALREADY_RETURNED
        if self.delivered_on and (on - self.delivered_on).days > RETURN_DAYS:
            return Refusal.WINDOW_OVER
        return None


class ShopBackend(Protocol):
    """A shop. Calls block (the actions run them in a thread with a deadline) and are safe to
    repeat: doing what is already done returns the same result again.

    All raise OrderNotFound when number and e-mail do not belong together, and ShopUnavailable
    when the shop does not answer. Calls that act raise NotAllowed when the state forbids it.
    """

    def order(self, proof: Proof) -> Order:
        """The order."""
        ...

    def cancel(self, proof: Proof) -> Order:
        """Cancels an order that is not packed yet. A cancelled order is returned as it is."""
        ...

    def change(self, proof: Proof, kind: ChangeKind, details: str) -> Order:
        """Puts the customer's wish (a new address, other items) on an order not packed yet.

        The warehouse carries it out before packing and confirms it by e-mail.
        """
        ...

    def start_return(self, proof: Proof, skus: tuple[str, ...], reason: str) -> Sending:
        """Registers a return of these items of a delivered order and makes the label."""
        ...

    def start_exchange(self, proof: Proof, sku: str, size: str) -> Sending:
        """Registers an exchange of one item for another size and makes the label."""
        ...

    def refund(self, proof: Proof) -> Refund | None:
        """The refund of the order; None when there is nothing to pay back."""
        ...


def today() -> datetime.date:
    """Today, where the shop runs."""
    return datetime.datetime.now().astimezone().date()


def euros(cents: int) -> str:
    """An amount as customers read it, for example "€139.90"."""
    return f"€{cents // 100}.{cents % 100:02d}"
