"""The simulated Edges.run over HTTP: what it takes, what it shows, how it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from linkedin_pipeline.simulators.edges import ACTION, EdgesSimulator, PageTrouble
from linkedin_pipeline.simulators.edges_feeds import Feed
from linkedin_pipeline.simulators.faults import Fault, Kind
from linkedin_pipeline.simulators.serving import serving

KEY = {"X-API-Key": "sk-simulated"}


@dataclass
class Edges:
    """A served simulator, with a hand on its clock."""

    simulator: EdgesSimulator
    http: httpx.Client
    late: float = 0.0

    def ask(self, name: str = "ada", url: str | None = None, **body: Any) -> httpx.Response:
        """Ask for a page."""
        document = {
            "identity_mode": "managed",
            "input": {"linkedin_profile_url": f"https://www.linkedin.com/in/{name}"},
            **body,
        }
        return self.http.post(url or f"{ACTION}?page_size=20", json=document, headers=KEY)

    def pages(self, name: str = "ada") -> list[list[dict[str, Any]]]:
        """Read a feed to its end."""
        answer = self.ask(name)
        pages = [answer.json()]
        while following := answer.headers.get("x-pagination-next"):
            answer = self.ask(name, following)
            pages.append(answer.json())
        return pages


@pytest.fixture
def edges() -> Iterator[Edges]:
    """Serve Edges."""
    holder: list[Edges] = []
    simulator = EdgesSimulator(now=lambda: 1_800_000_000.0 + (holder[0].late if holder else 0.0))
    with serving(simulator) as url, httpx.Client(base_url=url) as http:
        holder.append(Edges(simulator, http))
        yield holder[0]


def test_a_feed_comes_page_by_page(edges: Edges) -> None:
    """A bare list a page, newest first, the next page's full address in a header until the end."""
    edges.simulator.shows("ada", Feed(posts=45, reshares=9, others=10))
    pages = edges.pages()
    assert [len(page) for page in pages] == [20, 20, 5]
    items = [item for page in pages for item in page]
    assert len({item["linkedin_post_id"] for item in items}) == 45
    assert sum(item["linkedin_post_type"] == "reshare" for item in items) == 5
    dates = [item["published_date"] for item in items]
    assert dates == sorted(dates, reverse=True)
    assert edges.simulator.ledger.totals().usage.credits == 4.5
    assert edges.ask().headers["x-pagination-next"].startswith(f"{edges.http.base_url}/v1/actions")


def test_pages_may_overlap_and_ids_may_be_numbers(edges: Edges) -> None:
    """Duplicates across pages are what the vendor calls normal."""
    edges.simulator.shows("ada", Feed(posts=45, overlap=3, numeric_ids=True))
    pages = edges.pages()
    assert pages[0][-3:] == pages[1][:3]
    assert isinstance(pages[0][0]["linkedin_post_id"], int)


def test_the_body_has_an_exact_shape(edges: Edges) -> None:
    """Additional properties, the plural and other addresses are refused in the vendor's words."""
    refused = edges.ask(inputs=[{}])
    assert refused.status_code == 400
    assert refused.json() == {
        "error_label": "BAD_INPUT",
        "error_scope": "api",
        "error_ref": refused.headers["x-request-id"],
        "message": "body must NOT have additional properties",
        "status_code": 400,
    }
    assert edges.ask(input={"linkedin_profile_url": "https://evil.example/in/ada"}).is_error
    assert edges.ask(input={"url": "x"}).json()["error_label"] == "BAD_INPUT"
    assert edges.ask(url=f"{ACTION}?page=2").json()["error_label"] == "BAD_PARAMETERS"


def test_only_its_own_header_carries_the_key(edges: Edges) -> None:
    """A bearer token is no key."""
    bearer = {"authorization": "Bearer sk-simulated"}
    answer = edges.http.post(ACTION, json={"input": {}}, headers=bearer)
    assert answer.status_code == 401


