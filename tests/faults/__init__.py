"""Clients that behave badly on purpose, and good ones that check every byte of what they get.

Each client is one coroutine function: it opens a connection to a :class:`Target`, does one thing,
closes what it opened (also when it is cancelled) and returns an :class:`Outcome` that tells what
the server did. No client judges the server: whoever calls it knows which outcome is right.

Nothing here knows headrace. Both the tests and the soak program import this package as
``tests.faults``: pytest's importlib mode resolves that from the root of the repository, as does
``python -m`` when run there.
"""

from ._answer import Answer as Answer
from ._answer import AnswerReader as AnswerReader
from ._answer import BadAnswer as BadAnswer
from ._descriptors import room_for_descriptors as room_for_descriptors
from ._good import Ask as Ask
from ._good import echoing as echoing
from ._good import good as good
from ._good import half_closed as half_closed
from ._good import pipelining as pipelining
from ._leaving import Leave as Leave
from ._leaving import leaving as leaving
from ._leaving import uploading_to_nobody as uploading_to_nobody
from ._line import Line as Line
from ._line import Target as Target
from ._malformed import malformed as malformed
from ._malformed import mutations as mutations
from ._malformed import pouring as pouring
from ._outcome import Ending as Ending
from ._outcome import Outcome as Outcome
from ._pattern import Pattern as Pattern
from ._request import chunked as chunked
from ._request import chunks as chunks
from ._request import get as get
from ._request import head as head
from ._request import sized as sized
from ._slow import never_reading as never_reading
from ._slow import slow_body as slow_body
from ._slow import slow_head as slow_head
from ._slow import slow_reading as slow_reading
from ._slow import trickling as trickling

__all__ = [
    "Answer",
    "AnswerReader",
    "Ask",
    "BadAnswer",
    "Ending",
    "Leave",
    "Line",
    "Outcome",
    "Pattern",
    "Target",
    "chunked",
    "chunks",
    "echoing",
    "get",
    "good",
    "half_closed",
    "head",
    "leaving",
    "malformed",
    "mutations",
    "never_reading",
    "pipelining",
    "pouring",
    "room_for_descriptors",
    "sized",
    "slow_body",
    "slow_head",
    "slow_reading",
    "trickling",
    "uploading_to_nobody",
]
