"""The OpenAPI page says what is answered: schemathesis makes requests of it, good and bad, and checks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rlcf.service.running import Served

if TYPE_CHECKING:
    from hypothesis import settings
    from schemathesis import Case

EXAMPLES = 10
"""Of each route, good ones and bad ones each."""
ROUTES = 14
SECONDS = 45.0
"""Then no more are made."""


def options() -> settings:
    from hypothesis import HealthCheck, Phase, settings

    return settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def tables(pytestconfig: pytest.Config, tmp_path: Path) -> Path:
    """Where hypothesis keeps its table of characters, else in the folder that it is run in: it takes over a
    second to make, so once and not in each run."""
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)  # none with `-p no:cacheprovider`
    return tmp_path if cache is None else cache.mkdir("hypothesis")


def test_the_page_holds(server: Served, tables: Path) -> None:
    """All checks but one: whether a task_id or a program is known is more than a schema can say."""
    # Here alone: two seconds, which each process that collects tests would take.
    import schemathesis
    from hypothesis import given
    from hypothesis.configuration import set_hypothesis_home_dir
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    set_hypothesis_home_dir(tables)
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    end, asked = time.monotonic() + SECONDS, 0

    def check(case: Case) -> None:
        nonlocal asked
        if time.monotonic() < end:
            asked += 1
            case.call_and_validate(excluded_checks=[positive_data_acceptance], timeout=60)

    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == ROUTES
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            if mode is schemathesis.GenerationMode.POSITIVE or operation.body:
                options()(given(case=operation.as_strategy(generation_mode=mode))(check))()
    assert asked >= 100