def test_empty_gone_and_private_profiles(edges: Edges) -> None:
    """Either way of saying that there is nothing; labels of what is not to be read."""
    edges.simulator.shows("ada", Feed(posts=0))
    edges.simulator.shows("bob", Feed(posts=0, empty_label=""))
    edges.simulator.shows("eve", Feed(label="PROFILE_NOT_ACCESSIBLE"))
    edges.simulator.usual = None
    labels = [edges.ask(name).json() for name in ("ada", "eve", "nobody")]
    assert [one["error_label"] for one in labels] == [
        *("NO_RESULT", "PROFILE_NOT_ACCESSIBLE", "STATUS_404"),
    ]
    assert {one["status_code"] for one in labels} == {424}
    assert edges.ask("bob").json() == []


def test_a_page_fails_as_often_as_wanted(edges: Edges) -> None:
    """Trouble strikes one page of one profile, with what the answer is to say."""
    edges.simulator.shows("ada", Feed(posts=45))
    said = {"label": "LIMIT_REACHED", "status": 409, "postponed_until": "2027-01-01T00:00:00Z"}
    answer = edges.http.post("/_simulator/pages", json={"profile": "ada", "page": 2, **said})
    assert answer.status_code == 201
    following = edges.ask().headers["x-pagination-next"]
    failed = edges.ask(url=following)
    assert (failed.status_code, failed.json()["params"]["postponed_until"][:4]) == (409, "2027")
    assert edges.ask(url=following).status_code == 200
    trouble = edges.simulator.trouble(PageTrouble(status=429, retry_after="7"))
    assert edges.ask("bob").headers["retry-after"] == "7"
    assert trouble.struck == 1


def test_a_cursor_dies_after_a_day(edges: Edges) -> None:
    """So does another profile's, and one that was made up."""
    edges.simulator.shows("ada", Feed(posts=45))
    following = edges.ask().headers["x-pagination-next"]
    assert edges.ask("bob", following).status_code == 400
    assert edges.ask(url=f"{ACTION}?page_size=20&cursor=made-up").status_code == 400
    edges.late = 86_399
    assert edges.ask(url=following).status_code == 200
    edges.late = 86_401
    assert edges.ask(url=following).json()["error_label"] == "BAD_PARAMETERS"


def test_any_page_may_carry_an_ill_meant_address(edges: Edges) -> None:
    """The header comes as it was set, on the last page too; set over HTTP."""
    feeds = {"ada": {"posts": 45, "next": {"3": "http://user@evil.example/"}}}
    assert edges.http.post("/_simulator/feeds", json=feeds).status_code == 201
    second = edges.ask(url=edges.ask().headers["x-pagination-next"])
    third = edges.ask(url=second.headers["x-pagination-next"])
    assert third.headers["x-pagination-next"] == "http://user@evil.example/"
    odd: list[Any] = [{"ada": {"posts": "x"}}, {"ada": {"post": 1}}, {"ada": {"next": {"a": ""}}}]
    for wrong in [*odd, []]:
        assert edges.http.post("/_simulator/feeds", json=wrong).status_code == 400


def test_faults_of_every_simulator_speak_edges(edges: Edges) -> None:
    """A limit of the account says until when; a refused key is 401."""
    edges.simulator.faults.add(Fault(Kind.SPEND_LIMIT))
    edges.simulator.faults.add(Fault(Kind.INVALID_KEY))
    limit = edges.ask()
    assert limit.json()["error_label"] == "LIMIT_REACHED"
    assert "postponed_until" in limit.json()["params"]
    assert edges.ask().status_code == 401
    edges.http.post("/_simulator/reset")
    assert edges.ask().status_code == 200


def test_ten_thousand_profiles_cost_nothing(edges: Edges) -> None:
    """Whoever was not set shows the usual feed, the same each time it is read."""
    assert edges.http.post("/_simulator/usual", json={"posts": 3}).status_code == 201
    assert len(edges.ask("profile-1").json()) == 3
    assert edges.ask("profile-9999").json() == edges.ask("profile-9999").json()
    assert edges.ask("profile-1").json() != edges.ask("profile-2").json()
    assert edges.http.post("/_simulator/usual", content="null").status_code == 201
    assert edges.ask("profile-1").json()["error_label"] == "STATUS_404"
    assert edges.http.post("/_simulator/usual", json={"x": 1}).status_code == 400
