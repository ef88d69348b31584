"""What a response's fields and status say about its body, before the wire frames it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .exceptions import ResponseError

if TYPE_CHECKING:
    from .response import BaseResponse

LENGTH: Final = "content-length"


def announced_length(response: BaseResponse) -> int | None:
    """Take the Content-Length that a handler set out of the fields: the wire writes its own.

    Raises:
        ResponseError: it is not one number of bytes.
    """
    values = {value for name, value in response.headers.pairs() if name.lower() == LENGTH}
    if not values:
        return None
    value = values.pop()
    if values or not (value.isascii() and value.isdecimal()):
        raise ResponseError(
            f"content-length {value!r} is not a number of bytes, or not the only one"
        )
    response.headers.discard(LENGTH)
    return int(value)


def has_content(method: str, status: int) -> bool:
    """Whether a response to this method may have content (RFC 9110, 6.4.1)."""
    return method != "HEAD" and status not in (204, 205, 304)


def fields(response: BaseResponse) -> list[tuple[str, str]]:
    """Return a response's fields, with its content type unless the handler set that itself."""
    pairs = response.headers.pairs()
    kind = response.content_type
    if kind is None or (pairs and "content-type" in response.headers):
        return pairs
    return [("content-type", kind), *pairs]
