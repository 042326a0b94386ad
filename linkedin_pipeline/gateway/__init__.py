"""The HTTP gateway: the doors for callers that know only HTTP.

It does no work itself: it starts the same Dagster jobs as sensors, schedules and people do, reads
what they did, and turns switches.  Nothing here imports Dagster.
"""
