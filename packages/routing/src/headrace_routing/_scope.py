"""What a blueprint or group lays around the declarations inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._value import Value, frozen

if TYPE_CHECKING:
    from ._declarations import RouteDeclaration, Version


@frozen(kw_only=True)
class Scope(Value):
    """Settings that come down from outside; an inner setting wins over an outer one.

    ``url_prefix`` and ``name_prefix`` are the exception: they add up, outer first.
    """

    url_prefix: str = ""
    name_prefix: str = ""
    hosts: tuple[str, ...] = ()
    version: Version = None
    version_prefix: str | None = None
    strict_slashes: bool | None = None

    def around(self, inner: Scope) -> Scope:
        """Both together, for what stands inside the inner one."""
        return Scope(
            url_prefix=self.url_prefix + inner.url_prefix,
            name_prefix=dotted(self.name_prefix, inner.name_prefix),
            hosts=inner.hosts or self.hosts,
            version=self.version if inner.version is None else inner.version,
            version_prefix=(
                self.version_prefix if inner.version_prefix is None else inner.version_prefix
            ),
            strict_slashes=(
                self.strict_slashes if inner.strict_slashes is None else inner.strict_slashes
            ),
        )

    def apply(self, route: RouteDeclaration) -> RouteDeclaration:
        """The route as it is outside; what the route says itself wins."""
        together = self.around(
            Scope(
                url_prefix=route.path,
                hosts=route.hosts,
                version=route.version,
                version_prefix=route.version_prefix,
                strict_slashes=route.strict_slashes,
            )
        )
        return route.replace(
            path=together.url_prefix,
            name=route.name and dotted(self.name_prefix, route.name),
            default_name=route.default_name and dotted(self.name_prefix, route.default_name),
            hosts=together.hosts,
            version=together.version,
            version_prefix=together.version_prefix,
            strict_slashes=together.strict_slashes,
        )


def as_prefix(url_prefix: str | None) -> str:
    """A prefix with a slash before and none after it, or nothing."""
    text = (url_prefix or "").rstrip("/")
    return text if not text or text.startswith("/") else f"/{text}"


def dotted(outer: str, inner: str) -> str:
    """Both names with a dot between, or the one that there is."""
    return f"{outer}.{inner}" if outer and inner else outer or inner
