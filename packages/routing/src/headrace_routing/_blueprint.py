"""Blueprints and groups of them: declarations that wait for an app.

A blueprint is data. It can be filled before or after it is handed to an app, and handed to
several; an app asks for ``declarations()`` when it starts. Their order is defined:

1. group by group and blueprint by blueprint, in the order in which the groups list them,
2. for each blueprint its middleware, then exception handlers, then listeners, then routes,
3. of each kind those of the outermost group first, then in the order of declaration.

What a group declares is handed out once per blueprint inside it and in that blueprint's name,
save listeners: an event happens once, so a group's listeners come once, before its members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ._declarations import (
    Declaration,
    ExceptionDeclaration,
    Hosts,
    ListenerDeclaration,
    MiddlewareDeclaration,
    RouteDeclaration,
    Version,
    as_hosts,
)
from ._errors import HandlerError
from ._scope import Scope, as_prefix, dotted
from ._surface import Declarations, HookDeclarations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Member: TypeAlias = "Blueprint | BlueprintGroup"

OUTERMOST = Scope()


class Blueprint(Declarations):
    """Declarations under a name and a common prefix.

    The name stands before the names of the routes, ``name.route``, and ``name_prefix`` before
    it. A route's own setting of host, version or strict_slashes wins over the blueprint's, and
    the blueprint's over its group's; url prefixes add up. The attributes may be changed until
    an app asks for the declarations.
    """

    def __init__(
        self,
        name: str,
        url_prefix: str | None = None,
        host: Hosts = None,
        version: Version = None,
        strict_slashes: bool | None = None,
        version_prefix: str | None = None,
        name_prefix: str = "",
    ) -> None:
        super().__init__()
        self.name = name
        self.url_prefix = url_prefix
        self.host = host
        self.version = version
        self.strict_slashes = strict_slashes
        self.version_prefix = version_prefix
        self.name_prefix = name_prefix

    def __repr__(self) -> str:
        return f"<Blueprint {self.name!r}: {len(self.declared)} declarations>"

    @property
    def scope(self) -> Scope:
        """Its settings as they stand."""
        return Scope(
            url_prefix=as_prefix(self.url_prefix),
            name_prefix=dotted(self.name_prefix, self.name),
            hosts=as_hosts(self.host),
            version=self.version,
            version_prefix=self.version_prefix,
            strict_slashes=self.strict_slashes,
        )

    def copy(self, name: str | None = None, **settings: Any) -> Blueprint:
        """A blueprint with the same declarations so far and other settings.

        ``settings`` are arguments of the constructor; what is not given stays. Declarations
        made later on one do not appear in the other.
        """
        kept: dict[str, Any] = {
            "url_prefix": self.url_prefix,
            "host": self.host,
            "version": self.version,
            "strict_slashes": self.strict_slashes,
            "version_prefix": self.version_prefix,
            "name_prefix": self.name_prefix,
        }
        other = type(self)(self.name if name is None else name, **{**kept, **settings})
        other.declared = list(self.declared)
        return other

    def declarations(
        self, outer: Scope = OUTERMOST, hooks: Sequence[Declaration] = ()
    ) -> Iterator[Declaration]:
        """All that an app has to apply, in the order that the module describes.

        ``outer`` and ``hooks`` are what the groups around it lay down; an app passes nothing.
        """
        scope = outer.around(self.scope)
        everything = (*hooks, *self.declared)
        for kind in (MiddlewareDeclaration, ExceptionDeclaration, ListenerDeclaration):
            for one in everything:
                if isinstance(one, kind):
                    yield one.replace(blueprint=scope.name_prefix)
        for one in self.declared:
            if isinstance(one, RouteDeclaration):
                yield scope.apply(one).replace(blueprint=scope.name_prefix)

    @staticmethod
    def group(*members: Member, **settings: Any) -> BlueprintGroup:
        """A group of these blueprints and groups; ``settings`` as of ``BlueprintGroup``."""
        return BlueprintGroup(*members, **settings)


class BlueprintGroup(HookDeclarations):
    """Blueprints and groups under common settings, with middleware and the like for all."""

    def __init__(
        self,
        *members: Member,
        url_prefix: str | None = None,
        host: Hosts = None,
        version: Version = None,
        strict_slashes: bool | None = None,
        version_prefix: str | None = None,
        name_prefix: str = "",
    ) -> None:
        super().__init__()
        self.members: list[Member] = []
        self.url_prefix = url_prefix
        self.host = host
        self.version = version
        self.strict_slashes = strict_slashes
        self.version_prefix = version_prefix
        self.name_prefix = name_prefix
        for member in members:
            self.append(member)

    def __repr__(self) -> str:
        return f"<BlueprintGroup of {', '.join(map(repr, self.members)) or 'nothing'}>"

    def append(self, member: Member) -> None:
        """Take in a blueprint or group.

        Raises HandlerError if it is neither, or if the group would contain itself.
        """
        if not isinstance(member, Blueprint | BlueprintGroup):
            raise HandlerError(f"{member!r} is neither a blueprint nor a group")
        if isinstance(member, BlueprintGroup) and member.contains(self):
            raise HandlerError("a group cannot contain itself")
        self.members.append(member)

    def contains(self, other: BlueprintGroup) -> bool:
        """Whether the other group is this one or somewhere inside."""
        return other is self or any(
            isinstance(member, BlueprintGroup) and member.contains(other) for member in self.members
        )

    @property
    def scope(self) -> Scope:
        """Its settings as they stand."""
        return Scope(
            url_prefix=as_prefix(self.url_prefix),
            name_prefix=self.name_prefix,
            hosts=as_hosts(self.host),
            version=self.version,
            version_prefix=self.version_prefix,
            strict_slashes=self.strict_slashes,
        )

    def declarations(
        self, outer: Scope = OUTERMOST, hooks: Sequence[Declaration] = ()
    ) -> Iterator[Declaration]:
        """All that an app has to apply; see ``Blueprint.declarations``."""
        scope = outer.around(self.scope)
        yield from (one for one in self.declared if isinstance(one, ListenerDeclaration))
        inherited = [one for one in self.declared if not isinstance(one, ListenerDeclaration)]
        for member in self.members:
            yield from member.declarations(scope, (*hooks, *inherited))
