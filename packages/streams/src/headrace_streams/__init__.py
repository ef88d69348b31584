"""Bounded byte pipes, channels and broadcasts with back-pressure for asyncio."""

from ._copy import copy as copy
from ._errors import BrokenError as BrokenError
from ._errors import BusyError as BusyError
from ._errors import CapExceededError as CapExceededError
from ._errors import ClosedError as ClosedError
from ._errors import IncompleteError as IncompleteError
from ._errors import StreamError as StreamError
from ._errors import TooLargeError as TooLargeError
from ._pipe import PipeReceiver as PipeReceiver
from ._pipe import PipeSender as PipeSender
from ._pipe import PipeStatistics as PipeStatistics
from ._pipe import pipe as pipe
from ._receiver import ByteReceiver as ByteReceiver
from ._sender import ByteSender as ByteSender
from ._version import __version__ as __version__

__all__ = [
    "__version__",
    "BrokenError",
    "BusyError",
    "ByteReceiver",
    "ByteSender",
    "CapExceededError",
    "ClosedError",
    "copy",
    "IncompleteError",
    "pipe",
    "PipeReceiver",
    "PipeSender",
    "PipeStatistics",
    "StreamError",
    "TooLargeError",
]
