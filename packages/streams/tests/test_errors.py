from __future__ import annotations

import copy
import pickle

import pytest

from headrace_streams import (
    BrokenError,
    BusyError,
    CapExceededError,
    ClosedError,
    IncompleteError,
    StreamError,
    TooLargeError,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(ClosedError("closed"), "closed", id="closed"),
        pytest.param(BusyError("busy"), "busy", id="busy"),
        pytest.param(BrokenError("gone"), "gone", id="broken"),
        pytest.param(BrokenError("gone", KeyError(1)), "gone: KeyError(1)", id="broken-reason"),
        pytest.param(TooLargeError("big", 3), "big (limit: 3 bytes)", id="too-large"),
        pytest.param(CapExceededError("big", 3), "big (limit: 3 bytes)", id="cap"),
        pytest.param(
            IncompleteError(b"ab", 3), "the stream ended after 2 bytes, 3 bytes expected", id="n"
        ),
        pytest.param(
            IncompleteError(b""), "the stream ended after 0 bytes, a delimiter expected", id="until"
        ),
    ],
)
def test_texts_and_one_root(error: StreamError, text: str) -> None:
    assert str(error) == text
    assert isinstance(error, StreamError)


@pytest.mark.parametrize(
    "error",
    [BrokenError("gone", KeyError(1)), TooLargeError("big", 3), IncompleteError(b"ab", 3)],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling_and_copying(error: StreamError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin).keys() == vars(error).keys()
