"""Bounded byte pipes, channels and broadcasts with back-pressure for asyncio."""

from ._buffer import PipeStatistics as PipeStatistics
from ._channel import ChannelStatistics as ChannelStatistics
from ._channel import ItemReceiver as ItemReceiver
from ._channel import ItemSender as ItemSender
from ._channel import channel as channel
from ._copy import copy as copy
from ._errors import BrokenError as BrokenError
from ._errors import BusyError as BusyError
from ._errors import CapExceededError as CapExceededError
from ._errors import ClosedError as ClosedError
from ._errors import EndOfStream as EndOfStream
from ._errors import IncompleteError as IncompleteError
from ._errors import StreamError as StreamError
from ._errors import TooLargeError as TooLargeError
from ._pipe import PipeReceiver as PipeReceiver
from ._pipe import PipeSender as PipeSender
from ._pipe import pipe as pipe
from ._receiver import ByteReceiver as ByteReceiver
from ._sender import ByteSender as ByteSender
from ._sinks import CallbackSender as CallbackSender
from ._sinks import to_callback as to_callback
from ._sinks import to_file as to_file
from ._sources import IterableReceiver as IterableReceiver
from ._sources import from_generator as from_generator
from ._sources import from_iterable as from_iterable
from ._thread import from_file as from_file
from ._thread import from_thread as from_thread
from ._version import __version__ as __version__

__all__ = [
    "__version__",
    "BrokenError",
    "BusyError",
    "ByteReceiver",
    "ByteSender",
    "CallbackSender",
    "CapExceededError",
    "channel",
    "ChannelStatistics",
    "ClosedError",
    "copy",
    "EndOfStream",
    "from_file",
    "from_generator",
    "from_iterable",
    "from_thread",
    "IncompleteError",
    "ItemReceiver",
    "ItemSender",
    "IterableReceiver",
    "pipe",
    "PipeReceiver",
    "PipeSender",
    "PipeStatistics",
    "StreamError",
    "to_callback",
    "to_file",
    "TooLargeError",
]
