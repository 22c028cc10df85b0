"""Small files, made here: real pictures and documents, and what only pretends to be one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping


def png(width: int = 2, height: int = 2, colour: tuple[int, int, int] = (31, 95, 79)) -> bytes:
    """A picture in one colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(colour) * width) * height
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def archive(entries: Mapping[str, bytes]) -> bytes:
    """A zip archive, stored without compression, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in entries.items():
            made.writestr(zipfile.ZipInfo(name), data)  # of 1980: the same bytes in each process
    return buffer.getvalue()


DOCX = archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"})
DOCX_WITH_MACROS = archive(
    {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"", "word/vbaProject.bin": b"\0"}
)
ODT = archive(
    {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<content/>"}
)
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2"
WINDOWS_PROGRAM = b"MZ\x90\0\x03\0\0\0"
