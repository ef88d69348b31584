"""A strict, bounded, sans-I/O HTTP/1.1 codec."""

from ._version import __version__ as __version__

__all__ = ["__version__"]
