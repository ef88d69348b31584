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


def split_path(path: str) -> list[str] | None:
    """What stands between the slashes of a raw path, decoded; the first is before the first slash.

    None when an escape is broken or is not UTF-8 and the path starts with a slash. Takes time
    linear in the length of the path.
    """
    segments = path.split("/")
    if "%" not in path or segments[0]:
        return segments
    if BROKEN_ESCAPE.search(path) is not None:
        return None
    try:
        return [unquote(s, errors="strict") if "%" in s else s for s in segments]
    except UnicodeDecodeError:
        return None
