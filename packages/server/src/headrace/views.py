"""Views, under the import path that ported code uses."""

from headrace_routing import CompositionView as CompositionView
from headrace_routing import HTTPMethodView as HTTPMethodView
from headrace_routing import stream as stream

__all__ = ["CompositionView", "HTTPMethodView", "stream"]
