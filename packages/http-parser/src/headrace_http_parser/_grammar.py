"""The grammar as compiled patterns, each under the rule it stands for.

Strategy: a pattern either takes a whole syntactic unit or refuses it; nothing is repaired. All
repetitions but one are possessive (`*+`), so they cannot backtrack: time is linear in the input.

Rules for the next editor: a pattern named `..._FAST` or `PLAIN_...` may accept less than the exact
rule, never more, and what it refuses must go through the exact one.
"""

from __future__ import annotations

import re

from ._later import later

TOKEN_CHARS = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"  # RFC 9110 section 5.6.2
VALUE_CHARS = rb"[\t -~\x80-\xff]"  # field-content with its blanks, RFC 9110 section 5.5

# Behind a possessive group of lines. Python before 3.11.5 does not step back from a group that
# failed half-way (python/cpython#100061): half a line would pass, and with it another message.
LINE_BEGINS = rb"(?<=\n)"

TOKEN = later(TOKEN_CHARS + rb"++")

# field-line = field-name ":" OWS field-value OWS (RFC 9112 section 5). The blanks on the right
# stay in group 2: cutting them in the pattern would need backtracking.
FIELD_LINE = later(rb"(" + TOKEN_CHARS + rb"++):[ \t]*+(" + VALUE_CHARS + rb"*+)")

# A whole header section, from the start line's CRLF to the empty line.
SECTION = later(
    rb"\r\n(?:" + TOKEN_CHARS + rb"++:" + VALUE_CHARS + rb"*+\r\n)*+" + LINE_BEGINS + rb"\r\n"
)

# The pairs of a section that SECTION has accepted. Going back from the CR over trailing blanks is
# the one step back in this file; what is not a blank stops it, so it is linear too.
PAIRS = later(rb"\n([^:]++):[ \t]*+([^\r]*[^ \t\r]|)")
TEXT_PAIRS = later(PAIRS.pattern.decode())

