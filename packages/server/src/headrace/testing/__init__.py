"""Connections without sockets, exchanges without bytes, and time without waiting.

For tests of applications and of servers::

    conversation = Conversation(app)
    await conversation.send(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    assert conversation.take().endswith(b"hello")

Everything runs in the test's own event loop. Deadlines pass when the test says so
(:meth:`Conversation.wait`), and the client reads when the test says so
(:attr:`FakeTransport.reading`). :class:`MemoryExchange` drives one exchange by calls, as a protocol
other than HTTP/1.1 would.
"""

from ._exchange import MemoryExchange as MemoryExchange
from ._exchange import MemoryHead as MemoryHead
from ._exchange import MemoryWire as MemoryWire
from ._transport import Conversation as Conversation
from ._transport import FakeClock as FakeClock
from ._transport import FakeTransport as FakeTransport
from ._transport import settle as settle

__all__ = [
    "Conversation",
    "FakeClock",
    "FakeTransport",
    "MemoryExchange",
    "MemoryHead",
    "MemoryWire",
    "settle",
]
