"""Percent-encoding of one path segment (RFC 3986 §2.1, §3.3).

A path is split at its slashes first and decoded afterwards, once: so an encoded slash stays
inside its segment and a doubly encoded character stays encoded once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# What a segment may hold unescaped, beside letters, digits and "-._~" which quote() knows.
SEGMENT_SAFE = "!$&'()*+,;=:@"
SAFE_TEXT = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@]*")
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@cache
def url_functions() -> Any:
    """``urllib.parse``, for programs that have something to escape: its import takes 2 ms."""
    import urllib.parse

    return urllib.parse


def encode_segment(text: str) -> str:
    """The canonical spelling of a decoded segment.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    if SAFE_TEXT.fullmatch(text) is not None:
        return text
    escaped: str = url_functions().quote(text, safe=SEGMENT_SAFE)
    return escaped


def decode(text: str) -> str:
    """The text that an escaped one stands for; raises UnicodeDecodeError."""
    decoded: str = url_functions().unquote(text, errors="strict")
    return decoded


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
        return [decode(s) if "%" in s else s for s in segments]
    except UnicodeDecodeError:
        return None
