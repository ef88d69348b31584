"""The router: routes in, values out.

``Router`` checks a registration completely before it changes anything, so a refused route
leaves no trace. It keeps one table per host pattern and one for routes bound to no host; a
request tries the tables that its host selects, the most specific first, and takes the first
route that has both path and method. Only then, if some table knew the path, the answer is 405.

The cost of a match depends on the path and on the patterns that begin like it: a dict look-up
for paths without parameters, a walk down a tree for the others (``_tree``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from ._converters import BUILT_IN, Converter
from ._errors import BuildError, ConflictError, FrozenError
from ._escape import split_path
from ._hosts import HostMap, parse_host
from ._names import Names
from ._pattern import Patterns
from ._reverse import build_path, build_url
from ._route import BAD_PATH, NOT_FOUND, Found, Match, Route, check_methods, versioned
from ._segment import MISS
from ._table import Table
from ._tree import search, search_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._describe import Description


T = TypeVar("T")


class Router(Generic[T]):
    """Finds the handler for a method, a path and a host.

    Args:
        converters: parameter types besides the built-in ones, or instead of them, by name.
        auto_head: a GET route answers HEAD where no route does so by itself.
        auto_options: OPTIONS on a known path gives ``Options`` where no route answers it.
        strict_slashes: what routes do that do not say so themselves. A lenient route takes its
            path with and without a final slash, a strict one only as written.
        version_prefix: what stands before a route's version, ``/v`` for ``/v1/…``.
        bad_path: what a broken escape gives: ``NotFound`` for ``"not_found"``, ``BadPath`` for
            ``"bad_request"``.

    Raises PatternError for a converter under a name that no pattern could use.
    """

    __slots__ = (
        "_auto_head",
        "_auto_options",
        "_bad",
        "_frozen",
        "_hosts",
        "_names",
        "_patterns",
        "_root",
        "_routes",
        "_static",
        "_strict_slashes",
        "_table",
        "_version_prefix",
    )

    def __init__(
        self,
        *,
        converters: Mapping[str, Converter] | None = None,
        auto_head: bool = True,
        auto_options: bool = True,
        strict_slashes: bool = False,
        version_prefix: str = "/v",
        bad_path: Literal["not_found", "bad_request"] = "not_found",
    ) -> None:
        self._patterns = Patterns({**BUILT_IN, **(converters or {})})
        self._auto_head = auto_head
        self._auto_options = auto_options
        self._strict_slashes = strict_slashes
        self._version_prefix = version_prefix
        self._bad = BAD_PATH if bad_path == "bad_request" else NOT_FOUND
        self._frozen = False
        self._routes: list[Route[T]] = []
        self._names: Names[T] = Names()
        self._table: Table[T] = Table()
        # Its parts, within easy reach of ``match``.
        self._static = self._table.static
        self._root = self._table.root
        self._hosts: HostMap[Table[T]] = HostMap(Table)

    def anew(self) -> Router[T]:
        """An empty router with the same settings, which takes over the patterns read so far."""
        other: Router[T] = Router(
            auto_head=self._auto_head,
            auto_options=self._auto_options,
            strict_slashes=self._strict_slashes,
            version_prefix=self._version_prefix,
        )
        other._patterns = self._patterns
        other._bad = self._bad
        return other

    # Putting together …

    def add(
        self,
        path: str,
        handler: T,
        *,
        methods: Iterable[str] = ("GET",),
        name: str | None = None,
        default_name: str | None = None,
        host: str | Iterable[str] | None = None,
        strict_slashes: bool | None = None,
        version: str | float | None = None,
        version_prefix: str | None = None,
        stream: bool = False,
        meta: Mapping[str, Any] | None = None,
    ) -> Route[T]:
        """Register a handler and return its route.

        Methods are put in upper case. ``default_name`` is a name for ``url_for`` that counts as
        long as no other path goes by it. ``strict_slashes`` None means the router's setting.

        Raises:
            FrozenError: the router is frozen.
            PatternError: the path or a host cannot be read.
            HandlerError: no method, or one that is not a token.
            ConflictError: a route with the same shape of path, and a method and host in
                common, is there already; or the name is another path's.
        """
        if self._frozen:
            raise FrozenError(f"cannot add {path}: the router is frozen")
        if version is not None:
            prefix = self._version_prefix if version_prefix is None else version_prefix
            path = versioned(path, version, prefix)
        given = [host] if isinstance(host, str) else host or ()
        route = Route(
            self._patterns.parse(path),
            handler,
            check_methods(methods, path),
            name=name,
            default_name=default_name,
            hosts=tuple(dict.fromkeys(map(parse_host, given))),
            strict_slashes=self._strict_slashes if strict_slashes is None else strict_slashes,
            version=version,
            stream=stream,
            meta=meta,
        )
        self._check(route)
        for table in map(self._hosts.setdefault, route.hosts) if route.hosts else [self._table]:
            table.put(route, auto_head=self._auto_head, auto_options=self._auto_options)
        self._names.put(route)
        self._routes.append(route)
        return route

    def _check(self, route: Route[T]) -> None:
        self._names.check(route)
        tables = map(self._hosts.get, route.hosts) if route.hosts else [self._table]
        for table in tables:
            existing = table.clash(route) if table is not None else None
            if existing is not None:
                raise ConflictError("two routes claim the same requests", existing, route)

    def freeze(self) -> None:
        """Refuse further routes. Freezing twice is freezing once."""
        self._frozen = True

    def thaw(self) -> None:
        """Take routes again, until the next ``freeze``. Nobody may match meanwhile."""
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether ``add`` is refused."""
        return self._frozen

    @property
    def by_host(self) -> bool:
        """Whether any route is bound to a host, so that ``match`` has to be given one."""
        return self._hosts.used

    @property
    def routes(self) -> tuple[Route[T], ...]:
        """All routes in order of registration."""
        return tuple(self._routes)

    # Looking up …

    def match(self, method: str, path: str, host: str | None = None) -> Match[T]:
        """Find the route of a request.

        ``path`` is raw: as it came, still percent-encoded, without the query. ``host`` is the
        Host field's value or the authority, with its port if there is one; None selects the
        routes that are bound to no host. Methods are case-sensitive (RFC 9110 §9.1).

        Never raises, as long as own converters keep their contract. Takes time linear in the
        length of the path.
        """
        if host is not None and self._hosts.used and (tables := self._hosts.select(host)):
            return self._match_hosts(tables, method, path)
        if path in self._static:
            answer = self._static[path].answers.get(method)
            if answer is not None:
                # As ``found`` does, whose call would be another 20 %.
                result: Found[T] = Found()
                result.handler = answer.handler
                result.params = {}
                result.route = answer.route
                return result
        segments = split_path(path) if "%" in path else path.split("/")
        if segments is None:
            return self._bad
        if segments.pop(0):
            return NOT_FOUND
        # As long as there is no choice to make. ``search`` has the same loop and could do it all,
        # but takes 1.5 to 2 times as long.
        node = self._root
        values: dict[str, Any] = {}
        for segment in segments:
            child = node.only
            if child is not None and segment:
                values[node.name] = segment
            else:
                child = node.direct.get(segment)
                if child is None:
                    child = node.sole
                    if child is None or segment in node.crossed:
                        choice = node.edges or node.tails
                        return search_all([node], segments, method, values) if choice else NOT_FOUND
                    take = node.take
                    value = segment if take is None else take(segment)
                    if value is MISS or not segment:
                        return NOT_FOUND
                    values[node.name] = value
            node = child
        if node.leaf is None:
            return NOT_FOUND
        answer = node.leaf.answers.get(method)
        if answer is None:
            return node.leaf.refuse(method)
        # As ``found`` does, whose call would be another 3 %.
        result = Found()
        result.handler = answer.handler
        result.params = answer.bind(values) if answer.renamed else values
        result.route = answer.route
        return result

    def _match_hosts(self, tables: list[Table[T]], method: str, path: str) -> Match[T]:
        segments = split_path(path)
        if segments is None:
            return self._bad
        if segments.pop(0):
            return NOT_FOUND
        return search_all([*(table.root for table in tables), self._root], segments, method, {})

    # And back …

    def url_for(
        self,
        name: str,
        /,
        *,
        _anchor: str = "",
        _external: bool = False,
        _scheme: str = "http",
        _host: str | None = None,
        **params: Any,
    ) -> str:
        """Build the URL of a named route.

        Values that are no parameters of the route become the query: a list gives its key once
        per item, None leaves it out. ``_external`` puts scheme and host before the path; the
        host is ``_host`` or the route's own, if that is not a wildcard.

        Raises:
            NoSuchRouteError: no route has the name, or several share it by default.
            BuildError: a value is missing, or the URL would not be read back as the same route
                with the same values.
        """
        route = self._names.get(name)
        path = build_path(route, params)
        self._check_path(route, path)
        return build_url(
            route,
            path,
            params,
            anchor=_anchor,
            external=_external,
            scheme=_scheme,
            host=_host,
        )

    def _check_path(self, route: Route[T], path: str) -> None:
        """Raise BuildError if another route of the same hosts takes this path from the route."""
        table = self._hosts.get(route.hosts[0]) if route.hosts else self._table
        segments = split_path(path)
        assert table is not None
        assert segments is not None
        method = "GET" if "GET" in route.methods else route.methods[0]
        answer = search(table.root, segments, 1, method, {}, [])
        if answer is not None and answer.route is not route:
            raise BuildError(f"{path} belongs to another route, {answer.route}", route)

    def describe(self) -> Description:
        """All routes as data; ``str()`` of it is a table of text."""
        from ._describe import describe  # 0.7 ms, for those who list routes only

        return describe(self._routes)
