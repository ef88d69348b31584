from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import version

import pytest

import headrace_streams

NAMES = [
    "__version__",
    "Broadcast",
    "BroadcastStatistics",
    "BrokenError",
    "BusyError",
    "ByteReceiver",
    "ByteSender",
    "CallbackSender",
    "CapExceededError",
    "channel",
    "ChannelStatistics",
    "Clock",
    "ClosedError",
    "CodecError",
    "compress",
    "conflate",
    "copy",
    "decompress",
    "EndOfStream",
    "EvictedError",
    "from_file",
    "from_generator",
    "from_iterable",
    "from_thread",
    "Gap",
    "heartbeat",
    "IncompleteError",
    "ItemReceiver",
    "ItemSender",
    "IterableReceiver",
    "limit",
    "Log",
    "map",
    "MemoryLog",
    "merge",
    "Message",
    "min_rate",
    "pipe",
    "PipeReceiver",
    "PipeSender",
    "PipeStatistics",
    "rechunk",
    "StreamError",
    "Subscriber",
    "SubscriberStatistics",
    "tee",
    "throttle",
    "TimedOutError",
    "timeout",
    "Timer",
    "to_callback",
    "to_file",
    "TooLargeError",
    "TooSlowError",
]


def test_the_names_are_these_in_this_order() -> None:
    assert headrace_streams.__all__ == NAMES
    assert sorted(NAMES, key=str.lower) == NAMES


def test_what_is_loaded_later_is_there_for_everybody() -> None:
    code = "import headrace_streams as h, sys; print([m for m in sys.modules if 'broadcast' in m])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
    assert set(NAMES) <= set(dir(headrace_streams))
    for name in NAMES:
        assert getattr(headrace_streams, name) is vars(headrace_streams)[name]
    with pytest.raises(AttributeError, match="'headrace_streams' has no attribute 'nothing'"):
        headrace_streams.nothing  # noqa: B018


def test_version_is_the_installed_one() -> None:
    assert headrace_streams.__version__ == version("headrace-streams")


def test_every_public_callable_and_method_is_documented() -> None:
    bare = []
    for name in NAMES[1:]:
        value = getattr(headrace_streams, name)
        if not inspect.getdoc(value):
            bare.append(name)
        if inspect.isclass(value):
            bare += [
                f"{name}.{key}"
                for key, member in inspect.getmembers(value)
                if not key.startswith("_") and callable(member) and not inspect.getdoc(member)
            ]
    assert bare == []