# The fields that decide how a message is framed and what becomes of the connection, in a section
# that SECTION has accepted and that was lower-cased.
DECISIVE = later(
    rb"\n(host|content-length|transfer-encoding|connection|expect|upgrade):[ \t]*+([^\r]*+)"
)
DECISIVE_NAMES = frozenset(
    [b"host", b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade"]
)

# What no line may hold anywhere: controls but HTAB, CR without LF. (LF ends a line; that CR
# stands before it is checked there.)
FORBIDDEN = later(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]")

# RFC 9112 section 3.2.1 and RFC 3986, plus [ ] { } | ^ ` which browsers send as they are
# (the URL standard of the WHATWG does not escape them in queries). Never " # < > or a backslash.
ORIGIN_CHARS = rb"[!$-;=?-\[\]-~]"
ORIGIN_FORM = re.compile(rb"/" + ORIGIN_CHARS + rb"*+")
# uri-host, RFC 3986 section 3.2.2: a name or IPv4 address, or an IP literal in brackets, whose
# digits are not counted here.
_HOST = (
    rb"(?:(?>(?:[A-Za-z0-9\-._~!$&'()*+,;=]++|%[0-9A-Fa-f]{2})*)|\[[0-9A-Fa-f:.]++\]"
    rb"|\[[vV][0-9A-Fa-f]++\.[A-Za-z0-9\-._~!$&'()*+,;=:]++\])"
)
# Empty is allowed (RFC 9112 section 3.2), a port alone is not: the http and https schemes need a
# host (RFC 9110 section 4.2).
HOST = later(rb"(?!:)" + _HOST + rb"(?::[0-9]*+)?")
# RFC 9112 section 3.2.3; the port is not optional there.
AUTHORITY_FORM = later(rb"(?=[^:])" + _HOST + rb":[0-9]++")
# RFC 9112 section 3.2.2. User information is left out: RFC 9110 section 4.2.4 tells recipients to
# treat it as an error.
ABSOLUTE_FORM = later(
    rb"[A-Za-z][A-Za-z0-9+\-.]*+://(?=[^/?:])("
    + _HOST
    + rb"(?::[0-9]*+)?)(?:[/?]"
    + ORIGIN_CHARS
    + rb"*+)?"
)

# A whole head of the commonest kind: an origin-form target on HTTP/1.1, one Host, at most one
# Content-Length, and no other field that decides anything. Ten browser fields take 1.1 us; a
# pattern for the lines alone takes 0.9.
#
# No decisive name has a third letter other than S N A P G, so most lines need no look-ahead.
_ORDINARY_FIELD = (
    TOKEN_CHARS
    + TOKEN_CHARS
    + rb"[!#$%&'*+\-.^_`|~0-9BCDEFHIJKLMOQRTU-Zbcdefhijklmoqrtu-z]"
    + TOKEN_CHARS
    + rb"*+:"
    + VALUE_CHARS
    + rb"*+\r\n"
)
_OTHER_FIELD = (
    rb"(?:[Cc]onnection: [Kk]eep-[Aa]live\r\n"  # says what is so on 1.1
    rb"|(?=[!-~])"  # behind the last field nothing else is tried: 5 % of a middle of three fields
    rb"(?!(?i:host|connection|content-length|transfer-encoding|expect|upgrade):)"
    + TOKEN_CHARS
    + rb"{2,}+:"
    + VALUE_CHARS
    + rb"*+\r\n)"
)
_PLAIN_FIELDS = rb"(?:%b)*+(?:%b%b(?:%b)*+)*+%b" % (
    _ORDINARY_FIELD,
    LINE_BEGINS,
    _OTHER_FIELD,
    _ORDINARY_FIELD,
    LINE_BEGINS,
)
PLAIN_FIELD_BYTES = 5  # no plain field line is shorter
_PLAIN_HOST = rb"[Hh]ost: [A-Za-z0-9\-._]*+(?:(?<! ):[0-9]*+)?\r\n"
_PLAIN_LENGTH = rb"[Cc]ontent-[Ll]ength: ([0-9]{1,18}+)\r\n"
_HOST_FIRST = rb"(?:%b|%b%b)%b(?:%b%b)?+" % (
    *(_PLAIN_HOST, _PLAIN_FIELDS, _PLAIN_HOST),
    *(_PLAIN_FIELDS, _PLAIN_LENGTH, _PLAIN_FIELDS),
)
_LENGTH_FIRST = LINE_BEGINS.join([_PLAIN_FIELDS, _PLAIN_LENGTH + _PLAIN_FIELDS, _PLAIN_HOST])
# The length is group 4, or 5 of who sends it before Host; that is tried last, for others' sake.
PLAIN_REQUEST = re.compile(
    rb"((?!CONNECT )"
    + TOKEN_CHARS
    + rb"++) (/"
    + ORIGIN_CHARS
    + rb"*+) HTTP/1\.1(\r\n"
    + rb"(?:%b|%b%b)" % (_HOST_FIRST, _LENGTH_FIRST, _PLAIN_FIELDS)
    + LINE_BEGINS
    + rb"\r\n)"
)
# Some lines of it, neither Host nor a length among them.
PLAIN_FIELDS = later(_PLAIN_FIELDS + LINE_BEGINS)

HTTP_VERSION = later(rb"HTTP/[0-9]\.[0-9]")
# RFC 9112 section 4. The blank after the code is asked for even when there is no reason phrase,
# since the grammar does so.
STATUS_LINE = later(rb"HTTP/1\.([01]) ([1-5][0-9][0-9]) (" + VALUE_CHARS + rb"*+)")

DIGITS = later(rb"[0-9]++")

# RFC 9112 section 7.1: the end of one chunk and the size line of another that is not the last,
# without extensions.
BETWEEN_CHUNKS = later(rb"\r\n(?!0++\r)([0-9A-Fa-f]++)\r\n")
SIZE_LINE_FAST = later(rb"([0-9A-Fa-f]++)\r\n")
HEX_DIGITS = later(rb"[0-9A-Fa-f]++")
# chunk-ext with its BWS; a quoted string may hold escaped characters. Atomic groups for the reason
# told at LINE_BEGINS.
CHUNK_EXTENSIONS = later(
    rb"(?>(?:[ \t]*+;[ \t]*+" + TOKEN_CHARS + rb"++(?>(?:[ \t]*+=[ \t]*+(?:" + TOKEN_CHARS + rb"++"
    rb'|"(?>(?:[\t !#-\[\]-~\x80-\xff]++|\\[\t -~\x80-\xff])*)"))?))+)'
)
