"""Tests of the workers; the assertions of the shared suite are explained like those of tests."""

import pytest

pytest.register_assert_rewrite(
    "linkedin_pipeline_tests.workers.bank", "linkedin_pipeline_tests.workers.queue_behaviour"
)
