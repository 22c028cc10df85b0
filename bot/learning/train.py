"""From `config.yml`, `domain.yml` and `data/` to a model in `models/`.

Belongs here: reading the files for mistakes first, running `rasa train`, for the current model or
for a candidate beside it. Does not belong here: what a model depends on (`bot.learning.project`),
judging a model (`bot.learning.trial`), its story (`bot.learning.registry`), or starting Rasa with
it (`bot.up`).

Rasa itself runs in a process of its own: importing it takes 20 s, and its output goes to
`var/log/train.log`, of which people see one line.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from bot.child_log import ChildLog, explaining
from bot.children import Child, run_to_its_end
from bot.errors import TrainingFailed
from bot.learning.jobs import NICE, at_work_already
from bot.learning.project import CONFIG, DATA, DOMAIN, Project
from bot.learning.registry import Model, Promoted, Registry, Trained

#: Held while a model is trained; says for whom, and since when.
TRAINING_LOCK = ".training.lock"
#: In `models/`: how directories begin in which a model is being made.
DRAFT = ".training-"

Progress = Callable[[str], None]


def check_files(project: Project) -> None:
    """Read every YAML file that training reads, for mistakes that Rasa would explain at length.

    Raises:
        TrainingFailed: naming file, line and what is wrong.
    """
    # Here, because `deskhand up` needs it only when something has changed.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    for needed in (CONFIG, DOMAIN):
        if not (project.root / needed).exists() and not (needed == DOMAIN and _has_domain(project)):
            raise TrainingFailed(
                f"{needed} is missing.", hint=f"It belongs into {project.root.resolve()}."
            )
    for path in project.sources():
        if path.suffix not in {".yml", ".yaml"}:
            continue
        try:
            content = YAML(typ="safe").load((project.root / path).read_text(encoding="utf-8"))
        except YAMLError as why:
            raise _misspelt(path, why) from None
        except UnicodeDecodeError as why:
            raise TrainingFailed(
                f"{path}: byte {why.start} is not UTF-8.", hint="Save the file as UTF-8."
            ) from None
        if path == Path(CONFIG):
            _check_config(content)
        elif content is not None and not isinstance(content, dict):
            raise TrainingFailed(f"{path}: it should be keys and values, like `version: '3.1'`.")


async def train(
    project: Project, progress: Progress, *, by: str = "deskhand train", why: str = ""
) -> Model:
    """Train, put the model into `models/` and make it the current one.

    Args:
        progress: called with what is going on, a few words at a time.
        by, why: for the registry.

    Raises:
        TrainingFailed: one line that says which file and why; the current model stays.
        JobRunning: another training is at work.
    """
    with only_training(project.models, by):
        registry = Registry(project.models)
        before = registry.current()
        model = await _make(project, progress, project.name_of(project.fingerprint()))
        with _explained(project):
            _note(registry, model, by=by, why=why, candidate=False)
            registry.make_current(model)
            registry.record(
                Promoted(
                    model=model.model,
                    at=model.trained_at,
                    by=by,
                    why=why,
                    before=before.model if before and before.model != model.model else None,
                )
            )
            project.forget_old(model.trained_at, by)
    return model


async def train_candidate(
    project: Project, progress: Progress, *, by: str, why: str = "", force: bool = False
) -> Model:
    """Train a model beside the current one, which stays what it is, file by file.

    Args:
        force: even if nothing has changed since the current model was trained.

    Returns:
        The model; one that was trained from just these files before is not trained again.

    Raises:
        TrainingFailed: nothing has changed, or no model was made; says why.
        JobRunning: another training is at work.
    """
    with only_training(project.models, by):
        registry = Registry(project.models)
        current, fingerprint = registry.current(), project.fingerprint()
        check_files(project)
        if current is not None and current.fingerprint == fingerprint and not force:
            raise TrainingFailed(
                f"Nothing has changed since {current.model} was trained, which serves now.",
                hint="Teach the assistant something first.",
            )
        if not force:
            for one in registry.models():
                if one.fingerprint == fingerprint and one.candidate:
                    progress("it was trained before")
                    return one.as_model()
        taken = {one.model for one in registry.models()}
        name, number = project.name_of(fingerprint), 2
        while name in taken:
            name, number = project.name_of(f"{fingerprint[:12]}-{number}", 20), number + 1
        model = await _make(project, progress, name, low=True)
        with _explained(project):
            _note(registry, model, by=by, why=why, candidate=True)
            project.forget_old(model.trained_at, by)
    return model


async def _make(project: Project, progress: Progress, name: str, *, low: bool = False) -> Model:
    """The model and, beside it, what it was made of. `low`: others go first."""
    began = time.monotonic()
    progress("reading the files")
    check_files(project)
    made_of, fingerprint = project.made_of(), project.fingerprint()
    with _explained(project):
        project.models.mkdir(parents=True, exist_ok=True)
        # Beside its final place, so that it appears there whole or not at all.
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=project.models) as draft:
            await _run_rasa(project, Path(draft), name, progress, low=low)
            made = Path(draft) / name
            if not made.is_file():
                raise TrainingFailed("Rasa ended well but left no model.", hint=_see(project))
            sources = Path(draft) / "sources.json"
            sources.write_bytes(msgspec.json.format(msgspec.json.encode(made_of)) + b"\n")
            sources.replace(project.sources_of(name))
            made.replace(project.models / name)
    return Model(
        model=name,
        fingerprint=fingerprint,
        trained_at=time.time_ns() // 1_000_000,
        seconds=round(time.monotonic() - began, 1),
    )


def _note(registry: Registry, model: Model, *, by: str, why: str, candidate: bool) -> None:
    registry.record(
        Trained(
            model=model.model,
            at=model.trained_at,
            by=by,
            why=why,
            fingerprint=model.fingerprint,
            seconds=model.seconds,
            candidate=candidate,
        )
    )


@contextmanager
def only_training(models: Path, by: str) -> Iterator[None]:
    """Hold the one right to train into `models`. The kernel lets go of it however we end.

    Raises:
        JobRunning: somebody else trains; says who and since when.
        TrainingFailed: the directory cannot be written.
    """
    try:
        models.mkdir(parents=True, exist_ok=True)
        lock = (models / TRAINING_LOCK).open("a+b")
    except OSError as why:
        raise TrainingFailed(f"{models} cannot be written: {why.strerror}.") from why
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who, _, since = lock.read().decode("utf-8", "replace").rpartition(" ")
            at = int(since) if since.strip().isdigit() else time.time_ns() // 1_000_000
            raise at_work_already("A training", who or "somebody", at) from None
        with suppress(OSError):  # a full disk costs the name, not the lock
            lock.truncate(0)
            lock.write(f"{by} {time.time_ns() // 1_000_000}\n".encode())
            lock.flush()
        for left in models.glob(f"{DRAFT}*"):  # by one that was killed
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def _explained(project: Project) -> Iterator[None]:
    """What the disk refuses, as a sentence."""
    try:
        yield
    except OSError as why:
        raise TrainingFailed(
            f"No model was made: {why.filename or project.models} cannot be written: "
            f"{why.strerror or why}.",
            hint="The current model is untouched. Free some space, and train again.",
        ) from why


def forget_other_caches(current: Path) -> None:
    """Delete what is beside the cache that is used now."""
    for path in current.parent.glob("*"):
        if path != current and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_file():
            path.unlink(missing_ok=True)


# ----------------------------------------------------------------------------------- rasa's part


async def _run_rasa(
    project: Project, out: Path, name: str, progress: Progress, *, low: bool
) -> None:
    progress("starting")
    domain = DOMAIN if (project.root / DOMAIN).is_file() else "domain"
    data = [folder for folder in DATA if (project.root / folder).is_dir()]
    cache = project.cache_of_components()
    forget_other_caches(cache)
    child = Child(
        name="train",
        argv=(
            *(*project.rasa, "train"),
            *("--config", CONFIG, "--domain", domain, "--data", *data),
            *("--out", str(out.resolve()), "--fixed-model-name", name.removesuffix(".tar.gz")),
        ),
        cwd=project.root,
        env={
            "RASA_TELEMETRY_ENABLED": "false",
            "RASA_CACHE_DIRECTORY": str(cache.resolve()),
            "PYTHONUNBUFFERED": "1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        },
        nice=NICE if low else 0,
    )
    log = ChildLog(project.logs / "train.log", progress)
    complaints: list[str] = []

    def tell(line: str) -> None:
        if match := re.search(r"UserWarning: (.*(?:not listed|not present|mandatory).*)", line):
            complaints.append(match[1])
        elif match := re.search(r"Starting to train component '(\w+)'", line):
            progress(f"training {match[1]}")
        elif match := re.search(r"Restored component '(\w+)'", line):
            progress(f"{match[1]} is unchanged")

    try:
        code = await run_to_its_end(child, log, tell)
    except OSError as why:
        raise TrainingFailed(f"Rasa cannot be started: {why}", hint="Run `make up`.") from why
    finally:
        log.close()
    if code and any("No space left on device" in line for line in log.lines()):
        raise TrainingFailed(
            "No model was made: the disk is full.",
            hint="The current model is untouched. Free some space, and train again.",
        )
    if code:
        raise TrainingFailed(_why(project, log.lines(), complaints), hint=_see(project))


def _why(project: Project, lines: list[str], complaints: list[str]) -> str:
    """Rasa's own sentence about what is wrong, on one line and without our absolute paths."""
    told = explaining(lines) or "Rasa ended without a word"
    for number, line in enumerate(lines):
        # An exception that Rasa prints on purpose: its message may go on over the next lines.
        if re.match(r"[A-Z]\w*(Exception|Error): ", line):
            told = " ".join(lines[number : number + 6])
    if complaints and "validation completed with errors" in told:
        told = complaints[0]  # it warns about what it then fails for
    told = re.sub(r"^[\w.]*(?:Exception|Error): ", "", told)
    told = told.replace(f"{project.root.resolve()}/", "")
    return f"No model was made: {told if len(told) <= 400 else told[:399] + '…'}"


