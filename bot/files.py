"""Files that customers and agents send: their bytes, in Redis like everything else.

Belongs here: keys and times of files, how much is kept, storing a file once, getting it back. Does
not belong here: which kinds are taken and what a name may be (`bot.file_kinds`), who may send or
see one (the rooms that serve it), or that a message carries it (`bot.events.File` in the log).

A file belongs to one conversation: its key holds that conversation's id, so whoever asks with
another one finds nothing. Its own id cannot be guessed. All bounds are checked in the same atomic
step that stores the bytes. Redis keeps conversations, too, so files must never fill it: beyond
`total` bytes new ones are refused, and chats go on.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from redis.asyncio import Redis

from bot.errors import BadMessage, DeskhandError, UnknownConversation
from bot.events import File
from bot.file_kinds import clean_name, kind_of
from bot.store import PREFIX, STATE, reachable

# ------------------------------------------------------------------------------ keys and times

#: One file (hash: `about` as JSON, `data`), kept so long after it came. A customer's session can
#: be renewed for a month after the last visit; agents may look back a little further.
FILE: Final = PREFIX + "c:{}:file:{}"
KEPT_MS: Final = 90 * 24 * 3600 * 1000
#: A conversation's files (hash: upload's key -> file as JSON): counts them, and makes an upload
#: that is repeated find the first. Kept as long as the newest of them.
UPLOADS: Final = PREFIX + "c:{}:files"
#: How many bytes are kept in all (counter), and what goes out when (sorted set of
#: `<size>:<conversation>:<id>`; score: ms).
BYTES: Final = PREFIX + "files:bytes"
DUE: Final = PREFIX + "files:due"

#: Files that one conversation may have at once, and their bytes. More than any case needs.
FILES_AT_MOST: Final = 100
BYTES_AT_MOST: Final = 100 * 1024**2
#: Bytes of all files together, a bound that protects Redis' memory.
TOTAL_AT_MOST: Final = 2 * 1024**3

_PUT: Final = """
local state, uploads, file, bytes, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, key, about, data = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local member, kept, prefix = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local at_most, share, total = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
if redis.call('EXISTS', state) == 0 then return {'unknown', ''} end
local function gone(known) return redis.call('EXISTS', prefix .. cjson.decode(known).id) == 0 end
local known = redis.call('HGET', uploads, key)
if known and not gone(known) then return {'known', known} end
for _, one in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 200)) do
  redis.call('ZREM', due, one)
  redis.call('DECRBY', bytes, string.match(one, '^%d+'))
end
if tonumber(redis.call('GET', bytes) or '0') + #data > total then return {'full', ''} end
local all, count, held = redis.call('HGETALL', uploads), 0, #data
for i = 1, #all, 2 do
  if gone(all[i + 1]) then
    redis.call('HDEL', uploads, all[i])
  else
    count, held = count + 1, held + cjson.decode(all[i + 1]).size
  end
end
if count >= at_most then return {'many', ''} end
if held > share then return {'heavy', ''} end
redis.call('HSET', file, 'about', about, 'data', data)
redis.call('PEXPIREAT', file, now + kept)
redis.call('HSET', uploads, key, about)
redis.call('PEXPIREAT', uploads, now + kept)
redis.call('INCRBY', bytes, #data)
redis.call('ZADD', due, now + kept, member)
return {'stored', about}
"""


class UnknownFile(DeskhandError):
    """Not there: never was, no longer kept, or another conversation's. Nobody is told which."""

    code = "unknown_file"


class FileTooLarge(BadMessage):
    code = "file_too_large"


class TooManyFiles(BadMessage):
    code = "too_many_files"


class FilesFull(DeskhandError):
    """No room for files at all; messages are not affected."""

    code = "files_full"


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(File).decode


class Files:
    """The one store of files' bytes."""

    def __init__(
        self,
        redis: Redis[bytes],
        *,
        now: Callable[[], int],
        size_at_most: int,
        total: int = TOTAL_AT_MOST,
    ) -> None:
        """`size_at_most`: bytes of one file. `total`: bytes of all. `now`: ms since 1970."""
        self._redis = redis
        self._put = redis.register_script(_PUT)
        self._now = now
        self._total = total
        self.size_at_most = size_at_most

    async def put(self, conversation: str, name: str, data: bytes, *, key: str) -> File:
        """Keep a file. Its type is read from the bytes, its name is cleaned. `key` says which
        upload this is (who, and an id of theirs): one that is repeated gives the first one's file.

        Raises:
            FileTooLarge, FileNotTaken, TooManyFiles: it cannot be accepted.
            FilesFull: no room for any.
            UnknownConversation: there is no such conversation.
            StoreUnavailable: Redis is away; repeat with the same key.
        """
        if len(data) > self.size_at_most:
            raise self.too_large()
        kind = kind_of(data)
        file = File(
            id=secrets.token_urlsafe(16),
            name=clean_name(name, kind),
            type=kind.type,
            size=len(data),
        )
        async with reachable():
            verdict, about = await self._put(
                keys=[
                    STATE.format(conversation),
                    UPLOADS.format(conversation),
                    FILE.format(conversation, file.id),
                    BYTES,
                    DUE,
                ],
                args=[
                    self._now(),
                    key,
                    _encode(file),
                    data,
                    f"{file.size}:{conversation}:{file.id}",
                    KEPT_MS,
                    FILE.format(conversation, ""),
                    FILES_AT_MOST,
                    BYTES_AT_MOST,
                    self._total,
                ],
            )
        match verdict:
            case b"stored" | b"known":
                return _decode(about)
            case b"many":
                raise TooManyFiles(
                    f"There are {FILES_AT_MOST} files in this conversation already.",
                    hint="Describe it in words, or send it by e-mail.",
                )
            case b"heavy":
                raise TooManyFiles(
                    f"The files of this conversation have {BYTES_AT_MOST // 1024**2} MB already.",
                    hint="Send a smaller one, or describe it in words.",
                )
            case b"full":
                raise FilesFull(
                    "There is no room for files right now.", hint="Messages still get through."
                )
            case _:
                raise UnknownConversation(f"There is no conversation {conversation}.")

    async def get(self, conversation: str, id: str) -> tuple[File, bytes]:
        """A file of this conversation, with its bytes.

        Raises: UnknownFile."""
        async with reachable():
            about, data = await self._redis.hmget(FILE.format(conversation, id), "about", "data")
        if about is None or data is None:
            raise _unknown()
        return _decode(about), data

    async def find(self, conversation: str, ids: Sequence[str]) -> tuple[File, ...]:
        """What a message's files are, in that order, without their bytes.

        Raises: UnknownFile, when there is one that this conversation does not have."""
        if not ids:
            return ()
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for id in ids:
                pipe.hget(FILE.format(conversation, id), "about")
            found = await pipe.execute()
        if None in found:
            raise _unknown()
        return tuple(_decode(about) for about in found)

    def too_large(self) -> FileTooLarge:
        """The error of a file that is larger than the largest."""
        return FileTooLarge(
            f"The file is larger than {self.size_at_most // 1024**2} MB.",
            hint="Send a smaller one, or a part of it.",
        )


def _unknown() -> UnknownFile:
    return UnknownFile("There is no such file.", hint="It may no longer be kept. Send it again.")
