"""What the bank looks like as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.queries import query


@dataclass(frozen=True, slots=True)
class ExampleStyle:
    """The style of the profile with most analysed posts, and how many profiles have one."""

    full_name: str
    prompt: str
    styles: int


def label_mix(database: Database) -> Mapping[str, Mapping[str, int]]:
    """Return posts by label for each kind (hook type, topic, audience), most posts first."""
    mix: dict[str, dict[str, int]] = {}
    for kind, name, posts in database.run(lambda c: c.execute(query("label_mix")).fetchall()):
        mix.setdefault(kind, {})[name] = posts
    return mix


def example_style(database: Database) -> ExampleStyle | None:
    """Return one style to show, or None when there is none yet."""
    row = database.run(lambda c: c.execute(query("example_style")).fetchone())
    return ExampleStyle(*row) if row else None


def usage_of_run(database: Database, run_id: str, stage: str) -> tuple[int, float]:
    """Return the tokens and US dollars that a run's calls of paid models took in one stage."""
    arguments = (run_id, stage)
    row = database.run(lambda c: c.execute(query("usage_of_run"), arguments).fetchone())
    assert row is not None  # an aggregate has one row
    return int(row[0]), float(row[1])
