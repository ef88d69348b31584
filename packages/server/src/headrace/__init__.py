"""A streaming-first HTTP server framework: every body is a bounded stream."""

from ._version import __version__ as __version__

__all__ = ["__version__"]
