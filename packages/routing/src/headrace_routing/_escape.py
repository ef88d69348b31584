"""Percent-encoding of one path segment (RFC 3986 §2.1, §3.3).

A path is split at its slashes first and decoded afterwards, once: so an encoded slash stays
inside its segment and a doubly encoded character stays encoded once.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

# What a segment may hold unescaped, beside letters, digits and "-._~" which quote() knows.
SEGMENT_SAFE = "!$&'()*+,;=:@"
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def encode_segment(text: str) -> str:
    """The canonical spelling of a decoded segment.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    return quote(text, safe=SEGMENT_SAFE)


def decode_segments(segments: list[str]) -> list[str] | None:
    """The segments decoded; None when an escape is broken or is not UTF-8.

    Takes time linear in their length.
    """
    if any(BROKEN_ESCAPE.search(segment) is not None for segment in segments):
        return None
    try:
        return [unquote(segment, errors="strict") for segment in segments]
    except UnicodeDecodeError:
        return None
