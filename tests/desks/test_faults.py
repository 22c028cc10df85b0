"""Whole gateways and platforms in trouble: killed processes, two gateways, many hand-offs at once.

The faults of a platform's single calls are tested at each desk, and what follows from them in
`tests/test_delivery.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desks.contract.visitor import visiting
from tests.desks.gateway_process import gateways
from tests.desks.rigs import PERSON, RIGS, Rig
from tests.polling import soon


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with RIGS[request.param]() as rig:
        yield rig


async def test_a_gateway_killed_after_the_platform_took_the_card_posts_no_other(
    rig: Rig, tmp_path: Path
) -> None:
    with gateways(rig, tmp_path) as (gateway,):
        dead = threading.Event()

        def kill() -> None:
            gateway.kill()
            dead.set()

        rig.when_accepted(kill)
        async with visiting(gateway.url) as customer:
            await customer.say(PERSON)
            await soon(dead.is_set, what="the gateway's death")
            await asyncio.to_thread(gateway.start)
            await customer.say("are you there")
            await soon(lambda: rig.said(customer.id, "are you there") > 0, within=30, what="it")
            assert rig.cards() == [customer.id]
            await rig.claim(customer.id)
            await customer.is_in("human")


async def test_a_gateway_killed_after_the_platform_took_a_message_posts_it_once(
    rig: Rig, tmp_path: Path
) -> None:
    with gateways(rig, tmp_path) as (gateway,):
        dead = threading.Event()

        def kill() -> None:
            gateway.kill()
            dead.set()

        async with visiting(gateway.url) as customer:
            await customer.say(PERSON)
            await rig.card(customer.id)
            await rig.claim(customer.id)
            await customer.say("first")
            await soon(lambda: rig.said(customer.id, "first") > 0, what="it")
            rig.when_accepted(kill)
            await customer.say("second")
            await soon(dead.is_set, what="the gateway's death")
            await asyncio.to_thread(gateway.start)
            await customer.say("third")
            await soon(lambda: rig.said(customer.id, "third") > 0, within=30, what="it")
            assert [rig.said(customer.id, t) for t in ("first", "second", "third")] == [1, 1, 1]


async def test_an_agents_words_survive_a_gateway_that_is_killed_and_are_said_once(
    rig: Rig, tmp_path: Path
) -> None:
    with gateways(rig, tmp_path) as (gateway,):
        async with visiting(gateway.url) as customer:
            await customer.say(PERSON)
            await rig.card(customer.id)
            await rig.claim(customer.id)
            await customer.is_in("human")
            await asyncio.to_thread(gateway.kill)
            await rig.reply(customer.id, "Here I am.")
            await asyncio.to_thread(gateway.start)
            await customer.reads("Here I am.")
            await rig.reply(customer.id, "Still here.")
            await customer.reads("Here I am.", "Still here.")


async def test_two_gateways_handle_each_hand_off_and_each_reply_once(
    rig: Rig, tmp_path: Path
) -> None:
    with gateways(rig, tmp_path, 2, unhurried=True) as both:
        ids = []
        for n in range(10):
            async with visiting(both[n % 2].url) as customer:
                ids.append(customer.id)
                await customer.say(PERSON)
                await rig.card(customer.id)
                await customer.say(f"n{n}")
                await rig.claim(customer.id)
                await rig.reply(customer.id, f"re n{n}")
                await customer.reads(f"re n{n}")
        assert Counter(rig.cards()) == Counter(ids)
        await soon(lambda: all(rig.said(id, f"n{n}") for n, id in enumerate(ids)), what="all")
        assert [rig.said(id, f"n{n}") for n, id in enumerate(ids)] == [1] * 10


@pytest.mark.timeout(600)
async def test_two_hundred_hand_offs_in_a_minute_arrive_once_each_through_a_troubled_platform(
    rig: Rig, tmp_path: Path
) -> None:
    with gateways(rig, tmp_path, 2, unhurried=True) as both:
        rig.make_trouble()
        ids: list[str] = []

        async def come(n: int) -> None:
            async with visiting(both[n % 2].url) as customer:
                ids.append(customer.id)
                await customer.say(PERSON)
                await customer.is_in("waiting")

        for start in range(0, 200, 20):
            await asyncio.gather(*(come(start + n) for n in range(20)))
        await soon(lambda: set(rig.cards()) == set(ids), within=300, what="all cards")
        assert Counter(rig.cards()) == Counter(ids)
