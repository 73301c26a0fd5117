"""The OpenAPI page says what is answered: schemathesis makes requests of it, good and bad, and checks."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.rlcf.service.running import Served

EXAMPLES = 40
"""Of each route."""
SEED = 20261127

schema = schemathesis.pytest.from_fixture("page")


@pytest.fixture
def page(server: Served) -> schemathesis.schemas.BaseSchema:
    config = SchemathesisConfig.from_dict({"seed": SEED})
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json", config=config)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_page_holds(case: Case, server: Served) -> None:
    """All checks but one: whether a task_id or a program is known is more than a schema can say."""
    case.call_and_validate(base_url=server.url, excluded_checks=[positive_data_acceptance], timeout=60)
