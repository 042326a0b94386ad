"""Only allowed hosts are connected to, and only at the addresses that were checked."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_socket import SocketConnectBlockedError

from linkedin_pipeline.adapters.media import HttpMediaSource
from linkedin_pipeline.adapters.media_guard import GuardedBackend, addresses_of, is_public
from linkedin_pipeline.domain.calls import CallEnd
from linkedin_pipeline.domain.errors import MediaRefused, ProviderDown
from linkedin_pipeline.domain.media import DELIVERY, AllowedHost
from linkedin_pipeline.domain.media_content import Unfit
from linkedin_pipeline_tests.adapters.media_site import (
    MemoryLedger,
    Site,
    answer,
    attached,
    moved,
    source,
)
from linkedin_pipeline_tests.images import gif

PUBLIC = "93.184.216.34"
NOT_PUBLIC = """
10.0.0.5 172.16.0.1 192.168.1.1 127.0.0.1 127.9.9.9 0.0.0.0 0.1.2.3 100.64.0.1
100.100.100.200 169.254.169.254 192.0.0.192 168.63.129.16 192.0.2.1 198.18.0.1 203.0.113.1
224.0.0.1 240.0.0.1 255.255.255.255 192.88.99.1 :: ::1 ::7f00:1 fe80::1 fe80::1%eth0 fec0::1
fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 2002:7f00:1:: 2002:5db8:d822:: 2001:0:1::1
64:ff9b:1::1 ::ffff:127.0.0.1 ::ffff:10.0.0.5 ::ffff:169.254.169.254 64:ff9b::10.0.0.5
64:ff9b::7f00:1
"""


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a host with an image at /a."""
    with Site() as opened:
        opened.has("/a", answer(gif(1, 1)))
        yield opened


def fetch(media: HttpMediaSource, address: str) -> None:
    """Fetch one attachment."""
    with media.fetch(attached([address]), "post 7") as files:
        assert len(files) == 1


def refusal(media: HttpMediaSource, address: str) -> str:
    """Return the code that an attachment is refused with."""
    with pytest.raises(MediaRefused) as refused:
        fetch(media, address)
    return refused.value.code


