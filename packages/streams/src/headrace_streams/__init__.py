"""Bounded byte pipes, channels and broadcasts with back-pressure for asyncio."""

from ._version import __version__ as __version__

__all__ = ["__version__"]
