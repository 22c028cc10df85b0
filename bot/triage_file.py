"""The triage policy in force: data/triage.yml, read again whenever the file has changed.

Belongs here: where the file is, when it is read, and what happens when a change is wrong: the
policy before it stays in force, and the log says why. Does not belong here: what a policy is
(`bot.triage_policy`), or changing the file (`bot.learning.triage_edit`).
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.triage_policy import Policy, PolicyError, load_policy

log = logging.getLogger(__name__)

VARIABLE = "DESKHAND_TRIAGE"
"""Environment variable that names another file than data/triage.yml."""


@dataclass(frozen=True)
class Rules:
    """A policy, and the mark of the text that it was read from."""

    policy: Policy
    mark: str


def policy_path(root: Path, environ: Mapping[str, str]) -> Path:
    """The file with the triage policy of the project at `root`."""
    return Path(environ.get(VARIABLE) or root / "data" / "triage.yml")


def mark_of(text: str) -> str:
    """Tells one text of the file from another: twelve digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def text_of(path: Path) -> str:
    """The file's text, line ends as they are. Raises PolicyError when it is not UTF-8, OSError."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as why:
        raise PolicyError(f"the triage policy is not UTF-8: {why}") from why


class TriageFile:
    """The file at a path. Reading it costs one `stat` as long as nobody has changed it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rules: Rules | None = None
        self._stamp: tuple[int, int, int] | None = None

    @classmethod
    def in_project(cls) -> TriageFile:
        """The file of the project that this package belongs to."""
        return cls(policy_path(Path(__file__).resolve().parent.parent, os.environ))

    def read(self) -> Rules:
        """The rules in force.

        Raises PolicyError when the file is wrong, OSError when it cannot be read; each only until
        it has been right for the first time.
        """
        stamp = self._stamp_of_file()
        if self._rules is None:
            self._rules = self._load()
            self._stamp = stamp
        elif stamp != self._stamp:
            self._stamp = stamp  # what is wrong is said once, not at every turn
            self._change(self._rules)
        return self._rules

    def _change(self, before: Rules) -> None:
        try:
            self._rules = self._load()
        except (PolicyError, OSError) as why:
            log.error("the triage policy stays as it was: %s: %s", self.path, why)
        else:
            if self._rules.mark != before.mark:
                log.info("the triage policy was read again from %s", self.path)

    def _load(self) -> Rules:
        text = text_of(self.path)
        return Rules(load_policy(text), mark_of(text))

    def _stamp_of_file(self) -> tuple[int, int, int] | None:
        """What changes whenever the file does; None while it is not there."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
