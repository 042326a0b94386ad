"""Attachments come as files, all of a post's or none; what cannot be sent is refused with why."""

from __future__ import annotations

import hashlib
import logging
import socket
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkedin_pipeline.adapters.media import HttpMediaSource
from linkedin_pipeline.database.calls import PostgresCallLedger
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.domain.errors import MediaRefused, ProviderDown
from linkedin_pipeline.domain.media import Attachment, MediaFile
from linkedin_pipeline_tests.adapters.media_site import (
    Site,
    answer,
    attached,
    moved,
    source,
)
from linkedin_pipeline_tests.images import gif, jpeg, mp4, png
from linkedin_pipeline_tests.sql.bank import Connection, rows


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a host of images."""
    with Site() as opened:
        yield opened


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name the directory that temporary files are made in."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def fetched(media: HttpMediaSource, *addresses: str) -> list[MediaFile]:
    """Fetch, and return what was given."""
    with media.fetch(attached(addresses), "post 7") as files:
        assert all(Path(file.path).stat().st_size == file.size for file in files)
        return list(files)


def test_files_are_given_in_order_until_the_context_ends(site: Site, kept: Path) -> None:
    """Each file has a name and type after its content, its digest and its pixels; then it goes."""
    bodies = [jpeg(640, 480), png(6012, 1), gif(3, 4)]
    addresses = [site.has(f"/{number}/public", answer(body)) for number, body in enumerate(bodies)]
    with source().fetch(attached(addresses), "post 7") as files:
        assert [Path(file.path).read_bytes() for file in files] == bodies
        assert [(f.filename, f.content_type, f.width, f.height) for f in files] == [
            ("image-1.jpg", "image/jpeg", 640, 480),
            ("image-2.png", "image/png", 6012, 1),
            ("image-3.gif", "image/gif", 3, 4),
        ]
        assert [file.sha256 for file in files] == [hashlib.sha256(b).hexdigest() for b in bodies]
        assert [file.size for file in files] == [len(body) for body in bodies]
    assert list(kept.iterdir()) == []


def test_files_go_after_an_error_too(site: Site, kept: Path) -> None:
    """Whatever ends the context, nothing stays behind."""
    attachments = attached([site.has("/a", answer(gif(1, 1)))])

    def fail() -> None:
        with source().fetch(attachments, "post 7"):
            assert len(list(kept.iterdir())) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(kept.iterdir()) == []


def test_one_of_three_fails_and_nothing_is_given(site: Site, kept: Path) -> None:
    """The reason names the attachment and its host, and holds nothing of its address."""
    good = site.has("/good", answer(gif(1, 1)))
    bad = site.has("/secret", answer(b"", status=403)) + "?sig=hunter2"
    with pytest.raises(MediaRefused) as refused:
        fetched(source(), good, bad, good)
    said = str(refused.value)
    assert said.startswith("post 7, attachment 2 from 127.0.0.1: the host answers 403")
    assert "secret" not in said
    assert "hunter2" not in said
    assert len(site.requests) == 2
    assert list(kept.iterdir()) == []


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MB = 1024 * 1024
REFUSED = {
    "missing": (answer(b"", status=404), "media_missing"),
    "gone": (answer(b"", status=410), "media_missing"),
    "no file": (b"HTTP/1.1 204 No\r\n\r\n", "media_missing"),
    "not signed in": (answer(b"", status=401), "media_forbidden"),
    "expired": (answer(b"", status=403), "media_forbidden"),
    "HTML": (answer(b"<!DOCTYPE html>", "Content-Type: image/jpeg"), "media_type"),
    "GIF by name only": (answer(b"GIF99a" + b" " * 40, "Content-Type: image/gif"), "media_type"),
    "empty": (answer(b"", "Content-Type: image/jpeg"), "media_empty"),
    "empty piece": (CHUNKED + b"0\r\n\r\n", "media_empty"),
    "packed": (answer(gif(1, 1), "Content-Encoding: gzip"), "media_encoding"),
    "no end": (b"HTTP/1.1 200 OK\r\n\r\n" + gif(1, 1), "media_length"),
    "claims 5 GB": (answer(gif(1, 1), length=5 * 1024 * MB), "media_size"),
    "image of 11 MB": (answer(gif(1, 1) + b"\0" * 11 * MB), "media_size"),
    "enormous": (answer(png(50_000, 50_000)), "media_pixels"),
    "a pixel too wide": (answer(jpeg(6013, 1)), "media_pixels"),
    "no size": (answer(b"\xff\xd8\xff" + b"\0" * 100), "media_broken"),
    "leads nowhere": (answer(b"", status=301), "media_redirects"),
}


@pytest.mark.parametrize(("met", "code"), REFUSED.values(), ids=REFUSED)
def test_what_can_never_be_sent_is_refused_at_once(site: Site, met: bytes, code: str) -> None:
    """No second try is made for what will not change."""
    with pytest.raises(MediaRefused) as refused:
        fetched(source(), site.has("/a", met))
    assert refused.value.code == code
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("start", "code"), [(b"<html>", "type"), (gif(1, 1), "size")], ids=["HTML", "image"]
)
def test_an_endless_file_is_left(site: Site, start: bytes, code: str) -> None:
    """A body without an end is cut off where it is known to be unfit, an image after 10 MB."""
    poured: list[int] = []

    def pour(connection: socket.socket) -> None:
        connection.sendall(CHUNKED + b"%x\r\n" % (1 << 60) + start)
        while True:
            connection.sendall(b"\0" * MB)
            poured.append(MB)

    with pytest.raises(MediaRefused) as refused:
        fetched(source(), site.has("/a", pour))
    assert refused.value.code == f"media_{code}"
    assert sum(poured) < 50 * MB  # some lies between the two, wherever it is cut off


FAULTS = {
    "500": answer(b"", status=500),
    "504": answer(b"", status=504),
    "429": answer(b"", status=429),
    "408": answer(b"", status=408),
    "hung up": b"",
    "half a head": b"HTTP/1.1 200",
    "no HTTP": b"SSH-2.0\r\n\r\n",
    "truncated": answer(gif(1, 1), length=500),
    "truncated pieces": CHUNKED + b"500\r\n" + gif(1, 1),
}


@pytest.mark.parametrize("met", FAULTS.values(), ids=FAULTS)
def test_what_may_pass_is_tried_three_times(site: Site, kept: Path, met: bytes) -> None:
    """A fault of the host stands after three tries, and is not the post's."""
    slept: list[float] = []
    with pytest.raises(ProviderDown, match=r"post 7, attachment 1 from 127\.0\.0\.1: "):
        fetched(source(slept=slept), site.has("/a", met))
    assert len(site.requests) == 3
    assert slept == [0.5, 1.0]
    assert list(kept.iterdir()) == []


