"""A minimum rate, judged window by window."""

import pytest

from headrace._pace import Pace


@pytest.mark.parametrize(
    ("looks", "late"),
    [
        pytest.param([(9.9, 0)], [False], id="not-before-the-window-ends"),
        pytest.param([(10, 99)], [True], id="one-byte-short"),
        pytest.param([(10, 100)], [False], id="just-enough"),
        pytest.param([(10, 100), (19.9, 100)], [False, False], id="within-the-second-window"),
        pytest.param([(10, 500), (20, 550)], [False, True], id="too-slow-in-the-second"),
        pytest.param([(15, 149)], [True], id="a-late-look-asks-for-more"),
        pytest.param([(15, 150), (25, 250)], [False, False], id="a-late-look-begins-the-next"),
    ],
)
def test_late(looks, late):
    pace = Pace(10, 10, 1000.0, 7)
    assert [pace.late(1000.0 + after, 7 + count) for after, count in looks] == late


def test_due():
    pace = Pace(10, 10, 1000.0, 0)
    assert pace.due == 1010.0
    pace.late(1012.0, 1000)
    assert pace.due == 1022.0
