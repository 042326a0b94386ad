"""Where publishing meets the settings: Unipile writes and reads LinkedIn, media come by HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from linkedin_pipeline.adapters.media import HttpMediaSource
from linkedin_pipeline.adapters.unipile import UnipilePublisher
from linkedin_pipeline.database.calls import PostgresCallLedger
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.publications import PostgresPublicationDesk
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.domain.publications import Kind
from linkedin_pipeline.publishing_ports import MediaSource, PublicationDesk, Publisher
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import Providers
from linkedin_pipeline.workers.publish import PublishLimits, PublishReport, publish_pass


@dataclass(frozen=True, slots=True)
class Publishing:
    """What a publishing pass works with."""

    desk: PublicationDesk
    publisher: Publisher
    media: MediaSource
    providers: Providers
    database: Database
    run_id: str | None

    def publish(self, kinds: Collection[Kind] = frozenset(Kind)) -> PublishReport:
        """Make one pass; see `publish_pass`."""
        unconfirmed = self.providers.settings.publishing.unconfirmed
        return publish_pass(
            self.desk,
            self.publisher,
            self.media,
            PostgresWorkLog(self.database),
            self.providers.clock,
            PublishLimits(unconfirmed=unconfirmed),
            kinds=kinds,
            run_id=self.run_id,
        )

    def sync_accounts(self) -> Mapping[str, int]:
        """Store the states of all accounts as the provider tells them; return counts.

        Raises:
            ProviderDown: it does not answer; nothing was changed.
        """
        return self.desk.record_accounts(self.publisher.accounts())


def not_configured(settings: Settings) -> str | None:
    """Return why nothing can be published, None when it can."""
    if settings.unipile is not None:
        return None
    return "publishing is not configured: set UNIPILE_API_KEY and UNIPILE_BASE_URL"


@contextmanager
def publishing(
    providers: Providers, database: Database, run_id: str | None = None
) -> Iterator[Publishing]:
    """Give what a pass works with; its connections are closed at the end.

    Raises:
        Misconfigured: key or address of Unipile is missing.
    """
    settings = providers.settings
    at = settings.unipile
    if at is None or at.api_key is None or at.base_url is None:
        raise Misconfigured(
            "publishing",
            "it is not configured",
            "Set UNIPILE_API_KEY and UNIPILE_BASE_URL; due posts stay pending.",
        )
    ledger = PostgresCallLedger(database, run_id=run_id)
    publisher = UnipilePublisher(at.api_key, at.base_url, ledger, providers.clock.sleep)
    with media_source(providers, database, run_id) as media:
        try:
            desk = PostgresPublicationDesk(database, settings.publishing, run_id=run_id)
            yield Publishing(desk, publisher, media, providers, database, run_id)
        finally:
            publisher.close()


@contextmanager
def media_source(
    providers: Providers, database: Database, run_id: str | None = None
) -> Iterator[HttpMediaSource]:
    """Give what fetches attachments, from the hosts that the settings allow."""
    ledger = PostgresCallLedger(database, run_id=run_id)
    media = HttpMediaSource(providers.settings.media_hosts, ledger, providers.clock.sleep)
    try:
        yield media
    finally:
        media.close()
