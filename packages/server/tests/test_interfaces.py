"""The interface between an exchange and what carries it."""

import inspect

import pytest

from headrace._http1 import Http1Wire
from headrace._interfaces import RequestLine, Wire
from headrace_http_parser import RequestHead

METHODS = sorted(name for name in vars(Wire) if not name.startswith("_"))
ATTRIBUTES = sorted(name for name in vars(RequestLine) if not name.startswith("_"))


@pytest.mark.parametrize("name", METHODS)
def test_http_1_1_has_all_that_an_exchange_asks_for(name):
    asked, given = inspect.getattr_static(Wire, name), inspect.getattr_static(Http1Wire, name)
    if callable(asked):
        assert (
            inspect.signature(given).parameters.keys() == inspect.signature(asked).parameters.keys()
        )
    else:
        assert isinstance(given, property)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_parsed_head_has_all_that_an_exchange_looks_at(name):
    assert hasattr(RequestHead, name)
