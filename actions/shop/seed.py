"""The demo shop's stock of products, customers and orders, made up from a fixed random seed.

Here belongs what fills an empty demo database: pure data and one pure function, `seed_orders`.
No database here; `sqlite.py` writes the rows. All days are "days ago", so the same seed gives the
same orders on any day. The orders that people may quote are in `demo_orders.py`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from actions.shop.demo_orders import DEMO_ORDERS, DemoOrder
from actions.shop.protocol import OrderState

__all__ = ["PRODUCTS", "Product", "SeedOrder", "seed_orders"]

SEED = 20
FIRST_NUMBER, LAST_NUMBER = 10_150, 10_499
OLDEST_DAYS = 150

SHIRT_SIZES = ("XS", "S", "M", "L", "XL")
BOOT_SIZES = tuple(str(size) for size in range(37, 47))


@dataclass(frozen=True)
class Product:
    """Something that the demo shop sells. `out_of_stock` lists sizes that are gone."""

    key: str
    name: str
    price_cents: int
    sizes: tuple[str, ...] = ()
    out_of_stock: tuple[str, ...] = ()

    def sku(self, size: str | None) -> str:
        """The stock-keeping unit, for example "FJELL-JACKET-M"."""
        return f"{self.key}-{size}".upper() if size else self.key.upper()


PRODUCTS: dict[str, Product] = {
    product.key: product
    for product in (
        Product("fjell-jacket", "Fjell Rain Jacket", 189_00, SHIRT_SIZES, ("XS",)),
        Product("dalen-fleece", "Dalen Fleece", 79_00, SHIRT_SIZES, ("XL",)),
        Product("ull-base-top", "Ull Merino Base Layer", 69_00, SHIRT_SIZES),
        Product("vind-trousers", "Vind Hiking Trousers", 119_00, SHIRT_SIZES, ("S",)),
        Product("sno-parka", "Snø Down Parka", 299_00, SHIRT_SIZES),
        Product("tind-boots", "Tind Hiking Boots", 169_00, BOOT_SIZES, ("45",)),
        Product("merino-socks", "Merino Trail Socks", 17_00, ("35-38", "39-42", "43-46")),
        Product("beanie", "Isbre Beanie", 29_00),
        Product("skog-backpack", "Skog Backpack 45 l", 139_00),
        Product("lavvo-tent", "Lavvo Tent for 3", 349_00),
        Product("dyne-sleeping-bag", "Dyne Sleeping Bag -5 °C", 159_00),
        Product("trekking-poles", "Sti Trekking Poles", 59_00),
        Product("headlamp", "Lykt Headlamp 400 lm", 49_00),
        Product("thermo-bottle", "Termos Bottle 0.75 l", 32_00),
    )
}

FIRST_NAMES = """
    Amelie Anders Astrid Bram Camille Carla Daan Dilara Eero Elena Emil Erik Eva Felix Freya
    Giulia Hanna Henrik Ida Jan Joris Julia Kasper Katja Lars Lena Lieke Linus Lotta Maja Marek
    Maria Matteo Mia Mikkel Milan Nadia Niels Nora Ole Oskar Paula Pieter Rasmus Rosa Sanne
    Signe Sven Tess Thomas Tuva Ulla Vera Willem Yara Zofia
""".split()  # noqa: SIM905  (names read better as text)
LAST_NAMES = """
    Andersen Bakker Becker Berg Bianchi Dahl Dubois Eriksen Fischer Garcia Hansen Haugen
    Hofmann Janssens Johansson Keller Kowalski Krause Larsen Laurent Lehtinen Lie Maes Meyer
    Moen Mulder Nilsen Nowak Olsen Peeters Rossi Schmidt Smit Strand Svensson Vermeulen Visser
    Vogel Wagner Willems
