"""A strict, bounded, sans-I/O HTTP/1.1 codec: bytes in, events out; events in, bytes out."""

from ._encode import CHUNK_PADDING as CHUNK_PADDING
from ._encode import encode_chunk as encode_chunk
from ._encode import encode_interim as encode_interim
from ._encode import encode_last_chunk as encode_last_chunk
from ._encode import encode_request_head as encode_request_head
from ._encode import encode_response_head as encode_response_head
from ._errors import HTTP2PrefaceReceived as HTTP2PrefaceReceived
from ._errors import LocalProtocolError as LocalProtocolError
from ._errors import ProtocolError as ProtocolError
from ._errors import RemoteProtocolError as RemoteProtocolError
from ._events import Data as Data
from ._events import EndOfMessage as EndOfMessage
from ._events import Event as Event
from ._events import RequestHead as RequestHead
from ._events import ResponseHead as ResponseHead
from ._events import Upgrade as Upgrade
from ._fieldlines import validate_header as validate_header
from ._framing import BodyFraming as BodyFraming
from ._framing import response_framing as response_framing
from ._headers import Headers as Headers
from ._limits import Limits as Limits
from ._parser import RequestParser as RequestParser
from ._parser import ResponseParser as ResponseParser
from ._version import __version__ as __version__

__all__ = [
    "__version__",
    "BodyFraming",
    "CHUNK_PADDING",
    "Data",
    "encode_chunk",
    "encode_interim",
    "encode_last_chunk",
    "encode_request_head",
    "encode_response_head",
    "EndOfMessage",
    "Event",
    "Headers",
    "HTTP2PrefaceReceived",
    "Limits",
    "LocalProtocolError",
    "ProtocolError",
    "RemoteProtocolError",
    "RequestHead",
    "RequestParser",
    "response_framing",
    "ResponseHead",
    "ResponseParser",
    "Upgrade",
    "validate_header",
]
