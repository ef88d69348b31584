"""Real clients and real reverse proxies, each behind the same few verbs, and an app to try them on.

Everything runs on loopback and ends with the test. What is not on a machine raises
:class:`NotInstalled`, for the caller to skip or to fail.
"""

from ._app import Diary as Diary
from ._app import exchanges as exchanges
from ._aside import Aside as Aside
from ._async import AiohttpClient as AiohttpClient
from ._async import HttpxClient as HttpxClient
from ._browser import CHROMIUM_FLAGS as CHROMIUM_FLAGS
from ._browser import Browser as Browser
from ._browser import ChromiumClient as ChromiumClient
from ._browser import chromium as chromium
from ._client import Broken as Broken
from ._client import Client as Client
from ._client import NotInstalled as NotInstalled
from ._client import Visit as Visit
from ._curl import CurlClient as CurlClient
from ._http_client import HttpClient as HttpClient
from ._node import Node as Node
from ._node import NodeFetch as NodeFetch
from ._node import NodeHttp as NodeHttp
from ._origin import Origin as Origin
from ._pattern import pattern as pattern
from ._pattern import pattern_digest as pattern_digest
from ._proxies import PROXIES as PROXIES
from ._proxies import Proxy as Proxy

__all__ = [
    "AiohttpClient",
    "Aside",
    "Broken",
    "Browser",
    "chromium",
    "CHROMIUM_FLAGS",
    "ChromiumClient",
    "Client",
    "CurlClient",
    "Diary",
    "exchanges",
    "HttpClient",
    "HttpxClient",
    "Node",
    "NodeFetch",
    "NodeHttp",
    "NotInstalled",
    "Origin",
    "pattern",
    "pattern_digest",
    "PROXIES",
    "Proxy",
    "Visit",
]
