"""A streaming-first HTTP server framework: every body is a bounded stream."""

from headrace_routing import Blueprint as Blueprint
from headrace_routing import BlueprintGroup as BlueprintGroup

from ._app import Headrace as Headrace
from ._config import Config as Config
from ._end import EndReason as EndReason
from ._end import Figures as Figures
from ._server import Server as Server
from ._version import __version__ as __version__
from .exceptions import ClientGone as ClientGone
from .exceptions import ConfigError as ConfigError
from .exceptions import ExchangeEnded as ExchangeEnded
from .exceptions import HeadraceException as HeadraceException
from .request import Request as Request
from .response import HTTPResponse as HTTPResponse
from .response import ResponseStream as ResponseStream
from .response import empty as empty
from .response import html as html
from .response import json as json
from .response import raw as raw
from .response import redirect as redirect
from .response import stream as stream
from .response import text as text

__all__ = [
    "__version__",
    "Blueprint",
    "BlueprintGroup",
    "ClientGone",
    "Config",
    "ConfigError",
    "empty",
    "EndReason",
    "ExchangeEnded",
    "Figures",
    "Headrace",
    "HeadraceException",
    "html",
    "HTTPResponse",
    "json",
    "raw",
    "redirect",
    "Request",
    "ResponseStream",
    "Server",
    "stream",
    "text",
]