def _see(project: Project) -> str:
    return f"The whole story is in {project.logs / 'train.log'}."


# ------------------------------------------------------------------------------------- the files


def _has_domain(project: Project) -> bool:
    return any((project.root / "domain").glob("*.yml"))


def _check_config(content: object) -> None:
    if not isinstance(content, dict):
        raise TrainingFailed(f"{CONFIG}: it should be keys and values, and is not.")
    for key in ("pipeline", "policies"):
        parts = content.get(key)
        if not isinstance(parts, list) or not parts:
            raise TrainingFailed(
                f"{CONFIG}: `{key}` is missing or no list.",
                hint=f"Write `{key}:` and below it one `- name: ...` per component.",
            )
        for number, part in enumerate(parts, 1):
            if not isinstance(part, dict) or not isinstance(part.get("name"), str):
                raise TrainingFailed(
                    f"{CONFIG}: number {number} in `{key}` has no name.",
                    hint="Each begins with `- name: ...`.",
                )


def _misspelt(path: Path, why: Exception) -> TrainingFailed:
    """`domain.yml, line 12, column 3: could not find expected ':'`"""
    mark = getattr(why, "problem_mark", None) or getattr(why, "context_mark", None)
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    problem = getattr(why, "problem", None) or str(why).splitlines()[0]
    return TrainingFailed(
        f"{path}{where}: {problem}.",
        hint="It is not valid YAML; the mistake may also be just above.",
    )
