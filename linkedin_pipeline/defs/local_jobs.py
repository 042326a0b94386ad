"""One run of a job in this process, recorded in the instance that dagster.yaml names."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from linkedin_pipeline.defs.in_process import QUIET, error_of, signals


def run_job(
    defs: dg.Definitions,
    dagster_instance: dg.DagsterInstance,
    name: str,
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
) -> tuple[str, str | None]:
    """Run a job once; return the run's id, and what made it fail, None when it succeeded.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came.
    """
    with signals() as interrupted:
        result = defs.resolve_job_def(name).execute_in_process(
            instance=dagster_instance,
            run_config=QUIET,
            raise_on_error=False,
            tags=tags,
            run_id=run_id,
        )
        if interrupted():
            raise KeyboardInterrupt
    return result.run_id, error_of(result)
