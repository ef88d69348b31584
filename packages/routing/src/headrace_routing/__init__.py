"""Router, blueprints and views that work with any server."""

from ._version import __version__ as __version__

__all__ = ["__version__"]
