"""Receivers over receivers, one per file. Each pulls: it reads its source only when it is read.

What they have in common (``_base``): cancelling one cancels its source with the same reason; a
failure of the source passes through, after the data before it; a failure of its own cancels the
source. So a chain of any length has one end, and releasing the last receiver releases all.
"""
