"""Which shop is asked, and for how long."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import actions.shop
from actions.shop import ask_shop, choose_shop
from actions.shop.http import HttpShop
from actions.shop.protocol import Order, OrderNotFound, Proof, ShopBackend, ShopUnavailable
from actions.shop.sqlite import SqliteShop
from tests.actions.conftest import use

ANNA = Proof("NL-10482", "anna@example.com")


def test_without_settings_the_demo_shop_is_asked(tmp_path: Path) -> None:
    assert isinstance(choose_shop({"DESKHAND_SHOP_DB": str(tmp_path / "s.db")}), SqliteShop)
    assert not (tmp_path / "s.db").exists()


def test_with_an_address_the_real_shop_is_asked() -> None:
    chosen = choose_shop({"SHOP_API_URL": "https://shop.example", "SHOP_API_TOKEN": "t"})
    assert isinstance(chosen, HttpShop)
    chosen.close()


@pytest.mark.parametrize(
    "environ", [{"SHOP_API_URL": "https://shop.example"}, {"SHOP_API_TOKEN": "t"}]
)
def test_half_of_the_settings_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="set both or none"):
        choose_shop(environ)


async def test_a_shop_that_is_too_slow_is_unavailable(
    demo: SqliteShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, demo)
    monkeypatch.setattr(actions.shop, "DEADLINE_SECONDS", 0.05)
    release = threading.Event()

    def hang(shop: ShopBackend) -> Order:
        release.wait(5)
        return shop.order(ANNA)

    with pytest.raises(ShopUnavailable, match="within"):
        await ask_shop(hang)
    release.set()


async def test_what_the_shop_raises_is_raised(shop: SqliteShop) -> None:
    with pytest.raises(OrderNotFound):
        await ask_shop(lambda s: s.order(Proof("NL-10482", "x@example.com")))


async def test_wrong_settings_make_the_shop_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    actions.shop.shop.cache_clear()
    monkeypatch.setenv("SHOP_API_TOKEN", "t")
    monkeypatch.delenv("SHOP_API_URL", raising=False)
    with pytest.raises(ShopUnavailable, match="SHOP_API_URL"):
        await ask_shop(lambda s: s.order(ANNA))
    actions.shop.shop.cache_clear()
