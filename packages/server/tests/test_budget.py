"""The bytes that a whole process holds: when pressure begins and ends, and when it is enough."""

import logging

import pytest

from headrace._budget import Budget


@pytest.mark.parametrize(
    ("changes", "said", "used", "exhausted"),
    [
        pytest.param([874], [], 874, False, id="just-below-pressure"),
        pytest.param([875], [True], 875, False, id="pressure"),
        pytest.param([875, 100], [True], 975, False, id="said-once"),
        pytest.param([999], [True], 999, False, id="one-below-the-limit"),
        pytest.param([1000], [True], 1000, True, id="at-the-limit"),
        pytest.param([875, -125], [True], 750, False, id="still-pressed"),
        pytest.param([875, -126], [True, False], 749, False, id="relieved"),
        pytest.param([900, -400, 375], [True, False, True], 875, False, id="again"),
    ],
)
def test_charges(caplog, changes, said, used, exhausted):
    caplog.set_level(logging.INFO)
    heard = []
    budget = Budget(1000, heard.append)
    for change in changes:
        budget.charge(change)
    assert (heard, budget.used, budget.exhausted) == (said, used, exhausted)
    assert budget.pressed is bool(said and said[-1])
    levels = [logging.WARNING if each else logging.INFO for each in said]
    assert [record.levelno for record in caplog.records] == levels


def test_no_limit():
    heard = []
    budget = Budget(0, heard.append)
    budget.charge(1 << 60)
    assert not (heard or budget.exhausted or budget.pressed)
