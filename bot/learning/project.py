"""The project that is taught: its sources, its models, and what a model of it depends on.

Belongs here: which files a model is made of, their fingerprint, where models and caches are, and
what of the sources a model does not know yet. Does not belong here: making models
(`bot.learning.train`), their story (`bot.learning.registry`), or what the studio has written
(`bot.learning.sources`).
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import msgspec

from bot.learning.registry import Model, Registry
from bot.learning.sources import Sources, changed, digests, note_studio_write, noted, waiting
from bot.settings import Settings

CONFIG = "config.yml"
DOMAIN = "domain.yml"
#: What of `data/` goes into a model; the rest (help pages, triage policy) is read at run time.
DATA = ("data/nlu", "data/rules", "data/stories")
#: What our own components read by themselves when they are trained.
COMPONENT_DATA = ("data/cues", "data/frustration")
#: A model holds objects pickled by these: another version cannot be trusted to read them.
MADE_WITH = ("rasa", "spacy", "scikit-learn", "numpy")
#: Of the models that have served: the current one, and two to go back to. And of the candidates,
#: when the settings do not say otherwise.
MODELS_KEPT = 3
CANDIDATES_KEPT = 5


@dataclass(frozen=True, slots=True)
class Project:
    """Where things are: `root` has config.yml; `models` and `logs` are written."""

    root: Path
    models: Path
    logs: Path
    #: Rasa's own cache of trained components, which makes the next training short.
    cache: Path
    #: The command that is Rasa.
    rasa: tuple[str, ...] = (sys.executable, "-m", "rasa")
    #: How many candidates there are at most after a training; older ones are deleted.
    candidates_kept: int = CANDIDATES_KEPT

    @property
    def registry(self) -> Registry:
        """The story of its models."""
        return Registry(self.models)

    def current(self) -> Model | None:
        """The model to start with, None when there is none (or its file is gone)."""
        return self.registry.current()

    def sources(self) -> list[Path]:
        """The files that a model is made of, relative to `root`, in a fixed order."""
        found = {Path(CONFIG), *self.component_sources()}
        found |= {Path(DOMAIN)} if (self.root / DOMAIN).is_file() else set()
        return sorted(found | _files(self.root, "domain", *DATA))

    def component_sources(self) -> list[Path]:
        """Those of them that make our components what they are, and that Rasa does not look at."""
        return sorted(_components(self.root) | _files(self.root, *COMPONENT_DATA))

    def fingerprint(self) -> str:
        """Changes when, and only when, a new model would be different (64 hex digits)."""
        return self._digest(self.sources())

    def cache_of_components(self) -> Path:
        """Rasa's cache for our components as they are now.

        Rasa takes a trained component from its cache when its class and its input are the same. It
        does not see the modules and files behind that class, so each state of them has a cache of
        its own.
        """
        return self.cache / self._digest(self.component_sources())[:12]

    def name_of(self, fingerprint: str, length: int = 12) -> str:
        """The file name of a model with this fingerprint."""
        return f"deskhand-{fingerprint[:length]}.tar.gz"

    def sources_of(self, model: str) -> Path:
        """The file that says what a model was made of."""
        return self.models / f"{model.removesuffix('.tar.gz')}.sources.json"

    def made_of(self) -> Sources:
        """What a model would be made of now."""
        return Sources(
            files=digests(self.root, self.sources()),
            components=self._digest(self.component_sources()),
            noted=noted(self.root),
        )

    def waiting(self) -> list[str]:
        """Files that the studio has written and that the current model does not know; empty when
        our own components have changed, since that model may not fit them any more."""
        current = self.current()
        if current is None:
            return []
        known, now = self.known_to(current.model), self.made_of()
        if known is not None and known.components != now.components:
            return []
        return waiting(self.root, known, now.files)

    def put_aside(self, model: str) -> None:
        """Treat the sources that this model does not know as the studio's: it was chosen to serve
        all the same, so the next start must not train them into another one. Raises: OSError."""
        known, now = self.known_to(model), self.made_of().files
        for path in changed(known.files, now) if known is not None else sorted(now):
            note_studio_write(self.root, Path(path))

    def forget_old(self, at: int, by: str) -> None:
        """Delete the models that are too many. Raises: OSError."""
        self.registry.forget(MODELS_KEPT, self.candidates_kept, at=at, by=by)

    def known_to(self, model: str) -> Sources | None:
        """What a model was made of; None when that is not known."""
        try:
            return msgspec.json.decode(self.sources_of(model).read_bytes(), type=Sources)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _digest(self, paths: list[Path]) -> str:
        digest = hashlib.sha256()
        for package in MADE_WITH:
            with suppress(metadata.PackageNotFoundError):
                digest.update(f"{package}=={_version(package)}\0".encode())
        for path in paths:
            with suppress(FileNotFoundError):
                content = (self.root / path).read_bytes()
                digest.update(f"{path.as_posix()}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


@lru_cache
def _version(package: str) -> str:
    """Of what is installed, which does not change while we run. Raises: PackageNotFoundError."""
    return metadata.version(package)


def project_of(settings: Settings, root: Path) -> Project:
    """Where this project's sources, models and training logs are."""
    var = root / settings.var
    return Project(
        root=root,
        models=root / settings.models,
        logs=var / "log",
        cache=var / "rasa-cache",
        candidates_kept=settings.candidates_kept,
    )


def _components(root: Path) -> set[Path]:
    """Our own modules that `config.yml` names as components, what of ours they import, and the
    data files that lie beside them. So editing the gateway, or the tracker store, trains nothing.
    """
    try:
        names = set(re.findall(r"\bbot(?:\.\w+)+", (root / CONFIG).read_text(errors="replace")))
    except FileNotFoundError:
        return set()
    found: set[Path] = set()
    while names:
        parts = names.pop().split(".")
        for length in range(len(parts), 1, -1):
            stem = Path(*parts[:length])
            for path in (stem.with_suffix(".py"), stem / "__init__.py"):
                if path not in found and (root / path).is_file():
                    found.add(path)
                    names |= _imports((root / path).read_bytes())
    beside = {each for path in found for each in (root / path.parent).glob("*.*")}
    return found | {
        path.relative_to(root)
        for path in beside
        if path.suffix not in {".py", ".pyc", ".md"} and not path.name.startswith(".")
    }


def _files(root: Path, *folders: str) -> set[Path]:
    """All files in these folders of `root`, relative to it."""
    return {
        path.relative_to(root)
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".pyc"
    }


@lru_cache(maxsize=1_024)
def _imports(source: bytes) -> frozenset[str]:
    """The dotted names beginning with "bot." that a module imports; none if it does not parse."""
    names: set[str] = set()
    with suppress(SyntaxError, ValueError):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if name.startswith("bot."))
