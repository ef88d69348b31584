"""The grammar as compiled patterns, each under the rule it stands for.

Strategy: a pattern either takes a whole syntactic unit or refuses it; nothing is repaired. All
repetitions are possessive (`*+`), so no pattern can backtrack and time is linear in the input.

Rules for the next editor: a pattern named `..._FAST` may accept less than the exact rule, never
more, and what it refuses must go through the exact one.
"""

from __future__ import annotations

import re

TOKEN_CHARS = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"  # RFC 9110 section 5.6.2
VALUE_CHARS = rb"[\t -~\x80-\xff]"  # field-content with its blanks, RFC 9110 section 5.5

TOKEN = re.compile(TOKEN_CHARS + rb"++")

# field-line = field-name ":" OWS field-value OWS (RFC 9112 section 5). The blanks on the right
# stay in group 2: cutting them in the pattern would need backtracking.
FIELD_LINE = re.compile(rb"(" + TOKEN_CHARS + rb"++):[ \t]*+(" + VALUE_CHARS + rb"*+)")

# A whole header section, from the start line's CRLF to the empty line.
SECTION = re.compile(rb"\r\n(?:" + TOKEN_CHARS + rb"++:" + VALUE_CHARS + rb"*+\r\n)*+\r\n")

# The pairs of a section that SECTION has accepted.
PAIRS = re.compile(rb"\n([^:\r\n]++):[ \t]*+([^\r]*+)")

# The fields that decide how a message is framed and what becomes of the connection, in a section
# that SECTION has accepted and that was lower-cased.
DECISIVE = re.compile(
    rb"\n(host|content-length|transfer-encoding|connection|expect|upgrade):[ \t]*+([^\r]*+)"
)
DECISIVE_NAMES = frozenset(
    [b"host", b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade"]
)

# What no line may hold anywhere: controls but HTAB, CR without LF. (LF ends a line; that CR
# stands before it is checked there.)
FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]")

# RFC 9112 section 3.2.1 and RFC 3986, plus [ ] { } | ^ ` which browsers send as they are
# (the URL standard of the WHATWG does not escape them in queries). Never " # < > or a backslash.
ORIGIN_CHARS = rb"[!$-;=?-\[\]-~]"
ORIGIN_FORM = re.compile(rb"/" + ORIGIN_CHARS + rb"*+")
REQUEST_LINE_FAST = re.compile(
    rb"((?!CONNECT )" + TOKEN_CHARS + rb"++) (/" + ORIGIN_CHARS + rb"*+) HTTP/1\.([01])(?=\r\n)"
)

# uri-host, RFC 3986 section 3.2.2: a name or IPv4 address, or an IP literal in brackets.
_HOST = (
    rb"(?:[A-Za-z0-9\-._~%!$&'()*+,;=]*+|\[[0-9A-Fa-f:.]++\]"
    rb"|\[[vV][0-9A-Fa-f]++\.[A-Za-z0-9\-._~!$&'()*+,;=:]++\])"
)
HOST = re.compile(_HOST + rb"(?::[0-9]*+)?")
# RFC 9112 section 3.2.3; the port is not optional there.
AUTHORITY_FORM = re.compile(rb"(?=[^:])" + _HOST + rb":[0-9]++")
# RFC 9112 section 3.2.2. User information is left out: RFC 9110 section 4.2.4 tells recipients to
# treat it as an error.
ABSOLUTE_FORM = re.compile(
    rb"[A-Za-z][A-Za-z0-9+\-.]*+://(?=[^/?:])"
    + _HOST
    + rb"(?::[0-9]*+)?(?:[/?]"
    + ORIGIN_CHARS
    + rb"*+)?"
)

HTTP_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
# RFC 9112 section 4. The blank after the code is asked for even when there is no reason phrase,
# since the grammar does so.
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9]) (" + VALUE_CHARS + rb"*+)")
STATUS_LINE_FAST = re.compile(STATUS_LINE.pattern + rb"(?=\r\n)")

DIGITS = re.compile(rb"[0-9]++")

# RFC 9112 section 7.1: the end of one chunk and the size line of another that is not the last,
# without extensions.
BETWEEN_CHUNKS = re.compile(rb"\r\n(?!0++\r)([0-9A-Fa-f]++)\r\n")
SIZE_LINE_FAST = re.compile(rb"([0-9A-Fa-f]++)\r\n")
HEX_DIGITS = re.compile(rb"[0-9A-Fa-f]++")
# chunk-ext with its BWS; a quoted string may hold escaped characters.
CHUNK_EXTENSIONS = re.compile(
    rb"(?:[ \t]*+;[ \t]*+" + TOKEN_CHARS + rb"++(?:[ \t]*+=[ \t]*+(?:" + TOKEN_CHARS + rb"++"
    rb'|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"))?+)++'
)
