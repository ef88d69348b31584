"""What a client is shown of an error: little in production, a readable page in debug mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exceptions import HeadraceException, phrase
from .response import HTML, HTTPResponse

if TYPE_CHECKING:
    from .request import Request

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 60rem }}
pre {{ background: #f4f4f2; overflow: auto; padding: 1rem }}
</style>
<h1>{title}</h1>
<p><code>{method} {path}</code></p>
<p>{message}</p>
<pre>{detail}</pre>
</html>
"""


def error_response(request: Request, error: Exception, *, debug: bool) -> HTTPResponse:
    """Return the response to an exception that no error handler took.

    A :class:`HeadraceException` that is not private shows its status, message and headers. Anything
    else is a 500 without detail; in debug mode it comes with its traceback, as HTML to clients that
    accept it.
    """
    if isinstance(error, HeadraceException) and not error.private:
        status, message, headers = error.status_code, error.message, error.headers
    else:
        status, message, headers = 500, phrase(500), {}
    if not debug or status < 500:
        return HTTPResponse(f"{message}\n", status, headers)
    import traceback
    from html import escape

    detail = "".join(traceback.format_exception(error))
    if "text/html" not in (request.headers.get("accept") or ""):
        return HTTPResponse(detail, status, headers)
    page = PAGE.format(
        title=escape(f"{status} {phrase(status)}"),
        method=escape(request.method),
        path=escape(request.path),
        message=escape(f"{type(error).__name__}: {error}"),
        detail=escape(detail),
    )
    return HTTPResponse(page, status, headers, HTML)
