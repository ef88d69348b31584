from __future__ import annotations

import pytest

from headrace_http_parser import Headers, RequestHead, RequestParser

PAIRS = [("Host", "a"), ("X-Two", "1"), ("b", "\xe4"), ("x-two", "2")]


def parsed() -> Headers:
    lines = "".join(f"{name}:  {value}\t \r\n" for name, value in PAIRS)
    head = RequestParser().receive_data(f"GET / HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))[0]
    assert isinstance(head, RequestHead)
    return head.headers


@pytest.fixture(params=["built", "parsed"])
def headers(request: pytest.FixtureRequest) -> Headers:
    return Headers(PAIRS) if request.param == "built" else parsed()


def test_raw_is_as_it_came(headers: Headers) -> None:
    assert headers.raw == ((b"Host", b"a"), (b"X-Two", b"1"), (b"b", b"\xe4"), (b"x-two", b"2"))
    assert headers.raw is headers.raw


def test_look_up_ignores_case_and_gives_the_first(headers: Headers) -> None:
    assert headers["host"] == headers["HOST"] == "a"
    assert headers["x-TWO"] == "1"
    assert headers.get("B") == "\xe4"


def test_missing(headers: Headers) -> None:
    assert headers.get("missing") is None
    assert headers.get("missing", "") == ""
    assert headers.get_all("missing") == []
    assert "missing" not in headers
    with pytest.raises(KeyError):
        headers["missing"]


def test_several_values(headers: Headers) -> None:
    values = headers.get_all("X-Two")
    assert values == ["1", "2"]
    values.clear()
    assert headers.get_all("x-two") == ["1", "2"]


def test_as_a_collection(headers: Headers) -> None:
    assert list(headers) == ["host", "x-two", "b"]
    assert list(headers.items()) == PAIRS
    assert len(headers) == 4
    assert "HOST" in headers
    assert b"host" not in headers


def test_equality_is_by_pairs(headers: Headers) -> None:
    assert headers == Headers((name.encode(), value.encode("latin-1")) for name, value in PAIRS)
    assert hash(headers) == hash(Headers(PAIRS))
    assert headers != Headers(PAIRS[:1])
    assert headers != PAIRS


def test_repr_shows_the_pairs(headers: Headers) -> None:
    assert repr(headers) == f"Headers({PAIRS!r})"


def test_empty() -> None:
    headers = Headers()
    assert (len(headers), list(headers), headers.get("a")) == (0, [], None)


def test_beyond_latin_1_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        Headers([("a", "€")])


@pytest.mark.parametrize("looks", range(7))
def test_a_search_finds_what_an_index_finds(looks: int) -> None:
    """The first few look-ups search bytes; an index takes over, or the pairs being read."""
    for read in (False, True):
        headers = parsed()
        for _ in range(looks):
            assert headers.get("b") == "\xe4"
        if read:
            assert len(headers.raw) == 4
        assert headers.get("x-two") == "1"
        assert headers.get("HOST") == "a"
        assert headers.get("missing") is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "x-two: 1",
        "x-two:",
        ":",
        "os",
        "\n",
        "host:  a\t \r\nx-two",
        "\xe4",
        "\u212a",
        "a\0",
    ],
)
def test_what_is_no_name_is_not_found(name: str) -> None:
    headers = parsed()
    for _ in range(6):
        assert headers.get(name) is None
        assert name not in headers


def test_a_value_is_cut_out_without_its_blanks() -> None:
    section = b"A:b\r\nEmpty:\r\nBlank: \t \r\nInner: c \td\r\nX:  host: a\r\n"
    wire = b"GET / HTTP/1.1\r\nHost: a\r\n" + section + b"\r\n"
    for read in (False, True):
        head = RequestParser().receive_data(wire)[0]
        assert isinstance(head, RequestHead)
        headers = head.headers
        if read:
            assert [value for _, value in headers.raw] == [
                b"a",
                b"b",
                b"",
                b"",
                b"c \td",
                b"host: a",
            ]
        assert (headers["a"], headers["empty"], headers["blank"]) == ("b", "", "")
        assert (headers["inner"], headers["x"]) == ("c \td", "host: a")