def test_a_fault_that_passed_is_forgotten(site: Site) -> None:
    """The file of a later try is whole, and nothing of an earlier one is in it."""
    whole = gif(1, 1)
    address = site.has("/a", answer(whole + b"old", length=500), answer(whole))
    assert fetched(source(), address)[0].sha256 == hashlib.sha256(whole).hexdigest()


def test_nobody_listens_and_no_name_resolves() -> None:
    """Both may be otherwise later."""
    with Site() as gone:
        address = gone.has("/a")
    with pytest.raises(ProviderDown, match="no connection"):
        fetched(source(), address)

    def nowhere(host: str) -> list[str]:
        raise OSError(host)

    with pytest.raises(ProviderDown, match=r"from imagedelivery\.net: no connection"):
        fetched(source("imagedelivery.net", resolve=nowhere), "https://imagedelivery.net/a/b/c")


def test_a_host_that_asks_for_patience_gets_it(site: Site) -> None:
    """A wish that fits is waited for, one that does not is handed on, within reason."""
    busy = answer(b"", "Retry-After: 7", status=429)
    slept: list[float] = []
    fetched(source(slept=slept), site.has("/a", busy, answer(gif(1, 1))))
    assert slept == [7]
    for wish, kept in (("120", 120), ("999999", 3600)):
        long = site.has("/b", answer(b"", f"Retry-After: {wish}", status=503))
        with pytest.raises(ProviderDown) as down:
            fetched(source(slept=slept), long)
        assert down.value.retry_after == kept
    assert slept == [7]


