"""The commands of ``linkedin-pipeline`` that look at the pipeline or make it work.

What a command needs is imported inside it: ``--help`` must not wait for Dagster or a model.
"""

from linkedin_pipeline.status_facts import PATIENCE

__all__ = ["PATIENCE"]
