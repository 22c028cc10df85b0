"""`deskhand doctor`: is everything set up, and does a conversation get through?

Belongs here: which checks there are, in which order, and how they are shown. Does not belong here:
what a desk must be able to do (its own `check`), or the test conversation (`bot.round_trip`).
Changes nothing but what the test conversation leaves, which is forgotten after a day.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

import httpx
from redis.exceptions import RedisError, ResponseError

from bot.app import DOMAIN, connect, read_plan, set_up_desks
from bot.delivery import Station
from bot.desk_plan import Plan
from bot.desks import Finding
from bot.errors import ProcessFailed
from bot.files import Files
from bot.instance import running
from bot.known_intents import KnownIntents
from bot.mail import Mailer, MailError
from bot.mail_message import Sender
from bot.people import People
from bot.presence import Presence
from bot.round_trip import RoundTrip
from bot.router import Router
from bot.settings import Settings
from bot.store import Store
from bot.triage_file import policy_path
from bot.triage_policy import load_policy
from bot.web.accounts import Accounts
from bot.web.sessions import Sessions
from bot.work import Work

#: Leases and timers are measured in wall-clock time; more than this apart and they suffer.
CLOCKS_APART_MS = 1_000
#: What the Redis of a business must be like: (setting, what it must be, what is lost otherwise).
REDIS_NEEDS = (
    ("appendonly", "yes", "Without it a crash of Redis loses conversations."),
    ("maxmemory-policy", "noeviction", "Otherwise Redis may forget conversations."),
)

Show = Callable[[str, Sequence[Finding]], None]


class Doctor:
    """The checks of one Deskhand.

    Args:
        root: of the project: data/desk.yml, data/triage.yml.
        redis_url, url: where its Redis and its gateway are.
    """

    def __init__(self, settings: Settings, root: Path, *, redis_url: str, url: str) -> None:
        self._settings = settings
        self._root = root
        self._url = url
        self._redis = connect(redis_url)
        self._store = Store(self._redis)
        self._router = Router(self._store, greeting=settings.greeting)
        self._stations: list[Station] = []

    async def examine(self, show: Show) -> None:
        """Run the checks, each of which needs those before it, and show what they find."""
        try:
            plan = read_plan(replace(self._settings, desk=self._root / self._settings.desk))
            show("Files", self._files(plan))
            found = await self._ask_redis()
            show("Redis", found)
            if not found[0].ok:
                return
            show("Gateway", await self._gateway())
            show("E-mail", await self._mail())
            show("People", await self._people(plan))
            self._set_up_desks(plan)
            for station in self._stations:
                show(station.desk.name.title(), await station.desk.check())
            show("A test conversation", await self._round_trip())
        finally:
            await self._redis.close(close_connection_pool=True)

    def _files(self, plan: Plan) -> list[Finding]:
        hours, now = plan.hours, self._router.now()
        open_now = "open now" if hours.is_open(now) else "closed now"
        opening = hours.next_opening(now)
        if open_now == "closed now" and opening is not None:
            open_now += f", open again {hours.words(opening, now)}"
        people = f"{len(plan.members)} people listed" if plan.members else "nobody is listed"
        triage = policy_path(self._root, os.environ)
        load_policy(triage.read_text(encoding="utf-8"))
        return [
            Finding(True, f"{self._settings.desk}: {people}, {open_now}"),
            Finding(True, f"{triage.name} is right"),
        ]

    async def _ask_redis(self) -> list[Finding]:
        try:
            began = time.monotonic()
            seconds, micros = await self._redis.time()
            took = (time.monotonic() - began) * 1000
            info = await self._redis.info("server")
        except (RedisError, OSError) as why:
            return [Finding(False, "it does not answer", f"{why}. Is REDIS_URL right?")]
        apart = abs(self._router.now() - (seconds * 1000 + micros // 1000))
        findings = [
            Finding(True, f"version {info['redis_version']} answers in {took:.1f} ms"),
            Finding(
                apart < CLOCKS_APART_MS,
                f"its clock and ours are {apart} ms apart",
                "Keep both machines' clocks right (NTP): timers depend on them.",
            ),
        ]
        for name, wanted, otherwise in REDIS_NEEDS:
            try:
                value = (await self._redis.config_get(name)).get(name, "unknown")
            except ResponseError:  # managed services hide their configuration
                continue
            findings.append(
                Finding(value == wanted, f"{name} is {value}", f"Set it to {wanted}. {otherwise}")
            )
        return findings

    async def _gateway(self) -> list[Finding]:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
                response = await http.get(f"{self._url}/healthz")
                health = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as why:
            fix = f"{type(why).__name__}: {why}. Look at var/log/gateway.log."
            return [Finding(False, f"{self._url} does not answer", fix)]
        public = self._settings.public_url
        return [
            Finding(True, f"{self._url} answers, version {health['version']}"),
            Finding(
                health["assistant"] == "ready",
                f"the assistant is {health['assistant']}",
                "Wait until it has started; else look at var/log/assistant.log.",
            ),
            Finding(True, f"customers reach it at {public}" if public else "no public address"),
        ]

    async def _mail(self) -> list[Finding]:
        server = self._settings.smtp
        if server is None:
            return [Finding(True, "not set up: customers are told to come back instead")]
        try:
            sender = Sender.parse(self._settings.mail_from)
            await Mailer(server).check()
        except ValueError as why:
            return [Finding(False, f"DESKHAND_MAIL_FROM {why}", "Like Nordlys <help@shop.example>")]
        except MailError as why:
            return [Finding(False, why.message, "Correct DESKHAND_SMTP_URL, or the server.")]
        return [Finding(True, f"{server.address} takes mail from {sender.address.addr_spec}")]

    async def _people(self, plan: Plan) -> list[Finding]:
        accounts = await Accounts(self._redis).people()
        known = {login for login, _, _ in accounts}
        team = plan.team(accounts)
        lost = [
            one.login
            for one in team
            if one.login not in known and not (one.slack or one.email or one.telegram)
        ]
        return [
            Finding(bool(team), f"{len(team)} can be asked", "Add them: deskhand agents add NAME"),
            Finding(
                any(one.is_owner for one in team),
                "there is an owner to ask when nobody comes",
                "Give somebody `role: owner` in data/desk.yml.",
            ),
            Finding(
                not lost,
                "everybody who is listed can be reached" if not lost else f"nobody reaches {lost}",
                "They have neither an account of the console nor one of Slack or Telegram.",
            ),
        ]

    def _set_up_desks(self, plan: Plan) -> None:
        accounts = Accounts(self._redis)
        people = People(self._redis, self._store, plan, accounts=accounts.people)
        size = self._settings.file_mb * 1024**2
        self._stations += set_up_desks(
            self._settings,
            self._redis,
            store=self._store,
            router=self._router,
            people=people,
            presence=Presence(Work(self._redis), self._router, people),
            files=Files(self._redis, now=self._router.now, size_at_most=size),
            intents=KnownIntents(DOMAIN),
        )

    async def _round_trip(self) -> list[Finding]:
        trip = RoundTrip(
            self._url,
            store=self._store,
            router=self._router,
            sessions=Sessions(partial(self._store.secret, "widget")),
            stations=self._stations,
            turn=self._settings.turn_deadline,
        )
        return await trip.run()


class Report:
    """Prints findings by section, and keeps whether all of them are well."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.wrong = 0

    def __call__(self, title: str, findings: Sequence[Finding]) -> None:
        print(title, file=self._out)
        for one in findings:
            print(f"  {'ok ' if one.ok else 'NO '} {one.what}", file=self._out)
            if not one.ok:
                self.wrong += 1
                print(f"      → {one.fix}", file=self._out)


async def run(settings: Settings, root: Path, out: TextIO, url: str | None = None) -> bool:
    """Examine the Deskhand that runs here, or the one at `url` with REDIS_URL. Whether all is well.

    Raises: DeskhandError, when a file or a setting is wrong or nothing runs."""
    here = running(root / settings.var)
    url = (url or (here.url if here else "")).rstrip("/")
    redis_url = settings.redis_url.reveal() or (here.redis_url if here else "")
    if not url or not redis_url:
        raise ProcessFailed(
            "No Deskhand runs here.",
            hint="Start it (deskhand up), or say where it is: REDIS_URL and --url.",
        )
    report = Report(out)
    await Doctor(settings, root, redis_url=redis_url, url=url).examine(report)
    wrong = report.wrong
    print(f"{wrong} to put right." if wrong else "All is well.", file=out)
    return not wrong
