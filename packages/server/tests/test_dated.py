"""The Date field, and heads up to their length."""

import time
from email.utils import formatdate

import pytest

import headrace._dated as module
from headrace._dated import MOST, Dated


@pytest.fixture
def dated(monkeypatch):
    made = []
    monkeypatch.setattr(module, "now_as_date", lambda: made.append(None) or f"#{len(made)}")
    return Dated()


def test_a_head_up_to_its_length(dated):
    expected = b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ndate: #1\r\ncontent-length: "
    assert dated.head(200, "a/b") == expected
    assert dated.heads == {(200, "a/b"): expected}
    assert dated.head(404, None) == b"HTTP/1.1 404 Not Found\r\ndate: #1\r\ncontent-length: "


@pytest.mark.parametrize("status", [100, 101, 199, 204, 205, 304])
def test_a_status_without_content_has_none(dated, status):
    assert dated.head(status, None) is None


@pytest.mark.parametrize(
    ("status", "content_type"), [(200, "a\r\nb: c"), (200, "a\0"), (200, "Ā"), (600, "a/b")]
)
def test_nor_has_what_cannot_be_sent(dated, status, content_type):
    assert dated.head(status, content_type) is None
    assert dated.head(status, content_type) is None


def test_a_second_later_all_is_made_anew(dated):
    dated.turn(0.0)
    first = dated.head(200, None)
    dated.turn(0.99)
    assert dated.heads[200, None] is first
    dated.turn(1.0)
    assert dated.head(200, None) == first.replace(b"#1", b"#2")
    assert dated.date() == "#2"


def test_made_up_content_types_do_not_pile_up(dated):
    for number in range(3 * MOST):
        assert dated.head(200, f"x/{number}").endswith(b": ")
    assert len(dated.heads) <= MOST


@pytest.mark.parametrize("seconds", [0, 784111777, 951782400, 1709208000, 4102444799])
def test_a_date_is_what_the_standard_library_makes_of_it(monkeypatch, seconds):
    monkeypatch.setattr(module.time, "gmtime", lambda gmtime=time.gmtime: gmtime(seconds))
    assert module.now_as_date() == formatdate(seconds, usegmt=True)
