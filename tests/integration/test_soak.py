"""Seconds of the soak that ``nox -s soak`` runs for an hour."""

import asyncio

from tests.soak import soak

SECONDS = 2.0


def test_nothing_is_left_over_after_good_and_bad_clients(loop):
    lines = []
    report = asyncio.run(
        soak(loop, SECONDS, seed=1, quick=6, slow=40, warm=False, say=lines.append)
    )
    assert not report.findings, f"{report}"
    assert report.clients.total() > 100
    assert lines
