"""From a route and values back to a URL.

The path that comes out is one that the route's pattern reads back as the same values; where
that cannot be had, building fails. Two things are refused or escaped beyond that, since
clients rewrite or misread them: ``.`` and ``..`` as whole segments (RFC 3986 §5.2.4), and a
path that would begin with ``//`` and so name a host (RFC 3986 §4.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import BuildError
from ._escape import SEGMENT_SAFE, encode_segment, url_functions
from ._pattern import Rest
from ._segment import Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._route import Route

# RFC 3986 §3.5, beside what quote() knows.
FRAGMENT_SAFE = SEGMENT_SAFE + "/?"


def build_path(route: Route[Any], params: Mapping[str, Any]) -> str:
    """The raw path for these values; raises BuildError."""
    missing = [name for name in _required(route) if name not in params]
    if missing:
        raise BuildError(f"missing value for {', '.join(missing)}", route)
    parts: list[str] = []
    try:
        for segment in route.pattern.segments:
            if isinstance(segment, str):
                parts.append(segment)
            elif isinstance(segment, Rest):
                parts += _rest(segment.name, params)
            else:
                parts.append(segment.build(params))
        encoded = [encode_segment(part) for part in parts]
    except Unwritable as error:
        raise BuildError(str(error), route) from None
    except UnicodeEncodeError:
        raise BuildError("a value has a character that is not Unicode text", route) from None
    if not route.pattern.is_static and ("." in parts or ".." in parts):
        raise BuildError("a segment would be '.' or '..', which clients remove", route)
    path = "/" + "/".join(encoded)
    if path.startswith("//") and isinstance(route.pattern.segments[0], Rest):
        path = "/%2F" + path[2:]
    return path + "/" if route.pattern.slash and encoded else path


def _required(route: Route[Any]) -> Iterable[str]:
    for segment in route.pattern.segments:
        if isinstance(segment, Rest):
            yield segment.name
        elif not isinstance(segment, str):
            yield from segment.required


def _rest(name: str, params: Mapping[str, Any]) -> list[str]:
    text = str(params[name])
    if not text:
        raise Unwritable(f"{name} is empty")
    return text.split("/")


def build_query(values: Mapping[str, Any]) -> str:
    """A query string; a list or tuple gives its key once per item, None leaves the key out."""
    pairs: list[tuple[str, str]] = []
    for key, value in values.items():
        if value is None:
            continue
        items = value if isinstance(value, list | tuple) else (value,)
        pairs += ((key, str(item)) for item in items)
    return url_functions().urlencode(pairs) if pairs else ""


def build_url(
    route: Route[Any],
    path: str,
    params: Mapping[str, Any],
    *,
    anchor: str = "",
    external: bool = False,
    scheme: str = "http",
    host: str | None = None,
) -> str:
    """The URL of a route's path. Values that are no parameters of it become the query."""
    url = path
    query = build_query({k: v for k, v in params.items() if k not in route.names})
    if query:
        url += f"?{query}"
    if anchor:
        url += "#" + url_functions().quote(anchor, safe=FRAGMENT_SAFE)
    if not external:
        return url
    if host is None and route.host is not None and not route.host.startswith("*."):
        host = route.host
    if not host:
        raise BuildError("an external URL needs a host", route)
    return f"{scheme}://{host}{url}"
