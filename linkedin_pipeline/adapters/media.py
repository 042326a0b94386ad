"""The attachments of a post in temporary files: all of them, or none and the reason."""

from __future__ import annotations

import mmap
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from linkedin_pipeline.adapters.media_download import (
    Body,
    Downloader,
    Fault,
    address_of,
    host_of,
)
from linkedin_pipeline.adapters.media_guard import Resolver, addresses_of
from linkedin_pipeline.adapters.transport import DEADLINE
from linkedin_pipeline.domain.errors import MediaRefused, ProviderDown
from linkedin_pipeline.domain.media import MOST_ATTACHMENTS, AllowedHost, Attachment, MediaFile
from linkedin_pipeline.domain.media_content import Unfit, file_name, pixels
from linkedin_pipeline.publishing_ports import CallLedger

_TRIES = 3
_FIRST_DELAY = 0.5


class HttpMediaSource:
    """Meets `MediaSource` over HTTP.

    ``hosts`` are those that may be fetched from.  ``timeout`` bounds each wait for the network and
    ``longest`` all of a post's files together, both in seconds; what resolving a name takes is
    bounded by the computer's own settings.
    """

    def __init__(
        self,
        hosts: Sequence[AllowedHost],
        ledger: CallLedger,
        sleep: Callable[[float], None],
        *,
        resolve: Resolver = addresses_of,
        timeout: float = 20.0,
        longest: float = 60.0,
    ) -> None:
        self._downloader = Downloader(hosts, ledger, resolve, timeout)
        self._sleep = sleep
        self._longest = longest

    def close(self) -> None:
        """Close the connections."""
        self._downloader.close()

    @contextmanager
    def fetch(
        self, attachments: Sequence[Attachment], subject: str
    ) -> Iterator[Sequence[MediaFile]]:
        """Give all files until the context ends."""
        if len(attachments) > MOST_ATTACHMENTS:
            raise MediaRefused(
                "media_count",
                f"{subject}, attachments",
                f"there are {len(attachments)}, and a post takes {MOST_ATTACHMENTS}",
                "Take some away.",
            )
        with tempfile.TemporaryDirectory(prefix="linkedin-pipeline-media-") as directory:
            yield self._fetch_all(attachments, subject, Path(directory))

    def _fetch_all(
        self, attachments: Sequence[Attachment], subject: str, directory: Path
    ) -> Sequence[MediaFile]:
        deadline = time.monotonic() + self._longest
        token = DEADLINE.set(deadline)
        files: list[MediaFile] = []
        try:
            for position, attachment in enumerate(attachments, 1):
                where = f"{subject}, attachment {position}"
                path = directory / str(position)
                try:
                    url = address_of(attachment.url)
                    where += f" from {host_of(url)}"
                    body = self._download(url, path, where, deadline)
                    files.append(_file(attachment, body, path, position, len(attachments)))
                except Unfit as unfit:
                    raise MediaRefused(unfit.code, where, unfit.reason, unfit.remedy) from None
        finally:
            DEADLINE.reset(token)
        return files

    def _download(self, url: httpx.URL, path: Path, where: str, deadline: float) -> Body:
        for number in range(1, _TRIES + 1):
            try:
                return self._downloader.download(url, path)
            except Fault as fault:
                delay = max(_FIRST_DELAY * 2 ** (number - 1), fault.retry_after or 0)
                if number == _TRIES or time.monotonic() + delay >= deadline:
                    raise ProviderDown(
                        where,
                        fault.reason,
                        "It is fetched again by itself.",
                        retry_after=fault.retry_after,
                    ) from None
            self._sleep(delay)
        raise AssertionError("there is always a first try")


def _file(
    attachment: Attachment, body: Body, path: Path, position: int, together: int
) -> MediaFile:
    if together > 1 and not body.kind.is_image:
        raise Unfit(
            "media_mixed",
            f"it is a {body.kind.noun} beside other attachments",
            "Attach images only, or a single document or video.",
        )
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        width, height = pixels(body.kind, data) or (None, None)
    name = file_name(body.kind, position, attachment.name)
    return MediaFile(str(path), name, body.kind, body.size, body.sha256, width, height)
