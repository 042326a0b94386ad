"""How posts go out: the account of the provider, patience, and where media may come from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import get_args

from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.domain.media import DELIVERY, AllowedHost
from linkedin_pipeline.domain.publishing import PublishPolicy, UnconfirmedPolicy
from linkedin_pipeline.settings.values import Endpoint, count, endpoint, text, word

_DAY = 86_400


def read_unipile(env: Mapping[str, str]) -> tuple[Endpoint | None, tuple[str, ...]]:
    """Return key and address of Unipile, both or nothing, and what a person should know of it.

    Every customer of Unipile has an address of its own, so there is no default.
    """
    given = endpoint(env, "UNIPILE", ends="/api/v1")
    if given is None or (given.api_key and given.base_url):
        return given, ()
    missing = "UNIPILE_BASE_URL" if given.api_key else "UNIPILE_API_KEY"
    return None, (f"Publishing is not configured: {missing} is not set.",)


def read_policy(env: Mapping[str, str]) -> PublishPolicy:
    """Return how patient publishing is."""

    def seconds(name: str, default: timedelta, most: int, least: int = 0) -> timedelta:
        whole = round(default.total_seconds())
        return timedelta(seconds=count(env, f"PUBLISH_{name}", whole, most=most, least=least))

    usual = PublishPolicy()
    policies: tuple[UnconfirmedPolicy, ...] = get_args(UnconfirmedPolicy)
    named = word(env, "PUBLISH_UNCONFIRMED_POLICY", policies)
    return PublishPolicy(
        settle=seconds("SETTLE_SECONDS", usual.settle, most=_DAY),
        grace=seconds("GRACE_SECONDS", usual.grace, most=30 * _DAY, least=1),
        spacing=seconds("ACCOUNT_SPACING_SECONDS", usual.spacing, most=_DAY),
        unconfirmed=policies[policies.index(named)],
    )


def read_media_hosts(env: Mapping[str, str]) -> tuple[AllowedHost, ...]:
    """Return the hosts that media may be fetched from."""
    value = text(env, "MEDIA_ALLOWED_HOSTS")
    if value is None:
        return (DELIVERY,)
    try:
        return tuple(AllowedHost.parse(entry) for entry in value.replace(",", " ").split())
    except ValueError as error:
        raise Misconfigured(
            "MEDIA_ALLOWED_HOSTS",
            f"{error.args[0]!r} is not a host",
            "Write hosts with commas between them, such as imagedelivery.net,media.example.com; "
            "http://host[:port] where plain http is meant. Unset it for imagedelivery.net.",
        ) from None
