"""The Dagster code: with definitions.py and instance.py the only modules that import dagster."""

import warnings

import dagster as dg

# Dagster warns at every start that backfill policies are beta.  Its version is pinned, so nothing
# can change under us, and who runs the program could do nothing about it.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