""".split()  # noqa: SIM905
CITIES = (
    ("Oslo", "0155", "Storgata"),
    ("Bergen", "5014", "Strandgaten"),
    ("Hamburg", "20095", "Lange Reihe"),
    ("Berlin", "10405", "Prenzlauer Allee"),
    ("Utrecht", "3511", "Oudegracht"),
    ("Rotterdam", "3011", "Hoogstraat"),
    ("Ghent", "9000", "Veldstraat"),
    ("Antwerp", "2000", "Meir"),
    ("Copenhagen", "1172", "Store Kannikestræde"),
    ("Gothenburg", "41104", "Kungsgatan"),
)
CARRIERS = ("PostNord", "DHL", "bpost", "PostNL")
PAYMENTS = ("Visa card", "Mastercard", "PayPal", "iDEAL", "Klarna")


@dataclass(frozen=True)
class SeedOrder:
    """One order for the demo database. Days are days ago; None: it has not happened.

    `lines` are (product key, size, quantity).
    """

    number: str
    email: str
    name: str
    state: OrderState
    placed: int
    lines: tuple[tuple[str, str | None, int], ...]
    city: str
    postcode: str
    street: str
    carrier: str
    tracking: str
    payment: str
    shipped: int | None
    delivered: int | None
    closed: int | None
    """When it was cancelled, came back or was refunded."""


def seed_orders() -> list[SeedOrder]:
    """All orders of the demo shop, the fixed ones among them; always the same."""
    fixed = {order.number: order for order in DEMO_ORDERS}
    dice = random.Random(SEED)  # noqa: S311  (made-up data, no secret)
    orders = []
    for count in range(FIRST_NUMBER, LAST_NUMBER + 1):
        number = f"NL-{count}"
        made_up = _made_up(dice, count)
        orders.append(_fixed(fixed[number], made_up) if number in fixed else made_up)
    return orders


def _made_up(dice: random.Random, count: int) -> SeedOrder:
    age = _age(count)
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    city, postcode, street = dice.choice(CITIES)
    products = dice.sample(sorted(PRODUCTS), k=dice.choices((1, 2, 3), (6, 3, 1))[0])
    lines = tuple(
        (key, dice.choice(PRODUCTS[key].sizes or (None,)), 2 if dice.random() < 0.08 else 1)
        for key in products
    )
    state = _state(dice, age)
    delivered = max(age - dice.randint(3, 5), 1)
    return SeedOrder(
        number=f"NL-{count}",
        email=f"{first}.{last}{dice.randint(1, 99)}@example.org".lower(),
        name=f"{first} {last}",
        state=state,
        placed=age,
        lines=lines,
        city=city,
        postcode=postcode,
        street=f"{street} {dice.randint(1, 120)}",
        carrier=dice.choice(CARRIERS),
        tracking=f"{dice.randint(10**11, 10**12 - 1)}",
        payment=dice.choice(PAYMENTS),
        **_days(state, age, delivered),
    )


def _fixed(demo: DemoOrder, base: SeedOrder) -> SeedOrder:
    delivered = demo.delivered_days_ago
    if delivered is None:
        delivered = max(demo.placed_days_ago - 4, 1)
    return SeedOrder(
        number=demo.number,
        email=demo.email,
        name=demo.name,
        state=demo.state,
        placed=demo.placed_days_ago,
        lines=tuple((key, size, 1) for key, size in demo.lines),
        city=base.city,
        postcode=base.postcode,
        street=base.street,
        carrier=base.carrier,
        tracking=base.tracking,
        payment=base.payment,
        **_days(demo.state, demo.placed_days_ago, delivered),
    )


def _age(count: int) -> int:
    # Business grows: recent numbers lie closer together in time than old ones.
    share = (LAST_NUMBER - count) / (LAST_NUMBER - FIRST_NUMBER)
    return round(OLDEST_DAYS * float(share**1.2))


def _state(dice: random.Random, age: int) -> OrderState:
    if age == 0:
        return OrderState.PLACED
    if age == 1:
        return dice.choice((OrderState.PLACED, OrderState.PACKED))
    if age <= 2:
        return dice.choice((OrderState.PACKED, OrderState.SHIPPED))
    if age <= 5:
        return OrderState.SHIPPED
    states: list[OrderState] = [OrderState.DELIVERED, OrderState.CANCELLED]
    weights = [80, 4]
    if age >= 12:
        states += [OrderState.RETURNING, OrderState.RETURNED]
        weights += [3, 3]
    if age >= 25:
        states += [OrderState.REFUNDED]
        weights += [12]
    (state,) = dice.choices(states, weights)
    return state


def _days(state: OrderState, placed: int, delivered: int) -> dict[str, int | None]:
    """When which step happened, in days ago, as far as the state has come."""
    if state in (OrderState.PLACED, OrderState.PACKED):
        return {"shipped": None, "delivered": None, "closed": None}
    if state is OrderState.CANCELLED:
        return {"shipped": None, "delivered": None, "closed": max(placed - 1, 0)}
    shipped = max(placed - 1, 0)
    if state is OrderState.SHIPPED:
        return {"shipped": shipped, "delivered": None, "closed": None}
    if state is OrderState.DELIVERED:
        return {"shipped": shipped, "delivered": delivered, "closed": None}
    back = {OrderState.RETURNING: 1, OrderState.RETURNED: 2, OrderState.REFUNDED: 9}[state]
    return {
        "shipped": shipped,
        "delivered": delivered,
        "closed": max(delivered - 12, back) if state is OrderState.REFUNDED else back,
    }
