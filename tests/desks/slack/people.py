"""People at Slack: what they write, press and see. Each act goes to the app as Slack brings it.

Acts on messages look at what is there: a button that is not on the message cannot be pressed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.desks.slack import seed
from tests.desks.slack.deliveries import now_ts
from tests.desks.slack.front import Front

Json = dict[str, Any]


class Person:
    """One member of the workspace."""

    def __init__(self, front: Front, name: str) -> None:
        self._front = front
        self.name = name
        self.token = f"xoxp-{name}"

    @property
    def id(self) -> str:
        return self._front.workspace.users[self.name]

    def channel(self, name: str) -> str:
        return self._front.workspace.channels[name]

    # ------------------------------------------------------------------------------- writing

    async def say(self, channel: str, text: str, thread: str | None = None) -> str:
        """Post a message; its ts. As in Slack's own client, what is typed is escaped."""
        body = {"channel": channel, "text": escaped(text)} | _in(thread)
        return str((await self._call("chat.postMessage", body))["ts"])

    async def edit(self, channel: str, ts: str, text: str) -> None:
        await self._call("chat.update", {"channel": channel, "ts": ts, "text": escaped(text)})

    async def delete(self, channel: str, ts: str, thread: str | None = None) -> None:
        async def act() -> None:
            before = next(m for m in await self._messages(channel, thread) if m["ts"] == ts)
            await self._front.api("chat.delete", {"channel": channel, "ts": ts}, self.token)
            gone = {"subtype": "message_deleted", "hidden": True, "ts": now_ts()}
            self._front.deliveries.event(
                {"type": "message", "channel": channel, "deleted_ts": ts}
                | {**gone, "previous_message": before}
            )

        await self._front.run(act())

    async def share(
        self, channel: str, name: str, content: bytes, thread: str | None = None, text: str = ""
    ) -> str:
        """Upload a file with a comment; the file's id."""

        async def act() -> str:
            asked = {"filename": name, "length": len(content)}
            place = await self._front.api("files.getUploadURLExternal", asked, self.token)
            async with self._front.http.post(place["upload_url"], data=content) as uploaded:
                assert uploaded.status == 200
            body: Json = {"files": [{"id": place["file_id"], "title": name}], "channel_id": channel}
            body |= _in(thread) | ({"initial_comment": escaped(text)} if text else {})
            answer = await self._front.answer("files.completeUploadExternal", body, self.token)
            assert answer["ok"], answer
            return str(place["file_id"])

        return await self._front.run(act())

    async def react(self, channel: str, ts: str, emoji: str) -> None:
        async def act() -> None:
            where = {"channel": channel, "timestamp": ts, "name": emoji}
            await self._front.api("reactions.add", where, self.token)
            where = {"channel": channel, "ts": ts}
            found = await self._front.api("conversations.replies", where, seed.ADMIN_TOKEN)
            self._front.deliveries.event(
                {
                    "type": "reaction_added",
                    "user": self.id,
                    "reaction": emoji,
                    "item": {"type": "message", **where},
                    "item_user": found["messages"][0]["user"],
                }
            )

        await self._front.run(act())

    # ------------------------------------------------------------------------------- reading

    async def thread(self, channel: str, ts: str) -> list[Json]:
        """The root and its replies, in order."""
        return await self._front.run(self._messages(channel, ts))

    async def channel_messages(self, channel: str) -> list[Json]:
        """What stands in the channel itself, oldest first."""
        return await self._front.run(self._messages(channel, None))

    async def read_file(self, file: Json) -> bytes:
        async def act() -> bytes:
            headers = {"Authorization": f"Bearer {self.token}"}
            async with self._front.http.get(file["url_private"], headers=headers) as response:
                assert response.status == 200
                return await response.read()

        return await self._front.run(act())

    def hints(self) -> list[Json]:
        """Messages that only this person sees."""
        return list(self._front.workspace.ephemerals[self.id])

    def modals(self) -> list[Json]:
        return list(self._front.workspace.modals[self.id])

    def home(self) -> Json | None:
        return self._front.workspace.homes.get(self.id)

    # ------------------------------------------------------------------------------- pressing

    async def press(self, message: Json, label: str, option: str | None = None) -> Any:
        """Press what is labelled so on a message (with `channel` in it) or, with `option`, choose
        that from it; what the app answered."""
        element = element_of(message["blocks"], label)
        action = {**_pressed(element, option), "action_ts": now_ts()}
        hidden = "user" in message and message in self.hints()
        container = {"type": "message", "message_ts": message["ts"], "is_ephemeral": hidden}
        container["channel_id"] = message["channel"]
        where = {"channel": {"id": message["channel"], "name": "privategroup"}}
        shown = {"message": {k: v for k, v in message.items() if k != "channel"}}
        return await self._interact(
            "block_actions",
            where
            | ({} if hidden else shown)
            | {
                "container": container | _in(message.get("thread_ts")),
                "actions": [action],
                "state": {"values": {}},
                "response_url": self._front.deliveries.response_url(self.id, message["ts"]),
            },
        )

    async def press_at_home(self, label: str, option: str | None = None) -> Any:
        view = self.home()
        assert view is not None, f"{self.name} has no App Home yet"
        action = {**_pressed(element_of(view["blocks"], label), option), "action_ts": now_ts()}
        container = {"type": "view", "view_id": view["id"]}
        return await self._interact(
            "block_actions", {"container": container, "view": view, "actions": [action]}
        )

    async def submit(self, view: Json, **values: str) -> Any:
        """Submit a modal with what was filled in, by block id; the rest as it stood."""
        state: Json = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                element = block["element"]
                filled = _filled(element, values.pop(block["block_id"], None))
                assert block.get("optional") or any(filled.values()), f"{block['block_id']} is open"
                state[block["block_id"]] = {
                    element["action_id"]: {"type": element["type"], **filled}
                }
        assert not values, f"the modal has no {list(values)}"
        answer = await self._interact(
            "view_submission", {"view": {**view, "state": {"values": state}}, "response_urls": []}
        )
        if answer is None or answer.get("response_action") == "clear":
            shown = self._front.workspace.modals[self.id]
            shown[:] = [one for one in shown if one["id"] != view["id"]]
        return answer

    async def command(self, text: str, channel: str) -> Any:
        """`/desk text`, typed in a channel; what the app answered."""

        async def act() -> Any:
            trigger = await self._front.deliveries.new_trigger(self.id)
            payload = {
                "token": "unused",
                "team_id": seed.TEAM,
                "team_domain": "nordlys",
                "channel_id": channel,
                "channel_name": "support",
                "user_id": self.id,
                "user_name": self.name,
                "command": "/desk",
                "text": text,
                "api_app_id": seed.APP_ID,
                "response_url": self._front.deliveries.response_url(self.id, "command"),
                "trigger_id": trigger,
            }
            return await self._front.deliveries.deliver("slash_commands", payload)

        return await self._front.run(act())

    async def archive(self, channel: str) -> None:
        await self._call("conversations.archive", {"channel": channel})

    async def open_home(self) -> None:
        async def act() -> None:
            event = {"type": "app_home_opened", "user": self.id, "channel": "D0HOME", "tab": "home"}
            self._front.deliveries.event(event)

        await self._front.run(act())

    # --------------------------------------------------------------------------------- parts

    async def _interact(self, kind: str, more: Json) -> Any:
        async def act() -> Any:
            payload = {
                "type": kind,
                "team": {"id": seed.TEAM, "domain": "nordlys"},
                "user": {"id": self.id, "username": self.name, "name": self.name},
                "api_app_id": seed.APP_ID,
                "token": "unused",
                "trigger_id": await self._front.deliveries.new_trigger(self.id),
                **more,
            }
            return await self._front.deliveries.deliver("interactive", payload)

        return await self._front.run(act())

    async def _call(self, method: str, body: Json) -> Json:
        async def act() -> Json:
            answer = await self._front.answer(method, body, self.token)
            assert answer["ok"], f"{method}: {answer}"
            return answer

        return await self._front.run(act())

    async def _messages(self, channel: str, thread: str | None) -> list[Json]:
        method = "conversations.replies" if thread else "conversations.history"
        body = {"channel": channel, "limit": 1000} | ({"ts": thread} if thread else {})
        found = (await self._front.api(method, body, seed.ADMIN_TOKEN))["messages"]
        self._front.mark_own(found)
        return [{**one, "channel": channel} for one in sorted(found, key=lambda m: float(m["ts"]))]


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def elements_of(blocks: list[Json]) -> Iterator[Json]:
    """All that can be pressed, with the id of its block."""
    for block in blocks:
        found = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        for element in found:
            if isinstance(element, dict) and "action_id" in element:
                yield {"block_id": block.get("block_id", ""), **element}


