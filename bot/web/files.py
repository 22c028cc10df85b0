"""Files over HTTP, for customers and agents alike: a body in, bytes out, and how safely.

Belongs here: reading an upload, how often one sender may, and the headers under which a file goes
out. Does not belong here: who is asking (the routes in `bot.web.chat` and `bot.web.desk`), or
which files are taken at all (`bot.files`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.events import File
from bot.file_kinds import SHOWN
from bot.files import Files
from bot.web import wire
from bot.web.limits import Limits, Rate, TooMany, sender_of

#: Seconds within which an upload must have arrived: the largest one over a slow mobile line.
UPLOAD_WITHIN_S: Final = 120.0
#: Uploads that one gateway reads at once; each is held in memory.
UPLOADS_AT_ONCE: Final = 16
#: Of these, how many may come from one address, so that a slow or hostile one blocks only itself.
UPLOADS_AT_ONCE_PER_ADDRESS: Final = 4
#: Files that one sender may send into one conversation.
UPLOADS: Final = Rate(burst=12, per_second=0.2)
#: Files that one message may carry.
FILES_PER_MESSAGE: Final = 10

#: A message's files, as ids of uploads.
FileIds = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=64)], ...],
    msgspec.Meta(max_length=FILES_PER_MESSAGE),
]

#: A file is shown to somebody who is logged in. Whatever is in it must find nothing to do here: no
#: script, no frame, no guess at another type, no other site that embeds it, no copy in a cache.
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }
)


class FileExchange:
    """Takes files in and gives them out, for a conversation that the caller has checked."""

    def __init__(self, files: Files, limits: Limits) -> None:
        self._files = files
        self._limits = limits
        #: Addresses from which a file is being read, once for each file.
        self._under_way: Counter[str] = Counter()

    async def take(self, request: Request, conversation: str, by: str) -> Response:
        """Store the request's body, `?name=` and `?client_id=` beside it, and answer with the file
        (201). The same client_id again, by the same sender, is the same file.

        Raises: BadRequest, TooMany, and whatever `Files.put` raises."""
        name, client_id = (request.query_params.get(key, "") for key in ("name", "client_id"))
        if not name or len(name) > 1_000:
            raise wire.BadRequest("`name` is the file's name: 1 to 1,000 characters.")
        if not re.match(wire.CLIENT_ID, client_id):
            raise wire.BadRequest("`client_id` is an id of your own: 8 to 64 letters and digits.")
        address = sender_of(request)
        if (
            self._under_way.total() >= UPLOADS_AT_ONCE
            or self._under_way[address] >= UPLOADS_AT_ONCE_PER_ADDRESS
        ):
            raise TooMany("Many files are being sent right now.", retry_after=5)
        self._limits.spend(f"upload:{conversation}:{by}", UPLOADS)
        self._under_way[address] += 1
        try:
            data = await wire.read(
                request,
                self._files.size_at_most,
                within=UPLOAD_WITHIN_S,
                too_large=self._files.too_large(),
            )
            file = await self._files.put(conversation, name, data, key=f"{by}:{client_id}")
        finally:
            self._under_way[address] -= 1
            if not self._under_way[address]:
                del self._under_way[address]
        return JSONResponse(msgspec.to_builtins(file), 201)

    @property
    def mb_at_most(self) -> int:
        """Megabytes of one file, so that a browser need not send a larger one in vain."""
        return self._files.size_at_most // 1024**2

    async def find(self, conversation: str, ids: Sequence[str]) -> tuple[File, ...]:
        """See `Files.find`."""
        return await self._files.find(conversation, ids)

    async def give(self, conversation: str, id: str) -> Response:
        """The file as an answer.

        Raises: UnknownFile."""
        file, data = await self._files.get(conversation, id)
        return Response(
            data,
            headers={**HEADERS, "Content-Disposition": disposition(file)},
            media_type=f"{file.type}; charset=utf-8" if file.type == "text/plain" else file.type,
        )


def disposition(file: File) -> str:
    """How a browser is to treat it: to be saved, unless it is a picture that cannot do anything.
    The name in ASCII for old clients, and as it is (RFC 6266)."""
    how = "inline" if file.type in SHOWN else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", file.name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
