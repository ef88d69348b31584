"""Messages as data: what a strict recipient refuses, and how.

Rules for the next editor: as in `_corpus`. A refused row is complete up to the fault, so that the
refusal comes however it is cut, and `before` tells the events in front of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Refused:
    """Bytes that must not be taken for a message.

    Attributes:
        id: a name for the test.
        rfc: where the rule stands.
        data: what the peer sends.
        status: what to answer.
        before: how many events come before the error, with neighbouring `Data` merged.
        methods: for responses, the methods of the requests in order.
        eof: whether the peer closes afterwards, which is what is wrong.
    """

    id: str
    rfc: str
    data: bytes
    status: int = 400
    before: int = 0
    methods: tuple[str, ...] = ()
    eof: bool = False


def _line(line: bytes) -> bytes:
    return line + b"\r\nHost: a\r\n\r\n"


def _with(lines: bytes, method: bytes = b"POST", version: bytes = b"1.1") -> bytes:
    return method + b" / HTTP/" + version + b"\r\nHost: a\r\n" + lines + b"\r\n\r\n"


def _chunks(data: bytes) -> bytes:
    return _with(b"Transfer-Encoding: chunked") + data


_CLOSING = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

REFUSED_REQUESTS: tuple[Refused, ...] = (
    # The request line.
    Refused("http-0.9", "9112 3", b"GET /\r\n", 505),
    Refused("http-0.9-in-words", "9112 2.3", _line(b"GET / HTTP/0.9"), 505),
    Refused("http-2.0", "9112 2.3", _line(b"GET / HTTP/2.0"), 505),
    Refused("http-1.2", "9112 2.3", _line(b"GET / HTTP/1.2"), 505),
    Refused("version-in-lower-case", "9112 2.3", _line(b"GET / http/1.1")),
    Refused("version-with-two-digits", "9112 2.3", _line(b"GET / HTTP/1.10")),
    Refused("no-version", "9112 3", b"GET \r\n"),
    Refused("two-blanks", "9112 3", _line(b"GET  / HTTP/1.1")),
    Refused("blank-before", "9112 3", _line(b" GET / HTTP/1.1")),
    Refused("blank-after", "9112 3", _line(b"GET / HTTP/1.1 ")),
    Refused("tab-between", "9112 3", _line(b"GET\t/ HTTP/1.1")),
    Refused("method-no-token", "9110 9.1", _line(b"G(T / HTTP/1.1")),
    Refused("only-a-word", "9112 3", b"hello\r\n"),
    Refused("two-empty-lines", "9112 2.2", b"\r\n\r\n" + _line(b"GET / HTTP/1.1")),
    Refused("tls", "9112 3", b"\x16\x03\x01\x02\x00\x01"),
    Refused("ssh", "9112 3", b"SSH-2.0-OpenSSH_9.6\r\n"),
    Refused("proxy-protocol-1", "9112 3", b"PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n"),
    Refused("proxy-protocol-2", "9112 2.2", b"\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c"),
    Refused("preface-after-a-request", "9113 3.4", _with(b"a: b") + b"PRI * HTTP/2.0\r\n", 505, 2),
    # The target.
    Refused("target-no-form", "9112 3.2", _line(b"GET a HTTP/1.1")),
    Refused("target-fragment", "9112 3.2", _line(b"GET /#a HTTP/1.1")),
    Refused("target-beyond-ascii", "9112 3.2", _line(b"GET /\xc3\xa4 HTTP/1.1")),
    Refused("target-quote", "9112 3.2", _line(b'GET /" HTTP/1.1')),
    Refused("target-backslash", "9112 3.2", _line(b"GET /\\ HTTP/1.1")),
    Refused("target-authority-for-get", "9112 3.2.3", _line(b"GET a:1 HTTP/1.1")),
    Refused("target-origin-for-connect", "9112 3.2.3", _line(b"CONNECT / HTTP/1.1")),
    Refused("target-without-port-for-connect", "9112 3.2.3", _line(b"CONNECT a HTTP/1.1")),
    Refused("target-asterisk-for-get", "9112 3.2.4", _line(b"GET * HTTP/1.1")),
    Refused("target-without-authority", "9112 3.2.2", _line(b"GET http:///a HTTP/1.1")),
    Refused("target-with-user", "9110 4.2.4", _line(b"GET http://u@a/ HTTP/1.1")),
    Refused(
        "absolute-form-for-another-host",
        "9110 7.2, 9112 3.2.2",
        b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    Refused(
        "absolute-form-for-another-port",
        "9110 7.2, 9112 3.2.2",
        b"GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    Refused(
        "absolute-form-with-empty-host",
        "9110 7.2, 9112 3.2.2",
        b"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n",
    ),
    # Host.
    Refused("host-missing", "9112 3.2", b"GET / HTTP/1.1\r\n\r\n"),
    Refused("host-twice", "9112 3.2", _with(b"Host: a")),
    Refused("host-twice-on-1.0", "9112 3.2", _with(b"Host: a", version=b"1.0")),
    Refused("host-with-blank", "9112 3.2", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    Refused("host-with-path", "9112 3.2", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    Refused("host-with-user", "9112 3.2", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    Refused("host-port-alone", "9110 4.2.1", b"GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
    Refused("host-open-percent", "3986 2.1", b"GET / HTTP/1.1\r\nHost: a%2\r\n\r\n"),
    Refused("host-open-bracket", "3986 3.2.2", b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
    Refused("host-list", "9112 3.2", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    Refused("host-beyond-ascii", "3986 3.2.2", b"GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n"),
    Refused("host-with-bad-port", "9112 3.2", b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
    # Field lines.
    Refused("folded", "9112 5.2", _with(b"A: b\r\n c")),
    Refused("folded-first", "9112 2.2", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    Refused("blank-before-colon", "9112 5.1", _with(b"A : b")),
    Refused("no-colon", "9112 5", _with(b"A")),
    Refused("empty-name", "9110 5.1", _with(b": b")),
    Refused("name-no-token", "9110 5.1", _with(b"A(: b")),
    Refused("name-beyond-ascii", "9110 5.1", _with(b"\xc3\xa4: b")),
    Refused("nul", "9110 5.5", _with(b"A: b\x00c")),
    Refused("delete", "9110 5.5", _with(b"A: b\x7fc")),
    Refused("escape", "9110 5.5", _with(b"A: b\x1bc")),
    Refused("cr-alone", "9112 2.2", _with(b"A: b\rc")),
    Refused("cr-twice", "9112 2.2", _with(b"A: b\r")),
    Refused("lf-alone", "9112 2.2", _with(b"A: b\nC: d")),
    Refused("lf-alone-everywhere", "9112 2.2", b"GET / HTTP/1.1\nHost: a\n\n"),
    Refused("nul-in-name", "9110 5.1", _with(b"Transfer\x00-Encoding: chunked")),
    Refused("vertical-tab-around-value", "9110 5.5", _with(b"Content-Length: \x0b1")),
    Refused("folded-coding", "9112 5.2", _with(b"Transfer-Encoding:\r\n chunked")),
    Refused("lf-ends-section", "9112 2.2", _with(b"A: b")[:-2] + b"\n"),
    # Content-Length.
    Refused("length-plus", "9112 6.3", _with(b"Content-Length: +1") + b"x"),
    Refused("length-minus", "9112 6.3", _with(b"Content-Length: -1") + b"x"),
    Refused("length-hex", "9112 6.3", _with(b"Content-Length: 0x1") + b"x"),
    Refused("length-empty", "9112 6.3", _with(b"Content-Length:")),
    Refused("length-list", "9112 6.3", _with(b"Content-Length: 1, 1") + b"x"),
    Refused("length-twice-equal", "9112 6.3", _with(b"Content-Length: 1\r\nContent-Length: 1")),
    Refused("length-twice", "9112 6.3", _with(b"Content-Length: 1\r\ncontent-length: 2")),
    Refused("length-with-blank-inside", "9112 6.3", _with(b"Content-Length: 1 1") + b"x"),
    Refused("length-fraction", "9112 6.3", _with(b"Content-Length: 1.0") + b"x"),
    Refused("length-no-break-space", "9112 6.3", _with(b"Content-Length: 1\xa0") + b"x"),
    Refused("length-quoted", "9112 6.3", _with(b'Content-Length: "1"') + b"x"),
    Refused("length-blank-before-colon", "9112 5.1", _with(b"Content-Length : 1") + b"x"),
    Refused("length-underscore", "9112 6.3", _with(b"Content-Length: 1_0")),
    Refused("length-2**63", "9110 8.6", _with(b"Content-Length: 9223372036854775808"), 413),
    Refused("length-of-20-digits", "9110 8.6", _with(b"Content-Length: 1" + b"0" * 19), 413),
    # Transfer-Encoding.
    Refused(
        "coding-with-length", "9112 6.1", _with(b"Content-Length: 1\r\nTransfer-Encoding: chunked")
    ),
    Refused(
        "length-zero-with-coding",
        "9112 6.1",
        _with(b"Transfer-Encoding: chunked\r\nContent-Length: 0"),
    ),
    Refused(
        "coding-twice-in-two-fields",
        "9112 7",
        _with(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    ),
    Refused(
        "coding-identity-in-a-second-field",
        "9112 6.1",
        _with(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    ),
    Refused("coding-empty-element-after", "9112 6.1", _with(b"Transfer-Encoding: chunked,")),
    Refused("coding-no-break-space", "9112 7", _with(b"Transfer-Encoding: chunked\xa0")),
    Refused("coding-with-prefix", "9112 7", _with(b"Transfer-Encoding: xchunked")),
    Refused("coding-blank-before-colon", "9112 5.1", _with(b"Transfer-Encoding : chunked")),
    Refused("coding-on-1.0", "9112 6.1", _with(b"Transfer-Encoding: chunked", version=b"1.0")),
    Refused("coding-unknown-first", "9112 6.1", _with(b"Transfer-Encoding: gzip, chunked"), 501),
    Refused(
        "coding-in-two-fields",
        "9112 6.1",
        _with(b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        501,
    ),
    Refused("coding-not-last", "9112 6.3", _with(b"Transfer-Encoding: chunked, gzip")),
    Refused("coding-only-unknown", "9112 6.3", _with(b"Transfer-Encoding: gzip")),
    Refused("coding-identity", "9112 6.3", _with(b"Transfer-Encoding: identity")),
    Refused("coding-twice", "9112 7", _with(b"Transfer-Encoding: chunked, chunked")),
    Refused("coding-empty", "9112 6.1", _with(b"Transfer-Encoding:")),
    Refused("coding-empty-element", "9112 6.1", _with(b"Transfer-Encoding: , chunked")),
    Refused("coding-quoted", "9112 7", _with(b'Transfer-Encoding: "chunked"')),
    Refused("coding-with-parameter", "9112 7.1", _with(b"Transfer-Encoding: chunked;a=b")),
    # Chunks.
    Refused("chunk-no-number", "9112 7.1", _chunks(b"x\r\n"), before=1),
    Refused("chunk-empty-size", "9112 7.1", _chunks(b"\r\n"), before=1),
    Refused("chunk-plus", "9112 7.1", _chunks(b"+1\r\nx\r\n"), before=1),
    Refused("chunk-underscore", "9112 7.1", _chunks(b"1_0\r\nx\r\n"), before=1),
    Refused("chunk-blank-before-size", "9112 7.1", _chunks(b" 1\r\nx\r\n"), before=1),
    Refused("chunk-two-crs", "9112 7.1", _chunks(b"1\r\r\nx\r\n"), before=1),
    Refused("chunk-shorter", "9112 7.1", _chunks(b"2\r\nx\r\n0\r\n\r\n"), before=2),
    Refused("chunk-end-missing", "9112 7.1", _chunks(b"1\r\nx0\r\n\r\n"), before=2),
    Refused("chunk-minus", "9112 7.1", _chunks(b"-1\r\n"), before=1),
    Refused("chunk-0x", "9112 7.1", _chunks(b"0x1\r\n"), before=1),
    Refused("chunk-blank-after-size", "9112 7.1", _chunks(b"1 \r\nx\r\n"), before=1),
    Refused("chunk-lf-alone", "9112 7.1", _chunks(b"1\nx\r\n"), before=1),
    Refused("chunk-longer", "9112 7.1", _chunks(b"1\r\nxy\r\n"), before=2),
    Refused("chunk-end-lf", "9112 7.1", _chunks(b"1\r\nx\n1\r\n"), before=2),
    Refused("chunk-end-cr", "9112 7.1", _chunks(b"1\r\nx\r1\r\n"), before=2),
    Refused("chunk-17-digits", "9112 7.1", _chunks(b"0" * 16 + b"1\r\nx\r\n"), before=1),
    Refused(
        "chunk-17-digits-later", "9112 7.1", _chunks(b"1\r\nx\r\n" + b"0" * 16 + b"1\r\n"), before=2
    ),
    Refused("chunk-extension-empty", "9112 7.1.1", _chunks(b"1;\r\nx\r\n"), before=1),
    Refused("chunk-extension-open-quote", "9112 7.1.1", _chunks(b'1;a="b\r\nx\r\n'), before=1),
    Refused("chunk-extension-lf", "9112 7.1.1", _chunks(b"1;a\nx\r\n"), before=1),
    Refused("chunk-extension-lf-quoted", "9112 7.1.1", _chunks(b'1;a="\n"\r\nx\r\n'), before=1),
    Refused("chunk-extension-nul", "9112 7.1.1", _chunks(b"1;a=\x00\r\nx\r\n"), before=1),
    Refused("chunk-extension-no-value", "9112 7.1.1", _chunks(b"1;a=\r\nx\r\n"), before=1),
    Refused("chunk-extension-cr", "9112 7.1.1", _chunks(b"1;a\rb\r\nx\r\n"), before=1),
    # Trailers.
    Refused("trailer-length", "9110 6.5.1", _chunks(b"0\r\nContent-Length: 1\r\n\r\n"), before=1),
    Refused(
        "trailer-coding", "9110 6.5.1", _chunks(b"0\r\nTransfer-Encoding: a\r\n\r\n"), before=1
    ),
    Refused("trailer-folded", "9112 5.2", _chunks(b"0\r\nA: b\r\n c\r\n\r\n"), before=1),
    Refused("trailer-no-colon", "9112 5", _chunks(b"0\r\nA\r\n\r\n"), before=1),
    Refused("trailer-host", "9110 6.5.1", _chunks(b"0\r\nHost: b\r\n\r\n"), before=1),
    Refused("trailer-lf-alone", "9112 2.2", _chunks(b"0\r\nA: b\n\r\n"), before=1),
    Refused("trailer-section-lf", "9112 7.1", _chunks(b"0\r\n\n"), before=1),
    # What follows, and ends.
    Refused(
        "request-after-close-on-1.0",
        "9112 9.3",
        b"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        before=2,
    ),
    Refused(
        "chunked-body-after-upgrade-is-no-stream",
        "9110 7.8",
        _with(b"Connection: upgrade\r\nUpgrade: a\r\nTransfer-Encoding: chunked") + b"\x81\x00\r\n",
        before=1,
    ),
    Refused("data-after-close", "9112 9.6", _CLOSING + b"GET", before=2),
    Refused(
        "connect-with-length",
        "9110 9.3.6",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
    ),
    Refused(
        "connect-chunked",
        "9110 9.3.6",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    Refused(
        "body-after-upgrade-is-no-request",
        "9110 7.8",
        _with(b"Connection: upgrade\r\nUpgrade: a") + b"\x81\r\n",
        before=2,
    ),
    Refused("end-in-line", "9112 8", b"GET", eof=True),
    Refused("end-in-head", "9112 8", b"GET / HTTP/1.1\r\n", eof=True),
    Refused("end-in-body", "9112 8", _with(b"Content-Length: 2") + b"x", before=2, eof=True),
    Refused("end-in-chunk", "9112 8", _chunks(b"2\r\nx"), before=2, eof=True),
    Refused("end-before-last-chunk", "9112 8", _chunks(b"1\r\nx\r\n"), before=2, eof=True),
    Refused("end-in-trailers", "9112 8", _chunks(b"0\r\nA: b\r\n"), before=1, eof=True),
)

_GET = ("GET",)

REFUSED_RESPONSES: tuple[Refused, ...] = (
    Refused("status-of-two-digits", "9112 4", b"HTTP/1.1 20 OK\r\n", 502, methods=_GET),
    Refused("status-600", "9110 15", b"HTTP/1.1 600 OK\r\n", 502, methods=_GET),
    Refused("no-blank-after-status", "9112 4", b"HTTP/1.1 200\r\n", 502, methods=_GET),
    Refused("version", "9112 2.3", b"HTTP/2.0 200 OK\r\n", 502, methods=_GET),
    Refused("not-asked-for", "9112 9.2", b"HTTP/1.1 200 OK\r\n\r\n", 502),
    Refused(
        "coding-unknown",
        "9112 6.3",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        502,
        methods=_GET,
    ),
    Refused(
        "coding-in-204",
        "9112 6.1",
        b"HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n",
        502,
        methods=_GET,
    ),
    Refused(
        "length-in-100",
        "9110 8.6",
        b"HTTP/1.1 100 \r\nContent-Length: 1\r\n\r\n",
        502,
        methods=_GET,
    ),
    Refused("end-before", "9112 8", b"", 502, methods=_GET, eof=True),
    Refused(
        "end-after-interim",
        "9112 8",
        b"HTTP/1.1 100 \r\n\r\n",
        502,
        before=1,
        methods=_GET,
        eof=True,
    ),
    Refused(
        "end-in-body",
        "9112 8",
        b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nx",
        502,
        before=2,
        methods=_GET,
        eof=True,
    ),
    Refused(
        "end-before-the-second",
        "9112 8",
        b"HTTP/1.1 204 \r\n\r\n",
        502,
        before=2,
        methods=("GET", "GET"),
        eof=True,
    ),
    Refused(
        "data-after-close",
        "9112 9.6",
        b"HTTP/1.1 204 \r\nConnection: close\r\n\r\nx",
        502,
        before=2,
        methods=_GET,
    ),
)