def labels_of(blocks: list[Json]) -> list[str]:
    return [_label(element) for element in elements_of(blocks)]


def element_of(blocks: list[Json], label: str) -> Json:
    found = [one for one in elements_of(blocks) if _label(one) == label]
    assert len(found) == 1, f"{len(found)} times {label!r} among {labels_of(blocks)}"
    return found[0]


def words_of(blocks: list[Json]) -> str:
    """All that is written in the blocks, as a person reads it from top to bottom."""
    return "\n".join(_texts(blocks))


def _texts(thing: Any) -> Iterator[str]:
    if isinstance(thing, dict):
        if isinstance(thing.get("text"), str):
            yield thing["text"]
        for value in thing.values():
            yield from _texts(value)
    elif isinstance(thing, list):
        for one in thing:
            yield from _texts(one)


def _label(element: Json) -> str:
    text = element.get("text") or element.get("placeholder") or {"text": element["action_id"]}
    return str(text["text"])


def _pressed(element: Json, option: str | None) -> Json:
    pressed: Json = {
        key: element[key]
        for key in ("type", "action_id", "block_id", "text", "value")
        if key in element
    }
    if option is not None:
        pressed["selected_option"] = _option(element, option)
    return pressed


def _option(element: Json, text: str) -> Json:
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(o for group in groups for o in group["options"])]
    found = [one for one in options if one["text"]["text"] == text]
    assert len(found) == 1, f"{text!r} is none of {[o['text']['text'] for o in options]}"
    return dict(found[0])


def _filled(element: Json, value: str | None) -> Json:
    if element["type"] == "plain_text_input":
        return {"value": element.get("initial_value") if value is None else value}
    chosen = element.get("initial_option") if value is None else _option(element, value)
    return {"selected_option": chosen}


def _in(thread: str | None) -> Json:
    return {"thread_ts": thread} if thread else {}
