"""What a pipe tells about itself."""

from __future__ import annotations

from typing import NamedTuple


class PipeStatistics(NamedTuple):
    """A pipe at one moment. Sizes in bytes, times in seconds.

    ``bytes_in`` is what was written, ``bytes_out`` what was read, ``bytes_dropped`` what a cancel
    threw away, ``peak`` the most that was ever buffered. Blocked times count finished waits only.
    """

    buffered: int
    peak: int
    high: int
    low: int
    cap: int
    bytes_in: int
    bytes_out: int
    bytes_dropped: int
    paused: bool
    sender_open: bool
    receiver_open: bool
    readers_waiting: int
    writers_waiting: int
    read_blocked: float
    write_blocked: float
