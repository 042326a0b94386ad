"""What a health check is made of: a look at the database, a finding, an asset check.

Dagster reads the annotations when it decorates, so they must not be postponed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.defs.enrichment import viral_posts_bank
from linkedin_pipeline.domain.errors import PipelineError
from linkedin_pipeline.wiring import Providers

PATIENCE = 2.0
"""Seconds to wait for the database: one that is down is a finding, and no check starts it."""

Numbers = Mapping[str, int | float | str | dg.MetadataValue]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: what is wrong and what to do about it, or None, and numbers to plot."""

    trouble: str | None
    numbers: Numbers


def health_check(
    severity: dg.AssetCheckSeverity, description: str
) -> Callable[[Callable[[Providers, Database], Finding]], dg.AssetChecksDefinition]:
    """Make an asset check of a function that looks at the database; its name is the function's.

    A database that does not answer fails the check as an error, whatever ``severity`` says.
    """

    def decorate(look: Callable[[Providers, Database], Finding]) -> dg.AssetChecksDefinition:
        @dg.asset_check(
            asset=viral_posts_bank.key,
            name=look.__name__,
            description=" ".join(description.split()),
        )
        def check(providers: dg.ResourceParam[Providers]) -> dg.AssetCheckResult:
            try:
                with providers.database(start=False, patience=PATIENCE) as database:
                    finding = look(providers, database)
            except PipelineError as error:
                return dg.AssetCheckResult(passed=False, description=str(error))
            return dg.AssetCheckResult(
                passed=finding.trouble is None,
                severity=severity,
                description=finding.trouble,
                metadata=finding.numbers,
            )

        return check

    return decorate


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MetadataValue:
    """Return a table as Dagster shows it."""
    lines = [head, ["---"] * len(head), *rows]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))
