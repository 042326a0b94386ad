"""Addresses of LinkedIn: what people paste, and what somebody might try."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.domain.linkedin_urls import post_url, public_identifier

PROFILES = {
    "https://www.linkedin.com/in/ada-lovelace": "ada-lovelace",
    "https://www.linkedin.com/in/ada-lovelace/": "ada-lovelace",
    "http://linkedin.com/in/ada-lovelace": "ada-lovelace",
    "linkedin.com/in/ada-lovelace": "ada-lovelace",
    "  https://fr.linkedin.com/in/Ada-Lovelace/fr?trk=x&urn=urn%3Ali#top ": "ada-lovelace",
    "https://m.linkedin.com/in/ada-lovelace/de-DE/": "ada-lovelace",
    "HTTPS://WWW.LINKEDIN.COM/IN/ADA-LOVELACE-1815": "ada-lovelace-1815",
    "https://www.linkedin.com./in/ada_l": "ada_l",
    "https://www.linkedin.com/in/am%C3%A9lie-p%C3%A9r%C3%A8s": "amélie-pérès",
    "https://www.linkedin.com/in/ame\u0301lie": "amélie",
    "https://www.linkedin.com/in/%D0%B0%D0%B4%D0%B0": "ада",
    "https://www.linkedin.com/in/आदा-१": "आदा-१",
    "https://www.linkedin.com/in/ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ012345": (
        "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ012345"
    ),
}

HOSTILE = [
    "",
    " ",
    "ada-lovelace",
    "https://www.linkedin.com",
    "https://www.linkedin.com/in",
    "https://www.linkedin.com/in/",
    "https://www.linkedin.com/in//ada",
    "https://www.linkedin.com/in/ada/recent-activity/all",
    "https://www.linkedin.com/in/ada/details",
    "https://www.linkedin.com/company/acme",
    "https://www.linkedin.com/pub/ada/1/2/3",
    "https://www.linkedin.com/feed/update/urn:li:activity:1",
    "https://www.linkedin.com.evil.example/in/ada",
    "https://evil.example/https://www.linkedin.com/in/ada",
    "https://evil.example/?x=linkedin.com/in/ada",
    "https://evil.example#linkedin.com/in/ada",
    "https://linkedin.com@evil.example/in/ada",
    "https://user:secret@www.linkedin.com/in/ada",
    "https://notlinkedin.com/in/ada",
    "https://a.b.linkedin.com/in/ada",
    "https://xn--lnkedin-e1a.com/in/ada",
    "https://lınkedin.com/in/ada",
    "https://www.linkedin.com:8443/in/ada",
    "https://www.linkedin.com:x/in/ada",
    "https://[::1/in/ada",
    "ftp://www.linkedin.com/in/ada",
    "file:///in/ada",
    "javascript:alert(1)//www.linkedin.com/in/ada",
    "//www.linkedin.com/in/ada",
    "https:\\\\www.linkedin.com\\in\\ada",
    "https://www.linkedin.com/in/ada%2F..%2Fcompany",
    "https://www.linkedin.com/in/ada%252Fx",
    "https://www.linkedin.com/in/..",
    "https://www.linkedin.com/in/%2e%2e",
    "https://www.linkedin.com/in/ada%00",
    "https://www.linkedin.com/in/ada\x00",
    "https://www.linkedin.com/in/ada%0d%0aHost:%20evil",
    "https://www.linkedin.com/in/ada%",
    "https://www.linkedin.com/in/ada%zz",
    "https://www.linkedin.com/in/%ff%fe",
    "https://www.linkedin.com/in/ada lovelace",
    "https://www.linkedin.com/in/ada%20lovelace",
    "https://www.linkedin.com/in/ada;drop",
    "https://www.linkedin.com/in/'or'1'='1",
    "https://www.linkedin.com/in/---",
    "https://www.linkedin.com/in/%CC%81",
    "https://www.linkedin.com/in/" + "a" * 101,
    "https://www.linkedin.com/in/" + "a" * 5000,
    "https://www.linkedin.com/in/\u202eada",
    "https://www.linkedin.com/in/ada\u200b",
]


@pytest.mark.parametrize(("url", "identifier"), PROFILES.items(), ids=range(len(PROFILES)))
def test_all_ways_lead_to_one_identifier(url: str, identifier: str) -> None:
    """Subdomains, case, encoding, parts behind the name: the same person is the same profile."""
    assert public_identifier(url) == identifier


@pytest.mark.parametrize("url", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_profile_is_refused(url: str) -> None:
    """Other hosts and pages, tricks with encoding, and what could leave an address or a line."""
    with pytest.raises(BadInput, match=r"is not that of a LinkedIn profile") as caught:
        public_identifier(url)
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 600


FEED = "https://www.linkedin.com/feed/update/urn:li"

POSTS = {
    "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000001": (
        f"{FEED}:share:7300000000000000001/"
    ),
    " https://www.linkedin.com/feed/update/urn%3Ali%3AugcPost%3A73/?utm_source=share ": (
        f"{FEED}:ugcPost:73/"
    ),
    "http://fr.linkedin.com/posts/ada-l_engines-activity-7300000000000000002-AbCd?x=1": (
        f"{FEED}:activity:7300000000000000002/"
    ),
    "https://www.linkedin.com/pulse/on-engines-ada": "https://www.linkedin.com/pulse/on-engines-ada",
    "https://blog.example/urn:li:share:1": "https://blog.example/urn:li:share:1",
    "urn:li:share:1": None,
    "ftp://linkedin.com/x": None,
    "https://": None,
    "https://[::1": None,
    "https://a.example/b c": None,
    "https://a.example/\nb": None,
    "https://a.example/" + "x" * 2000: None,
}


@pytest.mark.parametrize(("url", "written"), POSTS.items(), ids=range(len(POSTS)))
def test_a_post_has_one_address(url: str, written: str | None) -> None:
    """Encoded, with a query, or with the number in the words: one form; other sites' stay."""
    assert post_url(url) == written
    if written is not None:
        assert post_url(written) == written
