"""Router, blueprints and views that work with any server."""

from ._blueprint import Blueprint as Blueprint
from ._blueprint import BlueprintGroup as BlueprintGroup
from ._converters import Converter as Converter
from ._declarations import Declaration as Declaration
from ._declarations import ExceptionDeclaration as ExceptionDeclaration
from ._declarations import ListenerDeclaration as ListenerDeclaration
from ._declarations import MiddlewareDeclaration as MiddlewareDeclaration
from ._declarations import RouteDeclaration as RouteDeclaration
from ._errors import BuildError as BuildError
from ._errors import ConflictError as ConflictError
from ._errors import FrozenError as FrozenError
from ._errors import HandlerError as HandlerError
from ._errors import NoSuchRouteError as NoSuchRouteError
from ._errors import PatternError as PatternError
from ._errors import RoutingError as RoutingError
from ._route import BadPath as BadPath
from ._route import Found as Found
from ._route import Match as Match
from ._route import MethodNotAllowed as MethodNotAllowed
from ._route import NotFound as NotFound
from ._route import Options as Options
from ._route import Route as Route
from ._router import Router as Router
from ._surface import Declarations as Declarations
from ._version import __version__ as __version__
from ._views import CompositionView as CompositionView
from ._views import HTTPMethodView as HTTPMethodView
from ._views import expand as expand
from ._views import stream as stream

__all__ = [
    "__version__",
    "BadPath",
    "Blueprint",
    "BlueprintGroup",
    "BuildError",
    "CompositionView",
    "ConflictError",
    "Converter",
    "Declaration",
    "Declarations",
    "ExceptionDeclaration",
    "expand",
    "Found",
    "FrozenError",
    "HandlerError",
    "HTTPMethodView",
    "ListenerDeclaration",
    "Match",
    "MethodNotAllowed",
    "MiddlewareDeclaration",
    "NoSuchRouteError",
    "NotFound",
    "Options",
    "PatternError",
    "Route",
    "RouteDeclaration",
    "Router",
    "RoutingError",
    "stream",
]