@pytest.mark.parametrize(
    "address",
    NOT_PUBLIC.split(),
)
def test_addresses_that_not_everybody_reaches_are_refused(address: str) -> None:
    """Private, loopback, link-local, multicast, reserved, metadata: in any wrapping."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", [PUBLIC, "2606:4700::6810:84e5", f"::ffff:{PUBLIC}", f"64:ff9b::{PUBLIC}"]
)
def test_public_addresses_are_not(address: str) -> None:
    """The rest of the internet is reached, from behind NAT64 too."""
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["10.0.0.5"],
        ["169.254.169.254"],
        [PUBLIC, "10.0.0.5"],
        ["10.0.0.5", PUBLIC],
    ],
)
def test_an_allowed_name_with_a_private_address_is_not_connected_to(
    site: Site, found: list[str]
) -> None:
    """Being on the list makes a name no exception, and one bad address spoils the others."""
    ledger = MemoryLedger()
    media = source("http://images.test:" + str(site.port), resolve=lambda _: found, ledger=ledger)
    assert refusal(media, f"http://images.test:{site.port}/a") == "media_private"
    assert site.connections == 0
    assert ledger.ended == [("images.test", CallEnd.UNSENT, None)]


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_the_checked_address_is_the_one_that_is_connected_to() -> None:
    """A name that becomes private once it was checked gains nothing: it is asked for once."""
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    media = source("images.test", resolve=lambda _: next(answers))
    with pytest.raises(SocketConnectBlockedError, match=PUBLIC):  # tests have no network
        fetch(media, "https://images.test/a")
    assert len(list(answers)) == 2


def test_a_name_is_checked_anew_for_every_try(site: Site) -> None:
    """A second try, and where a redirect leads, are not trusted because of the first."""
    answers = iter([["127.0.0.1"], ["10.0.0.5"]])
    media = source("localhost", resolve=lambda _: next(answers))
    site.has("/b", moved("/a"))
    assert refusal(media, f"http://localhost:{site.port}/b") == "media_private"
    answers = iter([["127.0.0.1"], ["10.0.0.5"]])
    site.has("/c", answer(b"", status=503))
    assert refusal(media, f"http://localhost:{site.port}/c") == "media_private"
    assert site.connections == 2


def test_the_guard_itself_knows_who_was_named(site: Site) -> None:
    """Loopback that nobody named is not connected to, whoever asks for it."""
    with pytest.raises(Unfit):
        GuardedBackend([DELIVERY], addresses_of).connect_tcp("127.0.0.1", site.port)
    named = GuardedBackend([AllowedHost.parse("10.0.0.5")], lambda _: ["10.0.0.6"])
    with pytest.raises(Unfit):
        named.connect_tcp("10.0.0.5", site.port)
    assert site.connections == 0


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_private_address_may_be_named() -> None:
    """A host that is named by its private address is connected to at that address."""
    media = source("http://10.0.0.5:81")
    with pytest.raises(SocketConnectBlockedError, match=r"10\.0\.0\.5"):  # tests have no network
        fetch(media, "http://10.0.0.5:81/a")


def test_the_next_address_is_tried(site: Site) -> None:
    """Of two checked addresses the second serves when the first takes no connection."""
    media = source("localhost", resolve=lambda _: ["::1", "127.0.0.1"])
    fetch(media, f"http://localhost:{site.port}/a")


def test_loopback_and_plain_http_must_be_named(site: Site) -> None:
    """Neither this computer nor http is reached unless a person named it."""
    address = site.origin + "/a"
    assert refusal(source("imagedelivery.net"), address) == "media_host"
    assert refusal(source("localhost"), address) == "media_host"
    assert refusal(source("imagedelivery.net"), "http://imagedelivery.net/a/b/c") == "media_host"
    assert refusal(source("https://127.0.0.1:9"), address) == "media_host"
    assert site.connections == 0
    fetch(source("127.0.0.1"), address)
    fetch(source(f"http://127.0.0.1:{site.port}"), address)
    fetch(source("localhost"), address.replace("127.0.0.1", "localhost"))


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001"])
def test_odd_spellings_of_an_address_lead_nowhere(site: Site, host: str) -> None:
    """What the computer takes for an address is judged as that, even on the list of hosts."""
    address = f"http://{host}:{site.port}/a"
    assert refusal(source("127.0.0.1"), address) == "media_host"
    assert refusal(source(f"http://{host}:{site.port}"), address) == "media_private"
    assert site.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "https://imagedelivery.net:8443/a/b/c",
        "https://imagedelivery.net.evil.test/a",
        "https://imagedelivery.net%2eevil.test/a",
        "https://evil.test/imagedelivery.net",
        "https://evil.test\\@imagedelivery.net/a",
        "https://user@imagedelivery.net/a",
        "https://imagedelivery.net@evil.test/a",
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
        "data:image/gif;base64,R0lGODlh",
        "//imagedelivery.net/a",
        "imagedelivery.net/a",
        "https:///a",
        "https://[::1/a",
        "https://0177.0.0.1/a",
        "https://imagedelivery.net/\x00a",
        "https://imagedelivery.net\r\nHost: evil.test/a",
    ],
)
def test_what_is_not_an_allowed_address_is_refused(address: str) -> None:
    """Nobody is asked, whatever an address looks like; the reason holds nothing of its path."""
    ledger = MemoryLedger()
    media = source("imagedelivery.net", "127.0.0.1", resolve=lambda _: [], ledger=ledger)
    with pytest.raises(MediaRefused) as refused:
        fetch(media, address)
    assert refused.value.code in {"media_host", "media_address"}
    assert "/a" not in str(refused.value)
    assert ledger.ended == []


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("imagedelivery.net.", "imagedelivery.net"),
        ("IMAGEDELIVERY.net", "imagedelivery.net"),
        ("imagedelivery。net", "imagedelivery.net"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[0:0:0::0001]", "::1"),
    ],
)
def test_other_spellings_of_a_host_are_that_host(host: str, name: str) -> None:
    """Whatever the spelling, one form is compared with the list, resolved and asked."""
    asked: list[str] = []

    def resolve(name: str) -> list[str]:
        asked.append(name)
        return []

    with pytest.raises(ProviderDown):
        fetch(source(f"[{name}]" if ":" in name else name, resolve=resolve), f"https://{host}/a/b")
    assert set(asked) == {name}


def test_redirects_are_checked_like_addresses(site: Site) -> None:
    """A redirect leads to allowed hosts at good addresses only, and nobody else is asked."""
    with Site() as other:
        other.has("/a", answer(gif(1, 1)))
        hosts = ("127.0.0.1", f"http://images.test:{other.port}")
        for target, code in [
            (other.origin.replace("127.0.0.1", "localhost") + "/a", "media_host"),
            (f"http://images.test:{other.port}/a", "media_private"),
            (f"http://user@127.0.0.1:{other.port}/a", "media_address"),
            ("file:///etc/passwd", "media_host"),
            ("https://[::1/", "media_redirects"),
        ]:
            media = source(*hosts, resolve=lambda _: ["127.0.0.1"])
            assert refusal(media, site.has("/b", moved(target))) == code
        assert other.connections == 0
        fetch(source(), site.has("/b", moved(other.origin + "/a")))


def test_three_redirects_are_followed_and_a_fourth_is_not(site: Site) -> None:
    """An address that leads in a circle ends."""
    for number in range(4):
        site.has(f"/{number}", moved(f"/{number - 1}" if number else "/a"))
    fetch(source(), site.origin + "/2")
    assert refusal(source(), site.origin + "/3") == "media_redirects"
    assert refusal(source(), site.has("/loop", moved("/loop"))) == "media_redirects"


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate for a name, signed by its own key, and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    files = directory / f"{name}.crt", directory / f"{name}.key"
    files[0].write_bytes(made.public_bytes(pem))
    files[1].write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return files


@pytest.mark.parametrize(
    ("name", "trusted"), [("localhost", True), ("localhost", False), ("other.test", True)]
)
def test_https_proves_the_name_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, trusted: bool
) -> None:
    """A checked address is connected to, and must prove to be the host that was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain, key = certificate(tmp_path, name)
    context.load_cert_chain(chain, key)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    with Site(context) as site:
        site.has("/a", answer(gif(1, 1)))
        address = f"https://localhost:{site.port}/a"
        media = source("localhost", resolve=lambda _: ["127.0.0.1"])
        if trusted and name == "localhost":
            fetch(media, address)
        else:
            with pytest.raises(ProviderDown, match="certificate of the host is not valid"):
                fetch(media, address)
            assert site.requests == []
