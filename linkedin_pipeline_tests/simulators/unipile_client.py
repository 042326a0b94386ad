"""A client of a simulated Unipile, raw HTTP, and the accounts that tests connect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.serving import serving
from linkedin_pipeline.simulators.unipile import UnipileSimulator
from linkedin_pipeline.simulators.unipile_accounts import Account, Organization

ADA = Account(
    "acc_ada", "Ada Byron", "ACoAAada", "ada", (Organization("1001", "Engines", "mailbox_7"),)
)
BEN = Account("acc_ben", "Ben Okri", "ACoAAben")
HEADERS = {"x-api-key": "key"}


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.75

    def __call__(self) -> float:
        """Tell the time, in seconds since the epoch."""
        return self.at


class UnipileClient:
    """What a publisher asks of Unipile."""

    def __init__(self, simulator: UnipileSimulator, clock: Hands, http: httpx.Client) -> None:
        self.simulator = simulator
        self.clock = clock
        self.http = http

    def fault(self, kind: Kind, **rest: Any) -> None:
        """Let something go wrong."""
        self.simulator.faults.add(Fault(kind, **rest))

    def post(self, text: str = "Hello.", account: str = ADA.id, **rest: Any) -> httpx.Response:
        """Publish without files."""
        document = {"account_id": account, "text": text, **rest}
        return self.http.post("/api/v1/posts", json=document)

    def send(
        self,
        files: Sequence[tuple[str, bytes, str]] = (),
        parts: Sequence[tuple[str, Any]] = (),
        text: str = "Hello.",
    ) -> httpx.Response:
        """Publish as a form: files, and other parts as httpx takes them."""
        fields = [("account_id", (None, ADA.id)), ("text", (None, text))]
        every: list[Any] = [*fields, *parts, *(("attachments", file) for file in files)]
        return self.http.post("/api/v1/posts", files=every)

    def read(self, identity: str) -> httpx.Response:
        """Read a post back."""
        return self.http.get(f"/api/v1/posts/{identity}", params={"account_id": ADA.id})

    def feed(self, author: str = ADA.provider_id, **query: Any) -> httpx.Response:
        """Read a page of a feed."""
        wanted = {"account_id": ADA.id, "is_company": str(author.isdigit()).lower(), **query}
        return self.http.get(f"/api/v1/users/{author}/posts", params=wanted)

    def texts(self, author: str = ADA.provider_id, **query: Any) -> list[str]:
        """Return the texts of a page of a feed."""
        return [item["text"] for item in self.feed(author, **query).json()["items"]]


@contextmanager
def unipile_client() -> Iterator[UnipileClient]:
    """Serve a simulator of Unipile by a clock that stands, and give a client of it."""
    clock = Hands()
    simulator = UnipileSimulator(accounts=(ADA, BEN), now=clock)
    with serving(simulator) as url, httpx.Client(base_url=url, headers=HEADERS) as http:
        yield UnipileClient(simulator, clock, http)
