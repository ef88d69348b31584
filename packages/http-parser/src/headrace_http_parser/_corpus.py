"""Messages as data: what a strict recipient accepts, and as what.

Rules for the next editor: a row is one idea, its `rfc` says where the idea is from, and rows
with a body are short, since they are cut at every position.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._events import END, Data, EndOfMessage, Event, RequestHead, ResponseHead
from ._headers import Headers


@dataclass(slots=True, frozen=True)
class Accepted:
    """Bytes and the events they come to, with neighbouring `Data` merged.

    Attributes:
        id: a name for the test.
        rfc: where the rule stands.
        data: what the peer sends.
        events: what it means.
        methods: for responses, the methods of the requests in order.
        eof: whether the peer closes afterwards, which the last events need.
    """

    id: str
    rfc: str
    data: bytes
    events: tuple[Event, ...]
    methods: tuple[str, ...] = ()
    eof: bool = False


def _request(method: str, target: bytes, *pairs: tuple[str, str], **more: object) -> RequestHead:
    head = RequestHead(method, target, "1.1", Headers(pairs))
    for name, value in more.items():
        setattr(head, name, value)
    return head


def _response(status: int, reason: str, *pairs: tuple[str, str], **more: object) -> ResponseHead:
    head = ResponseHead(status, reason, "1.1", Headers(pairs))
    for name, value in more.items():
        setattr(head, name, value)
    return head


_HOST = ("Host", "a")
_CHUNKED = ("Transfer-Encoding", "chunked")
_POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
_POSTED = _request("POST", b"/", _HOST, _CHUNKED, chunked=True)

ACCEPTED_REQUESTS: tuple[Accepted, ...] = (
    Accepted(
        "plain",
        "9112 2.1",
        b"GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n",
        (_request("GET", b"/a?b", _HOST), END),
    ),
    Accepted(
        "http-1.0",
        "9112 9.3",
        b"GET / HTTP/1.0\r\n\r\n",
        (_request("GET", b"/", version="1.0", keep_alive=False), END),
    ),
    Accepted(
        "http-1.0-keep-alive",
        "9112 9.3",
        b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        (_request("GET", b"/", ("Connection", "Keep-Alive"), version="1.0"), END),
    ),
    Accepted(
        "http-1.0-ignores-expect-and-upgrade",
        "9110 7.8, 10.1.1",
        b"GET / HTTP/1.0\r\nExpect: 100-continue\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        (
            _request(
                "GET",
                b"/",
                ("Expect", "100-continue"),
                ("Upgrade", "x"),
                ("Connection", "upgrade"),
                version="1.0",
                keep_alive=False,
            ),
            END,
        ),
    ),
    Accepted(
        "empty-line-before",
        "9112 2.2",
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        (_request("GET", b"/", _HOST), END),
    ),
    Accepted(
        "empty-line-between-and-after",
        "9112 2.2",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n",
        (_request("GET", b"/", _HOST), END) * 2,
    ),
    Accepted(
        "empty-line-after-close",
        "9112 2.2",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n\r\n",
        (_request("GET", b"/", _HOST, ("Connection", "foo, Close"), keep_alive=False), END),
    ),
    Accepted(
        "unknown-method",
        "9110 9.1",
        b"get! / HTTP/1.1\r\nHost: a\r\n\r\n",
        (_request("get!", b"/", _HOST), END),
    ),
    Accepted(
        "absolute-form",
        "9112 3.2.2",
        b"GET http://[::1]:80/x?y HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        (_request("GET", b"http://[::1]:80/x?y", ("Host", "[::1]:80")), END),
    ),
    Accepted(
        "absolute-form-and-host-in-another-case",
        "9110 4.2.3, 9112 3.2.2",
        b"GET http://A.example HTTP/1.1\r\nHost: a.EXAMPLE\r\n\r\n",
        (_request("GET", b"http://A.example", ("Host", "a.EXAMPLE")), END),
    ),
    Accepted(
        "absolute-form-without-host-on-1.0",
        "9112 3.2.2",
        b"GET http://a/ HTTP/1.0\r\n\r\n",
        (_request("GET", b"http://a/", version="1.0", keep_alive=False), END),
    ),
    Accepted(
        "host-percent-encoded",
        "3986 3.2.2",
        b"GET / HTTP/1.1\r\nHost: a%2Db:\r\n\r\n",
        (_request("GET", b"/", ("Host", "a%2Db:")), END),
    ),
    Accepted(
        "http-1.0-close-wins-over-keep-alive",
        "9112 9.3",
        b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
        (
            _request(
                "GET",
                b"/",
                ("Connection", "keep-alive, close"),
                version="1.0",
                keep_alive=False,
            ),
            END,
        ),
    ),
    Accepted(
        "underscore-is-another-name",
        "9110 5.1",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n",
        (
            _request("GET", b"/", _HOST, ("Content_Length", "5"), ("Transfer_Encoding", "chunked")),
            END,
        ),
    ),
    Accepted(
        "absolute-form-with-an-address-of-the-future",
        "3986 3.2.2",
        b"GET http://[v1.x] HTTP/1.1\r\nHost: [v1.x]\r\n\r\n",
        (_request("GET", b"http://[v1.x]", ("Host", "[v1.x]")), END),
    ),
    Accepted(
        "asterisk-form",
        "9112 3.2.4",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        (_request("OPTIONS", b"*", _HOST), END),
    ),
    Accepted(
        "authority-form",
        "9112 3.2.3",
        b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        (_request("CONNECT", b"a:443", ("Host", "a:443")), END),
    ),
    Accepted(
        "connect-with-length-zero",
        "9110 9.3.6",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        (
            _request("CONNECT", b"a:1", _HOST, ("Content-Length", "0"), content_length=0),
            END,
        ),
    ),
    Accepted(
        "target-as-browsers-send-it",
        "URL standard, query percent-encode set",
        b"GET /?a[]={|}^`%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        (_request("GET", b"/?a[]={|}^`%zz", _HOST), END),
    ),
    Accepted(
        "empty-host",
        "9110 7.2",
        b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        (_request("GET", b"/", ("Host", "")), END),
    ),
    Accepted(
        "blanks-around-values",
        "9112 5",
        b"GET / HTTP/1.1\r\nHost:\t a \t\r\nX:\r\nY: \tb\tc \xe4\r\nx:2 \r\n\r\n",
        (_request("GET", b"/", _HOST, ("X", ""), ("Y", "b\tc \xe4"), ("x", "2")), END),
    ),
    Accepted(
        "content-length",
        "9112 6.2",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello",
        (
            _request("POST", b"/", _HOST, ("Content-Length", "005"), content_length=5),
            Data(b"hello"),
            END,
        ),
    ),
    Accepted(
        "content-length-zero",
        "9112 6.2",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        (_request("POST", b"/", _HOST, ("Content-Length", "0"), content_length=0), END),
    ),
    Accepted(
        "expect",
        "9110 10.1.1",
        b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
        (
            _request(
                "PUT",
                b"/",
                _HOST,
                ("Expect", "100-Continue"),
                ("Content-Length", "1"),
                content_length=1,
                expect="100-continue",
            ),
            Data(b"x"),
            END,
        ),
    ),
    Accepted(
        "chunked-empty",
        "9112 7.1",
        _POST + b"0\r\n\r\n",
        (_POSTED, END),
    ),
    Accepted(
        "chunked-in-another-case",
        "9112 7",
        b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked \r\n\r\n1\r\nx\r\n0\r\n\r\n",
        (
            _request("POST", b"/", _HOST, ("transfer-encoding", "Chunked"), chunked=True),
            Data(b"x"),
            END,
        ),
    ),
    Accepted(
        "chunked-then-the-next",
        "9112 7.1",
        _POST + b"5\r\nhello\r\n00A\r\n 0123\r\n0\r\n\r\n00\r\n\r\n" + _POST + b"0\r\n\r\n",
        (_POSTED, Data(b"hello 0123\r\n0\r\n"), END, _POSTED, END),
    ),
    Accepted(
        "chunk-extensions",
        "9112 7.1.1",
        _POST + b'1;a\r\nx\r\n1 ; a = b;c="d\\""\r\nx\r\n0;e=""\r\n\r\n',
        (_POSTED, Data(b"xx"), END),
    ),
    Accepted(
        "trailers",
        "9112 7.1.2",
        _POST + b"1\r\nx\r\n0\r\nA: b \r\nC:\r\n\r\n",
        (_POSTED, Data(b"x"), EndOfMessage(Headers([("A", "b"), ("C", "")]))),
    ),
    Accepted(
        "upgrade-not-taken",
        "9110 7.8",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        b"Upgrade: h2c\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        (
            _request(
                "GET",
                b"/",
                _HOST,
                ("Connection", "keep-alive, Upgrade"),
                ("Upgrade", "WebSocket"),
                ("Upgrade", "h2c"),
                ("Content-Length", "2"),
                content_length=2,
                upgrade="WebSocket, h2c",
            ),
            Data(b"hi"),
            END,
            _request("GET", b"/", _HOST),
            END,
        ),
    ),
    Accepted(
        "upgrade-without-connection",
        "9110 7.8",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n",
        (_request("GET", b"/", _HOST, ("Upgrade", "h2c")), END),
    ),
    Accepted(
        "pipelined",
        "9112 9.3.2",
        b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        (_request("GET", b"/1", _HOST), END, _request("GET", b"/2", _HOST), END),
    ),
)

ACCEPTED_RESPONSES: tuple[Accepted, ...] = (
    Accepted(
        "content-length",
        "9112 6.3",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        (
            _response(200, "OK", ("Content-Length", "2"), content_length=2, has_body=True),
            Data(b"hi"),
            END,
        ),
        ("GET",),
    ),
    Accepted(
        "chunked-with-trailer",
        "9112 7.1",
        b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n",
        (
            _response(200, "", _CHUNKED, chunked=True, has_body=True),
            Data(b"x"),
            EndOfMessage(Headers([("T", "1")])),
        ),
        ("POST",),
    ),
    Accepted(
        "until-close",
        "9112 6.3",
        b"HTTP/1.0 200 OK\r\n\r\nall of it",
        (
            _response(200, "OK", version="1.0", keep_alive=False, has_body=True),
            Data(b"all of it"),
            END,
        ),
        ("GET",),
        eof=True,
    ),
    Accepted(
        "until-close-1.1",
        "9112 6.3",
        b"HTTP/1.1 200 OK\r\n\r\n",
        (_response(200, "OK", keep_alive=False, has_body=True), END),
        ("GET",),
        eof=True,
    ),
    Accepted(
        "interim-then-final",
        "9110 15.2",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        (_response(103, "Early Hints", ("Link", "</a>")), _response(204, "No Content"), END),
        ("GET",),
    ),
    Accepted(
        "head-then-get",
        "9112 6.3",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHTTP/1.1 304 Not Modified\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        (
            _response(200, "OK", ("Content-Length", "2"), content_length=2),
            END,
            _response(
                304,
                "Not Modified",
                _CHUNKED,
                ("Connection", "close"),
                chunked=True,
                keep_alive=False,
            ),
            END,
        ),
        ("HEAD", "GET"),
    ),
    Accepted(
        "host-means-nothing",
        "9110 7.2",
        b"HTTP/1.1 204 \r\nHost: a b\r\n\r\n",
        (_response(204, "", ("Host", "a b")), END),
        ("GET",),
    ),
    Accepted(
        "empty-body",
        "9112 6.3",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        (_response(404, "Not Found", ("Content-Length", "0"), content_length=0), END),
        ("GET",),
    ),
)
