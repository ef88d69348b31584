"""A conformance suite for streams, and a clock that does what it is told.

Hold your own streams to the contract that this package's are held to. Each check takes a factory,
makes as many streams with it as it likes, and raises AssertionError that names the broken rule. It
is a coroutine for the test runner of your choice; nothing in it sleeps, so a stream that never
delivers makes it hang: run it under a timeout.

A new rule for receivers or senders is added here, once; every stream then is under it.
"""

from ._clock import FakeClock as FakeClock
from ._items import MakeItemReceiver as MakeItemReceiver
from ._items import check_channel as check_channel
from ._items import check_item_receiver as check_item_receiver
from ._pair import check_pair as check_pair
from ._receiver import MakeReceiver as MakeReceiver
from ._receiver import check_receiver as check_receiver
from ._sender import check_sender as check_sender
from ._steps import turns as turns

__all__ = [
    "check_channel",
    "check_item_receiver",
    "check_pair",
    "check_receiver",
    "check_sender",
    "FakeClock",
    "MakeItemReceiver",
    "MakeReceiver",
    "turns",
]
