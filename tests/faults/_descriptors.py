"""Room for as many sockets as a test with thousands of connections needs."""

from __future__ import annotations

import resource


def room_for_descriptors(count: int) -> bool:
    """Raise this process's limit, which its children inherit; tell whether ``count`` fit in it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return True
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted >= count
