"""Every error that the program expects, drawn as one tree.

    PipelineError
    ├── Misconfigured        a person must change a setting
    ├── BadInput             a person gave something unusable (exit code 2 on the command line)
    ├── DatabaseDown         the database does not answer; try again
    ├── SchemaBehind         the database lacks what this version needs
    ├── Busy                 somebody else holds what is needed; try again
    ├── DagsterDown          Dagster does not answer, or refused; try again
    │   └── JobMissing         it answers and does not know the job
    ├── ProviderDown         a provider does not answer: the stage pauses, no post is charged
    │   └── AllProvidersDown   nor do those that were to stand in for it
    └── Rejected             this post can never be done: a dead letter with a reason
        └── MediaRefused       nor with the attachments that it has

Each says its subject, the value it met and the remedy.  A secret is never part of an error.
"""

from __future__ import annotations


class PipelineError(Exception):
    """An expected failure: what it is about, what was met and what to do.

    The three parts are kept apart so that a command line, a log line and an asset's
    metadata can each show them in its own form.
    """

    def __init__(self, subject: str, value: str, remedy: str) -> None:
        super().__init__(subject, value, remedy)
        self.subject = subject
        self.value = value
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.subject}: {self.value}. {self.remedy}"


class Misconfigured(PipelineError):
    """A setting is missing, unknown or malformed; only a person can mend it."""


class BadInput(PipelineError):
    """What a person handed in cannot be used."""


class DatabaseDown(PipelineError):
    """The database does not answer; the same call may succeed later."""


class SchemaBehind(PipelineError):
    """The database has not been migrated to what this version of the program needs."""


class Busy(PipelineError):
    """Somebody else held what is needed for too long; the same call may succeed later."""


class DagsterDown(PipelineError):
    """Dagster does not answer or did not do what it was asked; the same call may succeed later."""


class JobMissing(DagsterDown):
    """Dagster answers, and its code location has no such job, or is not loaded."""


class ProviderDown(PipelineError):
    """A provider does not answer or asked for silence; nobody's post is at fault.

    ``retry_after`` is the provider's own wish in seconds, or None when it said nothing.
    """

    def __init__(
        self, subject: str, value: str, remedy: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(subject, value, remedy)
        self.retry_after = retry_after


class AllProvidersDown(ProviderDown):
    """Neither a provider nor those that were to stand in for it did the work, and one may later."""


class Rejected(PipelineError):
    """This post can never be done as it stands; ``code`` names the reason for machines."""

    def __init__(self, code: str, subject: str, value: str, remedy: str) -> None:
        super().__init__(subject, value, remedy)
        self.code = code


class MediaRefused(Rejected):
    """An attachment can never be sent as it stands; it is named by its position and its host."""
