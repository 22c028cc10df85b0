"""Our fake of Telegram's Bot API on a real socket: polling, webhooks, files, and faults on demand.

It answers `POST or GET /bot<token>/<method>` (JSON, form or multipart) and `/file/bot<token>/...`
from a thread of its own. Every exchange and update is recorded for the `oracle`. What methods mean
is in `bot_api`, what people do in `people`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from tests.desks.telegram.bot_api import BotApi, Webhook
from tests.desks.telegram.calls import Call, Refusal
from tests.desks.telegram.group import Group, Json, StoredFile, World
from tests.desks.telegram.people import Person

TOKEN = "7000001:AAHfiqksKZ8WmR2zSjiQ7_v4TEST-token-12"
#: Seconds between two tries of a webhook that did not answer 2xx (Telegram waits longer).
WEBHOOK_RETRY_S = 0.05


@dataclass
class Fault:
    """What happens to the next `times` calls of `method` (None: any but getUpdates).

    `before`: the call is not carried out, else it is, and only its answer suffers. `status`: the
    answer; `hang`: none at all; `cut`: the connection is closed instead; `retry_after` goes with a
    429. `then` is called in the moment of the fault.
    """

    method: str | None = None
    times: int = 1
    status: int = 500
    before: bool = True
    hang: bool = False
    cut: bool = False
    retry_after: int = 0
    then: Callable[[], None] | None = None


class FakeTelegram:
    """`with FakeTelegram() as telegram:`; `telegram.url` is for TELEGRAM_API_URL."""

    def __init__(self, group: Group | None = None, *, port: int = 0) -> None:
        self.token = TOKEN
        self.world = World()
        self.group = self.world.add(group or Group())
        self.api = BotApi(self.world)
        self.lock = threading.RLock()
        #: What was asked and answered.
        self.record: list[Json] = []
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        #: Revoked: nothing is answered but 401.
        self.revoked = False
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: asyncio.Event
        self._stop: asyncio.Event
        self._ready = threading.Event()
        self._polls = 0
        self.world.changed = self._wake
        self._thread = threading.Thread(target=self._run, daemon=True)

    # ------------------------------------------------------------------------------ for tests

    def person(self, name: str, id: int, username: str | None = None) -> Person:
        return Person(
            self.world, self.lock, self.group, id, name, username or f"{name.lower()}_of_nordlys"
        )

    def fail(self, fault: Fault) -> Fault:
        with self.lock:
            self.faults.append(fault)
        return fault

    def called(self, method: str) -> list[Call]:
        with self.lock:
            return [call for call in self.calls if call.method == method]

    def again(self, update: Json) -> None:
        """Deliver an update once more, as Telegram does when it missed the confirmation."""
        with self.lock:
            self.world.updates.appendleft(update)
            self._wake()

    @property
    def unconfirmed(self) -> int:
        with self.lock:
            return len(self.world.updates)

    def recorded(self) -> list[Json]:
        """Every exchange and every update, for the oracle."""
        with self.lock:
            return [*self.record, *({"update": update} for update in self.world.told)]

    def __enter__(self) -> FakeTelegram:
        self._thread.start()
        assert self._ready.wait(10), "the fake Telegram did not start"
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the fake Telegram did not stop"

    # -------------------------------------------------------------------------------- serving

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._news, self._stop = (
            asyncio.get_running_loop(),
            asyncio.Event(),
            asyncio.Event(),
        )
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/documents/{id}", self._download)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        self._port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        hooks = asyncio.create_task(self._call_webhooks())
        self._ready.set()
        await self._stop.wait()
        hooks.cancel()
        await asyncio.gather(hooks, return_exceptions=True)
        await runner.cleanup()

    def _wake(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._news.set)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token or self.revoked:
            return _refused(Refusal(401, "Unauthorized"))
        try:
            call = await _read(request, method)
        except ValueError as why:
            return _refused(Refusal(400, f"Bad Request: {why}"))
        if method == "getUpdates":
            return await self._get_updates(call)
        with self.lock:
            fault = self._fault(method)
            if fault is None or not fault.before:
                response = self._carry_out(call)
        if fault is None:
            return response
        if fault.then is not None:
            fault.then()
        if fault.hang:
            await self._stop.wait()
        if fault.hang or fault.cut:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        more = {"retry_after": fault.retry_after} if fault.retry_after else {}
        return _refused(Refusal(fault.status, "Fault on demand", **more))

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.method in (None, method):
                fault.times -= 1
                return fault
        return None

    def _carry_out(self, call: Call) -> web.Response:
        self.calls.append(call)
        line: Json = {
            "method": call.method,
            "params": {name: call.get(name) for name in call.params}
            | {field: file.name for field, file in call.files.items()},
        }
        try:
            result = self.api.call(call)
        except Refusal as refusal:
            self.record.append(line | {"error": _error(refusal)})
            return _refused(refusal)
        self.record.append(line | {"result": json.loads(json.dumps(result))})
        return web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["id"])
        if request.match_info["token"] != self.token or file is None:
            return _refused(Refusal(404, "Not Found"))
        return web.Response(body=file.data, content_type="application/octet-stream")

    # -------------------------------------------------------------------------------- updates

    async def _get_updates(self, call: Call) -> web.StreamResponse:
        if self.api.webhook.url:
            return _refused(
                Refusal(
                    409,
                    "Conflict: can't use getUpdates method while webhook is active; "
                    "use deleteWebhook to delete the webhook first",
                )
            )
        self._polls += 1
        mine = self._polls  # a newer poll ends this one
        self._news.set()
        offset, allowed = call.get("offset") or 0, call.get("allowed_updates") or []
        end = asyncio.get_running_loop().time() + (call.get("timeout") or 0)
        while True:
            with self.lock:
                updates = self.world.updates
                for update in [one for one in updates if one["update_id"] < offset]:
                    updates.remove(update)
                if self._polls != mine:
                    return _refused(
                        Refusal(
                            409,
                            "Conflict: terminated by other getUpdates request; "
                            "make sure that only one bot instance is running",
                        )
                    )
                batch = [u for u in updates if _wanted(u, allowed)][: call.get("limit") or 100]
                self._news.clear()
            left = end - asyncio.get_running_loop().time()
            if batch or left <= 0 or self._stop.is_set():
                return web.json_response({"ok": True, "result": batch})
            await self._wait(min(left, 0.5))

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)

    async def _call_webhooks(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as http:
            while True:
                hook = self.api.webhook
                with self.lock:
                    update = self.world.updates[0] if self.world.updates else None
                if not hook.url or update is None:
                    self._news.clear()
                    await self._wait(0.2)
                elif not _wanted(update, hook.allowed) or await self._deliver(http, hook, update):
                    with self.lock:
                        if self.world.updates and self.world.updates[0] is update:
                            self.world.updates.popleft()
                else:
                    await asyncio.sleep(WEBHOOK_RETRY_S)

    async def _deliver(self, http: aiohttp.ClientSession, hook: Webhook, update: Json) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        try:
            async with http.post(hook.url, json=update, headers=headers) as response:
                if 200 <= response.status < 300:
                    return True
                hook.last_error = f"Wrong response from the webhook: {response.status}"
        except (aiohttp.ClientError, asyncio.TimeoutError) as why:
            hook.last_error = f"Connection failed: {type(why).__name__}"
        hook.last_error_at = int(self.world.now())
        return False


def _wanted(update: Json, allowed: Any) -> bool:
    return not allowed or bool(update.keys() & set(allowed))


async def _read(request: web.Request, method: str) -> Call:
    """Raises ValueError for a body that cannot be read."""
    params: Json = dict(request.query)
    files: dict[str, StoredFile] = {}
    if request.content_type == "application/json":
        params |= await request.json()
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file as upload:
                    data = upload.read()
                files[name] = StoredFile("", value.filename, value.content_type, data)
            else:
                params[name] = value
    return Call(method, params, files)


def _error(refusal: Refusal) -> Json:
    body: Json = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    return body | ({"parameters": refusal.parameters} if refusal.parameters else {})


def _refused(refusal: Refusal) -> web.Response:
    return web.json_response(_error(refusal), status=refusal.code)
