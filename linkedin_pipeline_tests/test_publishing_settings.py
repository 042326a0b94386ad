"""Settings of publishing and syncing: what is read, what is refused, what is not configured."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.domain.media import DELIVERY, AllowedHost
from linkedin_pipeline.domain.publishing import PublishPolicy
from linkedin_pipeline.settings import Endpoint, Settings

UNIPILE = {"UNIPILE_API_KEY": "key", "UNIPILE_BASE_URL": "https://api1.unipile.com:13111/api/v1"}


def test_patience_is_read() -> None:
    """Every variable of publishing moves its part of the policy."""
    settings = Settings.from_environment(
        {
            "PUBLISH_SETTLE_SECONDS": "0",
            "PUBLISH_GRACE_SECONDS": "60",
            "PUBLISH_ACCOUNT_SPACING_SECONDS": "5",
            "PUBLISH_UNCONFIRMED_POLICY": "hold",
        }
    )
    settle, grace, spacing = (timedelta(seconds=number) for number in (0, 60, 5))
    assert settings.publishing == PublishPolicy(settle, grace, spacing, "hold")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLISH_SETTLE_SECONDS", "-1"),
        ("PUBLISH_GRACE_SECONDS", "0"),
        ("PUBLISH_ACCOUNT_SPACING_SECONDS", "soon"),
        ("PUBLISH_UNCONFIRMED_POLICY", "Retry"),
        ("SYNC_MAX_PAGES", "0"),
        ("MEDIA_ALLOWED_HOSTS", "https://host/path"),
        ("MEDIA_ALLOWED_HOSTS", "ftp://host"),
        ("MEDIA_ALLOWED_HOSTS", "good.example,user@host"),
        ("MEDIA_ALLOWED_HOSTS", "host:99999"),
        ("MEDIA_ALLOWED_HOSTS", "*"),
        ("ALERT_WEBHOOK_URL", "slack"),
        ("UNIPILE_BASE_URL", "https://api1.unipile.com:13111"),
        ("UNIPILE_BASE_URL", "https://api1.unipile.com:nine/api/v1"),
        ("EDGES_API_KEY", "two words"),
    ],
)
def test_unusable_values_are_refused_by_name(name: str, value: str) -> None:
    """A value that cannot be used stops the program with the variable's name and a remedy."""
    with pytest.raises(Misconfigured, match=name) as refused:
        Settings.from_environment({name: value})
    assert refused.value.remedy


def test_secrets_are_not_shown() -> None:
    """Neither an error nor the printed settings hold a key or a secret address."""
    settings = Settings.from_environment(
        {
            **UNIPILE,
            "EDGES_API_KEY": "hunter2",
            "ALERT_WEBHOOK_URL": "https://hooks.example/hunter2",
        }
    )
    assert "hunter2" not in repr(settings)
    assert settings.edges == Endpoint("hunter2")
    with pytest.raises(Misconfigured) as refused:
        Settings.from_environment({"ALERT_WEBHOOK_URL": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_unipile_needs_key_and_address() -> None:
    """Half a configuration is none, and a notice says what is missing."""
    assert Settings.from_environment(UNIPILE).unipile == Endpoint(*UNIPILE.values())
    for name, value in UNIPILE.items():
        half = Settings.from_environment({name: value})
        assert half.unipile is None
        (other,) = UNIPILE.keys() - {name}
        assert other in half.notices[0]


def test_edges_needs_its_key() -> None:
    """An address alone configures nothing, and a notice says so."""
    settings = Settings.from_environment({"EDGES_BASE_URL": "http://127.0.0.1:9/v1"})
    assert settings.edges is None
    assert "EDGES_API_KEY" in settings.notices[0]


def test_hosts_of_media_are_read() -> None:
    """Hosts are read with port and scheme; nothing set is Cloudflare's delivery."""
    assert Settings.from_environment({}).media_hosts == (DELIVERY,)
    named = {"MEDIA_ALLOWED_HOSTS": "media.example.com, http://10.0.0.5:81,127.0.0.1"}
    assert Settings.from_environment(named).media_hosts == (
        AllowedHost("media.example.com"),
        AllowedHost("10.0.0.5", 81, plain=True),
        AllowedHost("127.0.0.1", plain=True),
    )


@pytest.mark.parametrize(
    ("entry", "scheme", "host", "port", "admitted"),
    [
        ("a.example", "https", "A.example", None, True),
        ("a.example", "https", "a.example", 443, True),
        ("a.example", "https", "a.example", 8443, False),
        ("a.example", "http", "a.example", None, False),
        ("a.example", "https", "b.a.example", None, False),
        ("a.example:8443", "https", "a.example", 8443, True),
        ("http://a.example", "http", "a.example", 80, True),
        ("http://a.example", "http", "a.example", 8080, False),
        ("127.0.0.1", "http", "127.0.0.1", 41234, True),
        ("127.0.0.1:80", "http", "127.0.0.1", 41234, False),
        ("localhost", "http", "127.0.0.1", None, False),
        ("[::1]:81", "http", "::1", 81, True),
    ],
)
def test_a_host_admits_its_own_addresses(
    entry: str, scheme: str, host: str, port: int | None, *, admitted: bool
) -> None:
    """Scheme, host and port must be those named; a loopback host may use any port, and http."""
    assert AllowedHost.parse(entry).admits(scheme, host, port) is admitted
