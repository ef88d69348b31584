"""Bounded byte pipes, channels and broadcasts with back-pressure for asyncio.

What few programs have together is loaded when it is first asked for: channels, broadcasts,
transforms, sinks and sources. Most programs need a pipe and one of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._clock import Clock as Clock
from ._clock import Timer as Timer
from ._copy import copy as copy
from ._errors import BrokenError as BrokenError
from ._errors import BusyError as BusyError
from ._errors import CapExceededError as CapExceededError
from ._errors import ClosedError as ClosedError
from ._errors import CodecError as CodecError
from ._errors import EndOfStream as EndOfStream
from ._errors import EvictedError as EvictedError
from ._errors import IncompleteError as IncompleteError
from ._errors import StreamError as StreamError
from ._errors import TimedOutError as TimedOutError
from ._errors import TooLargeError as TooLargeError
from ._errors import TooSlowError as TooSlowError
from ._file import from_file as from_file
from ._pipe import PipeReceiver as PipeReceiver
from ._pipe import PipeSender as PipeSender
from ._pipe import pipe as pipe
from ._receiver import ByteReceiver as ByteReceiver
from ._sender import ByteSender as ByteSender
from ._thread import from_thread as from_thread
from ._version import __version__ as __version__

if TYPE_CHECKING:
    from ._broadcast._boxes import conflate as conflate
    from ._broadcast._broadcast import Broadcast as Broadcast
    from ._broadcast._broadcast import BroadcastStatistics as BroadcastStatistics
    from ._broadcast._log import Gap as Gap
    from ._broadcast._log import Log as Log
    from ._broadcast._log import MemoryLog as MemoryLog
    from ._broadcast._log import Message as Message
    from ._broadcast._subscriber import Subscriber as Subscriber
    from ._broadcast._subscriber import SubscriberStatistics as SubscriberStatistics
    from ._channel import ChannelStatistics as ChannelStatistics
    from ._channel import ItemReceiver as ItemReceiver
    from ._channel import ItemSender as ItemSender
    from ._channel import channel as channel
    from ._sinks import CallbackSender as CallbackSender
    from ._sinks import to_callback as to_callback
    from ._sinks import to_file as to_file
    from ._sources import IterableReceiver as IterableReceiver
    from ._sources import from_generator as from_generator
    from ._sources import from_iterable as from_iterable
    from ._statistics import PipeStatistics as PipeStatistics
    from ._transforms._compress import compress as compress
    from ._transforms._decompress import decompress as decompress
    from ._transforms._heartbeat import heartbeat as heartbeat
    from ._transforms._limit import limit as limit
    from ._transforms._map import map as map  # noqa: A004
    from ._transforms._merge import merge as merge
    from ._transforms._min_rate import min_rate as min_rate
    from ._transforms._rechunk import rechunk as rechunk
    from ._transforms._tee import tee as tee
    from ._transforms._throttle import throttle as throttle
    from ._transforms._timeout import timeout as timeout

_LATER = {
    "Broadcast": "._broadcast._broadcast",
    "BroadcastStatistics": "._broadcast._broadcast",
    "CallbackSender": "._sinks",
    "channel": "._channel",
    "ChannelStatistics": "._channel",
    "compress": "._transforms._compress",
    "conflate": "._broadcast._boxes",
    "decompress": "._transforms._decompress",
    "from_generator": "._sources",
    "from_iterable": "._sources",
    "Gap": "._broadcast._log",
    "heartbeat": "._transforms._heartbeat",
    "ItemReceiver": "._channel",
    "ItemSender": "._channel",
    "IterableReceiver": "._sources",
    "limit": "._transforms._limit",
    "Log": "._broadcast._log",
    "map": "._transforms._map",
    "MemoryLog": "._broadcast._log",
    "merge": "._transforms._merge",
    "Message": "._broadcast._log",
    "min_rate": "._transforms._min_rate",
    "PipeStatistics": "._statistics",
    "rechunk": "._transforms._rechunk",
    "Subscriber": "._broadcast._subscriber",
    "SubscriberStatistics": "._broadcast._subscriber",
    "tee": "._transforms._tee",
    "throttle": "._transforms._throttle",
    "timeout": "._transforms._timeout",
    "to_callback": "._sinks",
    "to_file": "._sinks",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LATER[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
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
