"""Which files are taken, and what becomes of their names."""

from __future__ import annotations

import struct
import time

import pytest

from bot.file_kinds import KINDS, NAME_AT_MOST, SHOWN, FileNotTaken, clean_name, kind_of
from tests.sample_files import (
    DOCX,
    DOCX_WITH_MACROS,
    MP4,
    ODT,
    PDF,
    WINDOWS_PROGRAM,
    archive,
    png,
)

PNG = kind_of(png())
TEXT = kind_of(b"hello")


@pytest.mark.parametrize(
    ("data", "type"),
    [
        (png(), "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\1\0\1\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
        (PDF, "application/pdf"),
        (MP4, "video/mp4"),
        (b"OggS\0\2", "audio/ogg"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (ODT, "application/vnd.oasis.opendocument.text"),
        ("Größe,Preis\n38,129 €\n".encode(), "text/plain"),
    ],
)
def test_the_bytes_say_what_a_file_is(data: bytes, type: str) -> None:
    assert kind_of(data).type == type


@pytest.mark.parametrize(
    "data",
    [
        b"",
        WINDOWS_PROGRAM,
        b"\x7fELF\2\1\1",
        b"\0\1\2\3",
        b"text with a \0 in it",
        "naïve".encode("latin-1"),
        DOCX_WITH_MACROS,
        archive({"setup.exe": WINDOWS_PROGRAM}),
        archive({"[Content_Types].xml": b"", "other/part.xml": b""}),
        b"PK\3\4 but no archive\xff",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
)
def test_what_no_kind_recognises_is_refused(data: bytes) -> None:
    with pytest.raises(FileNotTaken):
        kind_of(data)


def test_a_page_or_a_drawing_with_a_script_is_text_and_nothing_else() -> None:
    for trick in (b"<script>alert(1)</script>", b'<svg xmlns="http://www.w3.org/2000/svg"/>'):
        assert kind_of(trick) == TEXT
    assert clean_name("me.svg", TEXT) == "me.svg.txt"
    assert clean_name("me.html", TEXT) == "me.html.txt"


def test_only_pictures_without_scripts_are_shown() -> None:
    assert {"image/png", "image/jpeg", "image/gif", "image/webp"} == SHOWN


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("tent.png", "tent.png"),
        ("Tent.PNG", "Tent.png"),
        ("tent", "tent.png"),
        ("tent.exe", "tent.exe.png"),
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\Users\\me\\tent.png", "tent.png"),
        ("..", "file.png"),
        (".png", "file.png"),
        ("", "file.png"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie_ x.png"),
        ("gnp.\u202eexe.png", "gnp.exe.png"),
        ("a\u200bb\u2028c.png", "abc.png"),
        ('what "is" <this>?.png', "what _is_ _this__.png"),
        ("CON.png", "_CON.png"),
        ("lpt1.tar.png", "_lpt1.tar.png"),
        ("  Zelt   groß .png", "Zelt groß.png"),
        ("テント.png", "テント.png"),
    ],
)
def test_a_name_is_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given, PNG) == kept


def test_a_long_name_loses_its_middle() -> None:
    kept = clean_name(f"{'x' * 300} invoice 17.png", PNG)
    assert len(kept) == NAME_AT_MOST
    assert kept.startswith("xxx")
    assert kept.endswith("…voice 17.png")


def test_every_ending_is_spelt_as_names_are_compared() -> None:
    for kind in KINDS:
        assert kind.endings
        assert all(end == end.lower() and end[0] == "." for end in kind.endings)


def test_an_archive_made_to_be_slow_is_refused_at_once() -> None:
    """zipfile takes quadratic time for fields of no length: minutes for one upload."""
    entry = struct.pack("<4s24xHHH12x", b"PK\1\2", 1, 64_000, 0) + b"x" + b"\x09\0\0\0" * 16_000
    start, entries = b"PK\3\4" + bytes(26), entry * 100
    end = struct.pack("<4s4xHHLLH", b"PK\5\6", 100, 100, len(entries), len(start), 0)
    began = time.process_time()
    with pytest.raises(FileNotTaken):
        kind_of(start + entries + end)
    assert time.process_time() - began < 0.5
