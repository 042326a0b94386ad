"""Simulated Cloudflare Images: negotiation, signed URLs, pictures that are not what they say."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.images import MOST_BYTES, ImageSimulator, Stored
from linkedin_pipeline.simulators.pictures import Format, Measured, measure
from linkedin_pipeline.simulators.serving import serving

PLAIN = "image/jpeg, image/png, image/gif"


class Delivery:
    """Images over HTTP, asked for as a publisher should."""

    def __init__(self, simulator: ImageSimulator, url: str, http: httpx.Client) -> None:
        self.simulator = simulator
        self.url = url
        self.http = http

    def fault(self, kind: Kind, **rest: Any) -> None:
        """Let something go wrong."""
        self.simulator.faults.add(Fault(kind, **rest))

    def get(self, path: str = "one/public", accept: str = PLAIN) -> httpx.Response:
        """Fetch a picture, without following where it leads."""
        return self.http.get(f"/hash/{path}", headers={"accept": accept})


@pytest.fixture(scope="module")
def served() -> Iterator[Delivery]:
    """Serve one simulator of images for a module."""
    simulator = ImageSimulator()
    with serving(simulator) as url, httpx.Client(base_url=url) as http:
        yield Delivery(simulator, url, http)


@pytest.fixture
def images(served: Delivery) -> Delivery:
    """Give a simulator of images that has forgotten what other tests did."""
    served.simulator.stored_only = False
    served.simulator.reset()
    return served


def test_any_id_is_a_picture_of_its_own(images: Delivery) -> None:
    """The same every time, slashes in the id or not; its path and Accept are in the ledger."""
    first, again, other = images.get(), images.get(), images.get("a/b/c.png/public")
    assert first.headers["content-type"] == "image/png"
    assert first.content == again.content != other.content
    assert measure(other.content) == Measured("image/png", 64, 64)
    assert images.simulator.ledger.calls()[-1].document == {
        "path": "/hash/a/b/c.png/public",
        "query": {},
        "accept": PLAIN,
    }


@pytest.mark.parametrize("form", list(Format))
def test_pictures_have_the_size_that_was_asked_for(images: Delivery, form: Format) -> None:
    """In every format, by their own headers."""
    images.simulator.store(Stored("sized", form, 640, 333))
    answer = images.get("sized/public", accept=str(form))
    assert answer.headers["content-type"] == str(form)
    assert measure(answer.content) == Measured(str(form), 640, 333)


@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        (PLAIN, "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/webp,*/*", "image/webp"),
        ("image/webp,image/avif,*/*", "image/avif"),
    ],
)
def test_newer_formats_go_to_those_who_name_them(images: Delivery, accept: str, sent: str) -> None:
    """A JPEG stays one unless the caller advertises more."""
    images.simulator.store(Stored("photo", Format.JPEG))
    answer = images.get("photo/public", accept)
    assert answer.headers["content-type"] == sent
    measured = measure(answer.content)
    assert measured is not None
    assert measured.content_type == sent


def test_flexible_variants_scale_down(images: Delivery) -> None:
    """To a width, keeping the shape; never up."""
    images.simulator.store(Stored("wide", Format.PNG, 8000, 4000))
    sizes = [measure(images.get(f"wide/{one}").content) for one in ("w=400,sharpen=3", "w=9000")]
    assert sizes == [Measured("image/png", 400, 200), Measured("image/png", 8000, 4000)]


def test_signed_pictures_want_a_signature_in_time(images: Delivery) -> None:
    """403 without it, with that of another path, and when it is over."""
    images.simulator.store(Stored("secret", signed=True))
    soon = int(images.simulator.now()) + 3600
    path = "/hash/secret/public"
    for query, status in (
        ("", 403),
        (images.simulator.signature("/hash/other/public", soon), 403),
        (images.simulator.signature(path, 1_000_000), 403),
        (images.simulator.signature(path, soon), 200),
    ):
        assert images.http.get(f"{path}?{query}").status_code == status


def test_pictures_can_be_missing(images: Delivery) -> None:
    """By a status of their own, by a fault, because nobody stored them, or without a variant."""
    images.simulator.store(Stored("gone", status=404))
    assert images.get("gone/public").status_code == 404
    images.fault(Kind.SERVER_ERROR, status=404, contains="/one/")
    assert [images.get(path).status_code for path in ("two/public", "one/public")] == [200, 404]
    images.simulator.stored_only = True
    assert images.get().status_code == 404
    assert images.get("alone").status_code == 404


def test_type_and_bytes_may_disagree(images: Delivery) -> None:
    """A picture called something else, and something else called a picture."""
    images.fault(Kind.WRONG_TYPE)
    first = images.get()
    images.fault(Kind.WRONG_TYPE, type="image/gif")
    second = images.get()
    assert first.headers["content-type"].startswith("text/html")
    assert second.headers["content-type"] == "image/gif"
    assert measure(first.content) == measure(second.content) == Measured("image/png", 64, 64)
    images.fault(Kind.WRONG_BYTES)
    other = images.get()
    assert (other.headers["content-type"], measure(other.content)) == ("image/png", None)
    images.simulator.store(Stored("text", content=b"Hello.", content_type="text/plain"))
    assert images.get("text/public").text == "Hello."


def test_bodies_may_be_too_much_or_nothing(images: Delivery) -> None:
    """Over 10 MB, none at all, or a header that claims 50 000 pixels a side."""
    images.fault(Kind.LARGE_BODY)
    large = images.get().content
    assert len(large) > MOST_BYTES
    assert measure(large) == Measured("image/png", 64, 64)
    images.fault(Kind.EMPTY)
    assert images.get().content == b""
    for form in (Format.PNG, Format.JPEG):
        images.simulator.store(Stored("bomb", form))
        images.fault(Kind.BOMB)
        bomb = images.get("bomb/public").content
        assert measure(bomb) == Measured(str(form), 50_000, 50_000)
        assert len(bomb) < 10_000


def test_a_body_may_never_end(images: Delivery) -> None:
    """It goes on for as long as it is read; others are served meanwhile."""
    images.fault(Kind.ENDLESS)
    read = 0
    with images.http.stream("GET", "/hash/one/public") as answer:
        assert "content-length" not in answer.headers
        for piece in answer.iter_bytes():
            read += len(piece)
            if read > 3 * MOST_BYTES:
                break
        assert httpx.get(f"{images.url}/hash/two/public").status_code == 200
    assert images.get().status_code == 200


def test_a_body_may_come_in_drops(images: Delivery) -> None:
    """Whole in the end; a caller that does not wait gets its first bytes."""
    images.fault(Kind.SLOW_BODY, seconds=0.001)
    whole = images.get().content
    assert whole == images.get().content
    images.fault(Kind.SLOW_BODY, seconds=3600)
    with pytest.raises(httpx.ReadTimeout):
        images.http.get("/hash/one/public", timeout=0.2)


def test_a_body_may_be_longer_than_it_says(images: Delivery) -> None:
    """A caller that believes Content-Length has half a picture, and a broken connection."""
    whole = images.get().content
    images.fault(Kind.LONG_BODY)
    cut = images.get()
    assert int(cut.headers["content-length"]) == len(whole) // 2
    assert cut.content == whole[: len(whole) // 2]
    assert images.get().content == whole


@pytest.mark.parametrize(
    "target",
    ["https://elsewhere.example/a.png", "http://imagedelivery.net/a", "http://169.254.169.254/a"],
)
def test_a_redirect_leads_where_it_should_not(images: Delivery, target: str) -> None:
    """Another host, plain http, a private address."""
    images.fault(Kind.REDIRECT, detail=target)
    answer = images.get()
    assert (answer.status_code, answer.headers["location"]) == (302, target)


def test_a_redirect_leads_to_itself(images: Delivery) -> None:
    """Whoever follows never arrives."""
    images.fault(Kind.REDIRECT, times=None, status=307)
    with pytest.raises(httpx.TooManyRedirects):
        images.http.get("/hash/one/public", follow_redirects=True)


def test_pictures_are_stored_over_http(images: Delivery) -> None:
    """As in Python; what makes no sense is refused."""
    listed = [
        {"id": "a/b", "format": "image/jpeg", "width": 30, "height": 20},
        {"id": "raw", "content": base64.b64encode(b"raw").decode(), "content_type": "x/y"},
    ]
    assert images.http.post("/_simulator/images", json=listed).status_code == 204
    assert measure(images.get("a/b/public").content) == Measured("image/jpeg", 30, 20)
    assert images.get("raw/public").content == b"raw"
    shown = images.http.get("/_simulator/images").json()
    assert [one["id"] for one in shown] == ["a/b", "raw"]
    for wrong in ({}, {"id": 3}, {"id": "a", "format": "image/tiff"}, {"id": "a", "age": 1}):
        answer = images.http.post("/_simulator/images", json=wrong)
        assert (answer.status_code, "image" in answer.json()["error"]) == (400, True)
