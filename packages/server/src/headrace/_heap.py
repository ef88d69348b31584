"""Freed memory is kept for the next block instead of being given back to the kernel.

glibc maps a block of 128 KiB or more by itself and unmaps it when it is freed, and a loop's reads
are larger: each brought 60 page faults. It takes such blocks from its heap as soon as it has seen a
larger mapped one freed, and then trims that heap less (mallopt(3), M_MMAP_THRESHOLD). That made
uploads take 0.79 of the CPU time, in chunks of 1 KiB 0.62, an echo 0.75. Where the environment sets
``MALLOC_MMAP_THRESHOLD_`` or ``MALLOC_TRIM_THRESHOLD_``, or malloc is another's, nothing changes.
"""

from __future__ import annotations

from typing import Final

BLOCK: Final = 4 * 1024 * 1024
"""Bytes of the block that is freed. At most twice as much stays free at the top of the heap."""


def keep_freed() -> None:
    """Let go of a block. It is never written to, so it takes no memory."""
    bytes(BLOCK)
