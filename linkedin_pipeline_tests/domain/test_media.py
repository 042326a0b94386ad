"""Attachments as people write them, and files as their first bytes show them."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.errors import MediaRefused, Rejected
from linkedin_pipeline.domain.media import AllowedHost, Attachment, read_attachments
from linkedin_pipeline.domain.media_content import (
    HEAD,
    MediaType,
    Unfit,
    file_name,
    pixels,
    recognise,
)
from linkedin_pipeline_tests.images import gif, jpeg, mp4, png, segment


def test_attachments_are_addresses_or_objects() -> None:
    """Both forms are read in their order; what a type claims is not kept."""
    written = [
        " https://h/a ",
        {"url": "https://h/b", "name": "b.pdf", "type": "application/pdf", "size": 3},
        {"url": "https://h/c", "name": None},
    ]
    assert read_attachments(written, "post 7") == (
        Attachment("https://h/a"),
        Attachment("https://h/b", "b.pdf"),
        Attachment("https://h/c"),
    )
    assert read_attachments(None, "post 7") == read_attachments([], "post 7") == ()


@pytest.mark.parametrize(
    "element",
    [
        *(None, 1, "", "  ", [], ["https://h/hunter2"], {}, {"href": "https://h/hunter2"}),
        {"url": 1},
        {"url": "https://h/hunter2", "name": 1},
        {"url": "https://h/hunter2", "type": []},
    ],
)
def test_a_malformed_attachment_is_named_by_its_position(element: object) -> None:
    """The error says which one it is, and nothing of what it holds."""
    with pytest.raises(MediaRefused, match=r"^post 7, attachment 2: ") as refused:
        read_attachments(["https://h/a", element], "post 7")
    assert isinstance(refused.value, Rejected)
    assert refused.value.code == "attachment_malformed"
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("document", [{}, "https://h/a", 3])
def test_attachments_are_an_array(document: object) -> None:
    """Anything else is refused as a whole."""
    with pytest.raises(MediaRefused, match="post 7, attachments: "):
        read_attachments(document, "post 7")


def test_an_address_is_shown_nowhere() -> None:
    """What stands for an attachment in a trace or a log holds no signature."""
    assert "hunter2" not in repr(Attachment("https://h/a?sig=hunter2", "a.png"))


def test_addresses_among_the_hosts_have_one_form() -> None:
    """However a person spells an address of version 6, it is the one that is asked for."""
    assert AllowedHost.parse("http://[0:0:0::1]:80").host == "::1"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (jpeg(1, 1), MediaType.JPEG),
        (png(1, 1), MediaType.PNG),
        (gif(1, 1), MediaType.GIF),
        (b"GIF87a" + b"\0" * 30, MediaType.GIF),
        (b"%PDF-2.0\n", MediaType.PDF),
        (mp4(b"isom"), MediaType.MP4),
        (mp4(b"M4V "), MediaType.MP4),
    ],
)
def test_what_a_post_takes_is_recognised(head: bytes, kind: MediaType) -> None:
    """The first bytes are enough."""
    assert recognise(head[:HEAD]) is kind


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "the file is empty"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "WebP"),
        (mp4(b"avif"), "AVIF"),
        (mp4(b"heic"), "HEIF"),
        (mp4(b"qt  "), "QuickTime"),
        (mp4(b"what"), "unknown type"),
        (b"\xef\xbb\xbf\r\n <svg xmlns=", "HTML, SVG or XML"),
        (b"<!DOCTYPE html><html>\xff\xd8\xff", "HTML"),
        (b"BM6\0", "BMP"),
        (b"PK\x03\x04", "Office"),
        (b" \x89PNG\r\n\x1a\n", "unknown type"),
        (b"\xff\xd8", "unknown type"),
    ],
)
def test_everything_else_is_refused_by_its_name(head: bytes, said: str) -> None:
    """A person reads what the file is and what a post takes."""
    with pytest.raises(Unfit) as unfit:
        recognise(head)
    assert said in unfit.value.reason


THUMBNAIL = segment(0xE1, b"Exif\0\0" + jpeg(160, 120))
FAR = [segment(0xE2, b"\0" * 65_000)] * 40


@pytest.mark.parametrize(
    ("kind", "data", "sides"),
    [
        (MediaType.PNG, png(6012, 6012), (6012, 6012)),
        (MediaType.GIF, gif(258, 3), (258, 3)),
        (MediaType.JPEG, jpeg(640, 480), (640, 480)),
        (MediaType.JPEG, jpeg(640, 480, THUMBNAIL, frame=0xC2), (640, 480)),
        (MediaType.JPEG, jpeg(640, 480, *FAR), (640, 480)),
        (MediaType.JPEG, jpeg(640, 480, segment(0xC4, b"\0" * 30), b"\xff\xff"), (640, 480)),
        (MediaType.PDF, b"%PDF-", None),
        (MediaType.MP4, mp4(), None),
    ],
)
def test_pixels_are_read_from_the_header(
    kind: MediaType, data: bytes, sides: tuple[int, int] | None
) -> None:
    """A thumbnail, tables and profiles before the frame of a JPEG are passed by."""
    assert pixels(kind, data) == sides


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        (MediaType.PNG, png(6013, 1), "media_pixels"),
        (MediaType.PNG, png(50_000, 50_000), "media_pixels"),
        (MediaType.PNG, png(0, 5), "media_broken"),
        (MediaType.PNG, png(5, 5)[:18], "media_broken"),
        (MediaType.PNG, png(5, 5).replace(b"IHDR", b"IDAT"), "media_broken"),
        (MediaType.GIF, gif(1, 6013), "media_pixels"),
        (MediaType.GIF, b"GIF89a", "media_broken"),
        (MediaType.JPEG, jpeg(6013, 1), "media_pixels"),
        (MediaType.JPEG, jpeg(5, 0), "media_broken"),
        (MediaType.JPEG, jpeg(5, 5)[:8], "media_broken"),
        (MediaType.JPEG, b"\xff\xd8\xff\xd9", "media_broken"),
        (MediaType.JPEG, b"\xff\xd8" + b"\xff\xe0\0\0" * 1_000_000, "media_broken"),
        (MediaType.JPEG, b"\xff\xd8" + b"\xff" * 1_000_000, "media_broken"),
    ],
)
def test_images_too_large_or_without_a_size_are_refused(
    kind: MediaType, data: bytes, code: str
) -> None:
    """A claim is enough to refuse; nothing is decoded."""
    with pytest.raises(Unfit) as unfit:
        pixels(kind, data)
    assert unfit.value.code == code


@pytest.mark.parametrize(
    ("kind", "name", "called"),
    [
        (MediaType.JPEG, None, "image-2.jpg"),
        (MediaType.PDF, None, "document-2.pdf"),
        (MediaType.MP4, "", "video-2.mp4"),
        (MediaType.PDF, "Bilan 2026 (v1.2).pdf", "Bilan 2026 (v1.2).pdf"),
        (MediaType.PNG, "photo.JPEG", "photo.png"),
        (MediaType.GIF, "../../etc/passwd", "passwd.gif"),
        (MediaType.GIF, 'a"\r\nX-Evil: b\0', "a-X-Evil- b.gif"),
        (MediaType.GIF, "..", "image-2.gif"),
        (MediaType.GIF, "x" * 300, "x" * 80 + ".gif"),
    ],
)
def test_a_file_is_called_after_what_it_is(kind: MediaType, name: str | None, called: str) -> None:
    """A person's name is kept as far as it is one; its end is the content's."""
    assert file_name(kind, 2, name) == called
