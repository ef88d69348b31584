from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from headrace_http_parser import Event, RemoteProtocolError, RequestParser, ResponseParser
from headrace_http_parser.testing import merge_data

Outcome = tuple[list[Event], RemoteProtocolError | None]
Feed = Callable[..., Outcome]


def _feed(
    parser: RequestParser | ResponseParser, pieces: Iterable[bytes], *, eof: bool = False
) -> Outcome:
    """All events of some pieces, held ones included, and the error that ended them."""
    events: list[Event] = []
    try:
        for piece in pieces:
            events += parser.receive_data(piece)
            while parser.pending:
                events += parser.receive_data(b"")
        if eof:
            events += parser.receive_eof()
    except RemoteProtocolError as error:
        return merge_data(events + error.events), error
    return merge_data(events), None


@pytest.fixture
def feed() -> Feed:
    return _feed
