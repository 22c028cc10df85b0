"""The demo shop: the shop protocol on one SQLite file, filled at its first use.

Here belong tables, queries and the demo shop's own rules. No wording for customers. Every call
opens its own connection, so calls may come from any thread or process. Days are stored as ordinals
(`date.toordinal`); once a day all of them are moved forward, so that the demo always looks fresh.
"""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

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
    ShopUnavailable,
    today,
)
from actions.shop.seed import PRODUCTS, SeedOrder, seed_orders

__all__ = ["FILE_NAME", "SqliteShop"]

FILE_NAME = "demo-shop.db"

LOCK_SECONDS = 2.0
"""How long a call waits for another writer; less than the actions' deadline."""

DELIVERY_DAYS = 4
"""Days from parcel to door."""
REFUND_DAYS = 5
"""Days until a refund that was sent shows on the account."""
SEND_DAYS = 14
"""Days to send a registered return."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    number TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
    placed_on INTEGER NOT NULL, shipped_on INTEGER, delivered_on INTEGER, closed_on INTEGER,
    street TEXT NOT NULL, postcode TEXT NOT NULL, city TEXT NOT NULL,
    carrier TEXT NOT NULL, tracking TEXT NOT NULL, payment TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    number TEXT NOT NULL REFERENCES orders, sku TEXT NOT NULL, product TEXT NOT NULL,
    name TEXT NOT NULL, size TEXT, quantity INTEGER NOT NULL, price_cents INTEGER NOT NULL,
    PRIMARY KEY (number, sku));
CREATE TABLE IF NOT EXISTS sendings (
    number TEXT PRIMARY KEY REFERENCES orders, skus TEXT NOT NULL, reason TEXT NOT NULL,
    new_size TEXT, registered_on INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    number TEXT NOT NULL REFERENCES orders, kind TEXT NOT NULL, details TEXT NOT NULL,
    asked_on INTEGER NOT NULL, PRIMARY KEY (number, kind, details));
"""

DAY_COLUMNS = (
    ("orders", ("placed_on", "shipped_on", "delivered_on", "closed_on")),
    ("sendings", ("registered_on",)),
    ("changes", ("asked_on",)),
)


