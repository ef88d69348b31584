"""Fixtures that several test modules share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from headrace_routing import Found, MethodNotAllowed, Options, Router

# The same examples each time and no clock: a slow machine must not fail a run.
settings.register_profile(
    "repeatable",
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")

Ask = Callable[..., Any]


@pytest.fixture
def ask() -> Ask:
    """Match, and give the answer in short: handler and params, or what it is instead."""

    def short(router: Router[str], method: str, path: str, host: str | None = None) -> Any:
        got = router.match(method, path, host)
        if isinstance(got, Found):
            assert got.handler == got.route.handler
            return (got.handler, got.params)
        if isinstance(got, MethodNotAllowed | Options):
            return (type(got).__name__, *got.allowed)
        return type(got).__name__

    return short