@pytest.mark.parametrize("head", [answer(b"", length=10_000), b"HTTP/1.1 200 O"])
def test_a_trickling_host_is_left(site: Site, head: bytes) -> None:
    """A host that sends a byte now and then cannot hold a post beyond its time."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"G")
            time.sleep(0.05)

    with pytest.raises(ProviderDown):
        fetched(source(longest=0.5), site.has("/a", trickle))


def test_a_request_says_what_is_taken_and_nothing_else(site: Site) -> None:
    """Types that a post takes, unpacked; no cookie goes to where a redirect leads."""
    site.has("/b", answer(gif(1, 1)))
    fetched(source(), site.has("/a", moved("/b", "Set-Cookie: a=b; Path=/")))
    for request, path in zip(site.requests, ("/a", "/b"), strict=True):
        assert sorted(request.strip().split("\r\n")) == sorted(
            [
                f"GET {path} HTTP/1.1",
                f"Host: 127.0.0.1:{site.port}",
                "Accept: image/jpeg, image/png, image/gif, application/pdf, video/mp4",
                "Accept-Encoding: identity",
                "User-Agent: linkedin-pipeline",
            ]
        )


def test_a_large_file_takes_little_memory(site: Site) -> None:
    """A file is written piece by piece and never held whole."""
    address = site.has("/a", answer(png(10, 10, b"\0" * 9 * MB)))
    media = source()
    tracemalloc.start()
    try:
        fetched(media, address)
        assert tracemalloc.get_traced_memory()[1] < 2 * MB
    finally:
        tracemalloc.stop()


def test_a_document_or_video_stands_alone(site: Site) -> None:
    """LinkedIn shows one document, or one video, or images."""
    paper = site.has("/a", answer(b"%PDF-1.7\n" + b" " * 12 * MB))
    film, picture = site.has("/b", answer(mp4())), site.has("/c", answer(gif(1, 1)))
    assert fetched(source(), paper)[0].filename == "document-1.pdf"
    assert fetched(source(), film)[0].content_type == "video/mp4"
    for pair in ([picture, paper], [film, film]):
        with pytest.raises(MediaRefused, match="beside other attachments"):
            fetched(source(), *pair)


def test_more_than_twenty_are_not_asked_for(site: Site) -> None:
    """Twenty images are fetched; of twenty-one none is."""
    address = site.has("/a", answer(gif(1, 1)))
    assert len(fetched(source(), *[address] * 20)) == 20
    with pytest.raises(MediaRefused, match="there are 21, and a post takes 20"):
        fetched(source(), *[address] * 21)
    assert len(site.requests) == 20


def test_a_person_names_a_file(site: Site) -> None:
    """The name is a person's, its end the content's."""
    attachment = Attachment(site.has("/a", answer(gif(1, 1))), "Résultats 2026.png")
    with source().fetch([attachment], "post 7") as files:
        assert files[0].filename == "Résultats 2026.gif"


def test_every_request_is_in_the_ledger(
    connection: Connection, database: Database, site: Site
) -> None:
    """Redirects, refusals and faults have their rows, which name the host and no address."""
    media = source(ledger=PostgresCallLedger(database, run_id="run"))
    site.has("/b", answer(gif(1, 1)))
    fetched(media, site.has("/a", b"", moved("/b")))
    with pytest.raises(MediaRefused):
        fetched(media, site.has("/c"))
    met = "select provider, operation, subject, status, outcome, dagster_run_id from provider_calls"
    assert rows(connection, f"{met} order by created_at") == [
        ("media", "fetch", "127.0.0.1", status, outcome, "run")
        for status, outcome in [
            (None, "unknown"),
            (302, "answered"),
            (200, "answered"),
            (404, "refused"),
        ]
    ]


def test_no_fetch_while_media_is_paused(database: Database, site: Site) -> None:
    """A pause of the ledger is kept, and its reason told."""
    ledger = PostgresCallLedger(database)
    ledger.pause("media", "asked", "somebody asked for it", seconds=300)
    with pytest.raises(ProviderDown, match="paused: somebody asked") as down:
        fetched(source(ledger=ledger), site.has("/a", answer(gif(1, 1))))
    assert 200 < (down.value.retry_after or 0) <= 300
    assert site.connections == 0


def test_addresses_are_not_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """No log line holds the query of an address or of where it leads, at any level."""
    caplog.set_level(logging.DEBUG)
    site.has("/b", answer(gif(1, 1)))
    attachment = Attachment(site.has("/a", moved("/b?sig=hunter2")) + "?sig=hunter2")
    fetched(source(), attachment.url)
    assert "hunter2" in site.requests[1]
    assert "hunter2" not in caplog.text + repr(attachment)