class SqliteShop:
    """The demo shop in the file `path`, which is made and filled when it does not exist.

    `today` is called for the date, so that tests can choose it.
    """

    def __init__(
        self,
        path: Path,
        today: Callable[[], datetime.date] = today,
    ) -> None:
        self._path = path
        self._today = today

    # --- the protocol -------------------------------------------------------------------------

    def order(self, proof: Proof) -> Order:
        """See `ShopBackend.order`."""
        with self._open() as db:
            return self._order(db, proof)

    def cancel(self, proof: Proof) -> Order:
        """See `ShopBackend.cancel`."""
        with self._open() as db:
            order = self._order(db, proof)
            if order.state is OrderState.CANCELLED:
                return order
            _allow(order.can_change())
            self._move(db, order, OrderState.CANCELLED)
            return self._order(db, proof)

    def change(self, proof: Proof, kind: ChangeKind, details: str) -> Order:
        """See `ShopBackend.change`."""
        with self._open() as db:
            order = self._order(db, proof)
            _allow(order.can_change())
            db.execute(
                "INSERT OR IGNORE INTO changes VALUES (?, ?, ?, ?)",
                (order.number, kind.value, details, self._today().toordinal()),
            )
            return order

    def start_return(self, proof: Proof, skus: tuple[str, ...], reason: str) -> Sending:
        """See `ShopBackend.start_return`."""
        return self._send_back(proof, skus, reason, None)

    def start_exchange(self, proof: Proof, sku: str, size: str) -> Sending:
        """See `ShopBackend.start_exchange`. Sizes are compared without regard to case."""
        return self._send_back(proof, (sku,), "exchange", size.strip().upper())

    def refund(self, proof: Proof) -> Refund | None:
        """See `ShopBackend.refund`."""
        with self._open() as db:
            order = self._order(db, proof)
            closed, skus, new_size = db.execute(
                "SELECT o.closed_on, s.skus, s.new_size FROM orders o"
                " LEFT JOIN sendings s USING (number) WHERE number = ?",
                (order.number,),
            ).fetchone()
        if new_size is not None:
            return None
        sent_back = skus.split() if skus else [item.sku for item in order.items]
        amount = sum(i.price_cents * i.quantity for i in order.items if i.sku in sent_back)
        if order.state is OrderState.RETURNING:
            return Refund(amount, order.payment, RefundState.AWAITING_PARCEL, None, None)
        if order.state is OrderState.RETURNED:
            due = self._today() + datetime.timedelta(days=REFUND_DAYS)
            return Refund(amount, order.payment, RefundState.PENDING, None, due)
        if order.state in (OrderState.REFUNDED, OrderState.CANCELLED):
            sent = datetime.date.fromordinal(closed)
            due = sent + datetime.timedelta(days=REFUND_DAYS)
            return Refund(amount, order.payment, RefundState.SENT, sent, due)
        return None

    # --- inside -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises ShopUnavailable when the file cannot be used."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self._path, timeout=LOCK_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise ShopUnavailable(
                f"the demo shop {self._path} cannot be opened: {error}"
            ) from error
        try:
            db.execute("BEGIN IMMEDIATE")
            self._fill(db)
            yield db
            db.execute("COMMIT")
        except sqlite3.Error as error:
            raise ShopUnavailable(f"the demo shop {self._path} failed: {error}") from error
        finally:
            db.close()

    def _fill(self, db: sqlite3.Connection) -> None:
        """Fills an empty database; moves the days of an older one up to today."""
        now = self._today().toordinal()
        row = None
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            row = db.execute("SELECT value FROM meta WHERE key = 'today'").fetchone()
        if row is None:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            for order in seed_orders():
                _insert(db, order, now)
        elif row[0] < now:
            for table, columns in DAY_COLUMNS:
                moved = ", ".join(f"{column} = {column} + :days" for column in columns)
                db.execute(f"UPDATE {table} SET {moved}", {"days": now - row[0]})  # noqa: S608
        else:
            return
        db.execute("INSERT OR REPLACE INTO meta VALUES ('today', ?)", (now,))

    def _order(self, db: sqlite3.Connection, proof: Proof) -> Order:
        row = db.execute(
            "SELECT name, state, placed_on, shipped_on, delivered_on, city, carrier, tracking,"
            " payment FROM orders WHERE number = ? AND email = ?",
            (proof.number, proof.email),
        ).fetchone()
        if row is None:
            raise OrderNotFound
        name, state, placed, shipped, delivered, city, carrier, tracking, payment = row
        items = tuple(
            Item(*columns)
            for columns in db.execute(
                "SELECT sku, name, size, quantity, price_cents FROM items WHERE number = ?"
                " ORDER BY rowid",
                (proof.number,),
            )
        )
        return Order(
            number=proof.number,
            name=name,
            state=OrderState(state),
            placed_on=datetime.date.fromordinal(placed),
            items=items,
            total_cents=sum(item.price_cents * item.quantity for item in items),
            city=city,
            payment=payment,
            parcel=self._parcel(carrier, tracking, shipped, delivered, city) if shipped else None,
            delivered_on=datetime.date.fromordinal(delivered) if delivered else None,
        )

    def _parcel(
        self, carrier: str, tracking: str, shipped: int, delivered: int | None, city: str
    ) -> Parcel:
        now = self._today().toordinal()
        # The day never lies in the past: a parcel that is late arrives "tomorrow".
        expected = max(shipped + DELIVERY_DAYS, now + 1)
        if delivered:
            event = f"delivered in {city}"
        elif now - shipped <= 1:
            event = f"accepted by {carrier} in Hamburg"
        else:
            event = f"arrived at the {carrier} sorting centre near {city}"
        return Parcel(
            carrier=carrier,
            tracking_number=tracking,
            tracking_url=f"https://track.nordlys.example/{tracking}",
            last_event=event,
            expected_on=None if delivered else datetime.date.fromordinal(expected),
        )

    def _send_back(
        self, proof: Proof, skus: tuple[str, ...], reason: str, new_size: str | None
    ) -> Sending:
        with self._open() as db:
            order = self._order(db, proof)
            chosen = tuple(item for item in order.items if item.sku in skus)
            wanted = " ".join(sorted(skus))
            known = db.execute(
                "SELECT skus, new_size, registered_on FROM sendings WHERE number = ?",
                (order.number,),
            ).fetchone()
            if known is not None:
                if known[:2] != (wanted, new_size):
                    raise NotAllowed(Refusal.ALREADY_RETURNED)
                registered = int(known[2])
            else:
                _allow(order.can_send_back(self._today()))
                if len(chosen) != len(set(skus)) or not chosen:
                    raise NotAllowed(Refusal.OTHER)
                if new_size is not None:
                    self._allow_size(db, order.number, chosen[0].sku, new_size)
                registered = self._today().toordinal()
                db.execute(
                    "INSERT INTO sendings VALUES (?, ?, ?, ?, ?)",
                    (order.number, wanted, reason, new_size, registered),
                )
                self._move(db, order, OrderState.RETURNING)
        return Sending(
            label_url=f"https://nordlys.example/labels/{order.number}.pdf",
            items=chosen,
            send_by=datetime.date.fromordinal(registered + SEND_DAYS),
            new_size=new_size,
        )

    def _allow_size(self, db: sqlite3.Connection, number: str, sku: str, size: str) -> None:
        key = db.execute(
            "SELECT product FROM items WHERE number = ? AND sku = ?", (number, sku)
        ).fetchone()[0]
        product = PRODUCTS[key]
        if size not in product.sizes or size in product.out_of_stock:
            raise NotAllowed(Refusal.OUT_OF_STOCK)

    def _move(self, db: sqlite3.Connection, order: Order, state: OrderState) -> None:
        db.execute(
            "UPDATE orders SET state = ?, closed_on = ? WHERE number = ?",
            (state.value, self._today().toordinal(), order.number),
        )


def _allow(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise NotAllowed(refusal)


def _insert(db: sqlite3.Connection, order: SeedOrder, now: int) -> None:
    def day(ago: int | None) -> int | None:
        return None if ago is None else now - ago

    db.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.number,
            order.email,
            order.name,
            order.state.value,
            day(order.placed),
            day(order.shipped),
            day(order.delivered),
            day(order.closed),
            order.street,
            order.postcode,
            order.city,
            order.carrier,
            order.tracking,
            order.payment,
        ),
    )
    for key, size, quantity in order.lines:
        product = PRODUCTS[key]
        db.execute(
            "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                order.number,
                product.sku(size),
                key,
                product.name,
                size,
                quantity,
                product.price_cents,
            ),
        )
