"""What kinds of files are taken, how their bytes give them away, and how a name is made harmless.

Pure. The bytes decide, never what a browser or a desk claims; what no row of `KINDS` recognises is
refused. Does not belong here: keeping files (`bot.files`), or serving them (`bot.web.files`).
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.errors import BadMessage

#: Longest name that is kept, in characters; longer ones lose their middle, never their ending.
NAME_AT_MOST: Final = 120
#: Entries of an office document that are looked at, and the most that it may have.
ENTRIES_AT_MOST: Final = 5_000


class FileNotTaken(BadMessage):
    """Not of a kind that is taken, or empty."""

    code = "file_not_taken"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. `endings`: what its names may end in, the usual one first. `recognises` sees
    all of the bytes. `shown`: a browser may draw it on its own, as no script can be in it."""

    type: str
    endings: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    shown: bool = False


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(starts)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda data: data[:4] == b"RIFF" and data[8:12] == form


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    """ISO base media (ISO/IEC 14496-12): the box `ftyp` comes first, and names the brand."""
    return lambda data: data[4:8] == b"ftyp" and data[8:12] in brands


def _office(folder: str) -> Callable[[bytes], bool]:
    """An Office Open XML document (ECMA-376) of the application that keeps its parts in `folder`.
    Those that carry macros are not among them."""

    def recognises(data: bytes) -> bool:
        names = _zip_names(data)
        macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        inside = any(name.startswith(f"{folder}/") for name in names)
        return "[Content_Types].xml" in names and inside and not macros

    return recognises


def _open_document(type: bytes) -> Callable[[bytes], bool]:
    """An OpenDocument file (ISO/IEC 26300): its first entry is its media type, uncompressed."""

    def recognises(data: bytes) -> bool:
        if data[30:38] != b"mimetype" or data[38 : 38 + len(type) + 2] != type + b"PK":
            return False
        return not any(name.startswith(("Basic/", "Scripts/")) for name in _zip_names(data))

    return recognises


def _zip_names(data: bytes) -> Sequence[str]:
    """The names in an archive's directory; none if it is not exactly as office programs write it.
    Read by hand, since zipfile's time for it grows with the square of what a stranger put there."""
    end = data.rfind(b"PK\x05\x06")
    if not data.startswith(b"PK\x03\x04") or end < 0 or len(data) - end < 22:
        return ()
    count, size, at, comment = struct.unpack_from("<HLLH", data, end + 10)
    if count > ENTRIES_AT_MOST or at + size != end or end + 22 + comment != len(data):
        return ()
    names = []
    for _ in range(count):
        if data[at : at + 4] != b"PK\x01\x02" or end - at < 46:
            return ()
        name, extra, remark = struct.unpack_from("<HHH", data, at + 28)
        names.append(data[at + 46 : at + 46 + name].decode("utf-8", "replace"))
        at += 46 + name + extra + remark
    return names if at == end else ()


#: Control characters other than tab, line and page ends; in UTF-8 the bytes mean nothing else.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def _text(data: bytes) -> bool:
    """Text in UTF-8 without control characters: what it says is harmless as long as it is served
    as plain text, which it is."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(data) is None


_ODF = b"application/vnd.oasis.opendocument."
_OOXML = "application/vnd.openxmlformats-officedocument."

#: Looked at in this order. Text comes last: nearly everything else would pass for it somewhere.
KINDS: Final[Sequence[Kind]] = (
    Kind("image/png", (".png",), _begins(b"\x89PNG\r\n\x1a\n"), shown=True),
    Kind("image/jpeg", (".jpg", ".jpeg"), _begins(b"\xff\xd8\xff"), shown=True),
    Kind("image/gif", (".gif",), _begins(b"GIF87a", b"GIF89a"), shown=True),
    Kind("image/webp", (".webp",), _riff(b"WEBP"), shown=True),
    Kind("image/heic", (".heic", ".heif"), _brand(b"heic", b"heix", b"mif1", b"msf1")),
    Kind("application/pdf", (".pdf",), _begins(b"%PDF-")),
    Kind("video/mp4", (".mp4", ".m4v"), _brand(b"isom", b"iso2", b"mp41", b"mp42", b"avc1")),
    Kind("video/quicktime", (".mov",), _brand(b"qt  ")),
    Kind("video/webm", (".webm",), _begins(b"\x1aE\xdf\xa3")),
    Kind("audio/mp4", (".m4a",), _brand(b"M4A ")),
    Kind("audio/ogg", (".ogg", ".oga", ".opus"), _begins(b"OggS")),
    Kind("audio/mpeg", (".mp3",), _begins(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    Kind("audio/wav", (".wav",), _riff(b"WAVE")),
    Kind(_OOXML + "wordprocessingml.document", (".docx",), _office("word")),
    Kind(_OOXML + "spreadsheetml.sheet", (".xlsx",), _office("xl")),
    Kind(_OOXML + "presentationml.presentation", (".pptx",), _office("ppt")),
    Kind("application/vnd.oasis.opendocument.text", (".odt",), _open_document(_ODF + b"text")),
    Kind(
        "application/vnd.oasis.opendocument.spreadsheet",
        (".ods",),
        _open_document(_ODF + b"spreadsheet"),
    ),
    Kind("text/plain", (".txt", ".csv", ".log", ".md", ".json", ".eml"), _text),
)

TAKEN: Final = "pictures, PDF, text, office documents without macros, audio and video"

#: Media types that a browser may show by itself.
SHOWN: Final = frozenset(kind.type for kind in KINDS if kind.shown)


def kind_of(data: bytes) -> Kind:
    """The kind that the bytes are of.

    Raises: FileNotTaken."""
    if not data:
        raise FileNotTaken("The file is empty.", hint="Choose another one.")
    for kind in KINDS:
        if kind.recognises(data):
            return kind
    raise FileNotTaken("Files of this kind are not taken.", hint=f"Taken are {TAKEN}.")


def clean_name(name: str, kind: Kind) -> str:
    """The name as it is kept, shown and downloaded: no path, nothing invisible or that turns the
    writing direction round, nothing that a file system takes amiss, and an ending that tells the
    truth about the kind."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(ch for ch in name if unicodedata.category(ch) not in _UNWANTED)
    name = "".join("_" if ch in _RESERVED else ch for ch in name)
    name = " ".join(name.split()).rstrip(". ")
    ending = next((end for end in kind.endings if name.lower().endswith(end)), None)
    stem = (name if ending is None else name[: -len(ending)]).strip(". ") or "file"
    if stem.split(".")[0].lower() in _DEVICES:
        stem = f"_{stem}"
    ending = ending or kind.endings[0]
    room = NAME_AT_MOST - len(ending)
    if len(stem) > room:
        stem = f"{stem[: room - 9]}…{stem[-8:]}"
    return stem + ending


#: Control and format characters, lone surrogates, private use, line and paragraph separators.
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = frozenset('<>:"/|?*%')
#: Names that Windows takes for devices, whatever their ending.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
