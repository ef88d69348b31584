"""Compiling the regexes that users write into patterns."""

from __future__ import annotations

import re

from ._errors import PatternError


def check_regex(source: str, pattern: str, at: int) -> re.Pattern[str]:
    """Compile the regex that stands at ``at`` of the pattern; raises PatternError."""
    try:
        return re.compile(source)
    except re.error as error:
        problem = f"expected a regex: {error.msg}"
        raise PatternError(problem, pattern, at + (error.pos or 0)) from None
