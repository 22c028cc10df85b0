"""The help pages of a folder, searchable, and up to date while people edit them.

Belongs here: noticing changes, reading only what is new, keeping embeddings on the disk so that the
next start is quick. Does not belong here: what a page is (`bot.help.pages`) or how one is found
(`bot.help.search`).

A change is noticed when somebody asks, at most every `LOOK_EVERY_S`. Changed pages are then read in
a thread of their own: whoever asks meanwhile gets answers from the pages as they were.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.help.answer import answer
from bot.help.pages import Pages, read_pages, signature
from bot.help.search import Embeddings, Encode, HelpSearch

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
"""Seconds between two looks at the folder."""

QUESTION_AT_MOST = 400
"""Characters of a message that are read; a question for a help page is shorter."""


@dataclass(frozen=True)
class Found:
    """A page that may answer. `score` is the chance that it does; `answer` its best sentences."""

    page: str
    title: str
    anchor: str
    score: float
    answer: str


class HelpIndex:
    """The pages of one folder. Asked by one thread."""

    def __init__(
        self,
        folder: Path,
        encode: Encode,
        knows: Callable[[str], bool],
        *,
        cache: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Reads the pages, which takes some seconds when `cache` does not know them yet.

        `encode` and `knows` are the sentence encoder's; `cache` is a file for embeddings.
        """
        self._folder = folder
        self._knows = knows
        self._encode = encode
        self._remembered = RememberedEmbeddings(encode, cache)
        self._monotonic = monotonic
        self._looked = monotonic()
        self._signature = signature(folder)
        self._reading: threading.Thread | None = None
        self._search = self._read()

    def ask(self, question: str, embedding: Embeddings) -> list[Found]:
        """The best pages, best first; `embedding` is the question's."""
        self._look()
        search = self._search
        question = question[:QUESTION_AT_MOST]
        meant = search.corrected(question, self._knows)
        if meant != question:
            embedding = self._encode([meant])[0]
        return [
            Found(
                page=match.passage.page,
                title=match.passage.title,
                anchor=match.passage.anchor,
                score=match.score,
                answer=answer(match),
            )
            for match in search.search(meant, embedding)
        ]

    def _look(self) -> None:
        now = self._monotonic()
        if now - self._looked < LOOK_EVERY_S or (self._reading and self._reading.is_alive()):
            return
        self._looked = now
        if (current := signature(self._folder)) != self._signature:
            self._signature = current
            self._reading = threading.Thread(target=self._reread, name="help-pages", daemon=True)
            self._reading.start()

    def _reread(self) -> None:
        self._search = self._read()

    def _read(self) -> HelpSearch:
        pages = read_pages(self._folder)
        _tell(pages)
        search = HelpSearch(tuple(pages.pages.values()), self._remembered)
        self._remembered.forget_others()
        return search


def _tell(pages: Pages) -> None:
    for error in pages.errors:
        log.error("%s The page is left out. %s", error.message, error.hint)
    log.info("%d help pages are read", len(pages.pages))


class RememberedEmbeddings:
    """An encoder that knows the texts that it has read before, across restarts too."""

    def __init__(self, encode: Encode, cache: Path | None) -> None:
        self._encode = encode
        self._cache = cache
        self._known = _load(cache) if cache else {}
        self._used: set[str] = set()
        self._new = False

    def __call__(self, texts: Sequence[str]) -> Embeddings:
        """The embedding of each text."""
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in texts]
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        if missing:
            self._known.update(zip(missing, self._encode(list(missing.values())), strict=True))
            self._new = True
        self._used.update(keys)
        return np.stack([self._known[key] for key in keys])

    def forget_others(self) -> None:
        """Forgets what was not asked for since the last time, and writes the rest to the disk."""
        stale = self._known.keys() - self._used
        for key in stale:
            del self._known[key]
        if self._cache and (self._new or stale):
            _save(self._cache, self._known)
        self._used, self._new = set(), False


def _load(cache: Path) -> dict[str, Embeddings]:
    try:
        # NumPy would leave a file open that it cannot read.
        with cache.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            keys, rows = stored["keys"], stored["rows"]
        return {str(key): row for key, row in zip(keys, rows, strict=True)}
    except FileNotFoundError:
        return {}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as why:
        log.warning("%s is not usable (%s); help pages are read anew", cache, why)
        return {}


def _save(cache: Path, known: dict[str, Embeddings]) -> None:
    draft = cache.with_name(f".{cache.name}.{threading.get_ident()}")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.savez(file, keys=np.array(list(known)), rows=np.stack(list(known.values())))
        draft.replace(cache)
    except OSError as why:
        log.warning("%s cannot be written (%s); the next start takes longer", cache, why)
