"""The task of an exchange: have the request answered, deliver the answer, and deal with failure.

Rules for an editor: nothing is logged twice. What is answered with an error is logged by the
dispatcher, everything else in ``report``.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ._end import EndReason
from ._producers import dismiss, produce
from ._state import State
from .exceptions import (
    ExchangeEnded,
    HandlerTimeout,
    PayloadTooLarge,
    RequestTimeout,
    ResponseError,
    TruncatedBody,
)
from .response import BaseResponse, HTTPResponse, StreamingResponse

if TYPE_CHECKING:
    from ._exchange import Exchange
    from ._interfaces import Dispatcher

logger = logging.getLogger("headrace")


async def handle(exchange: Exchange, dispatcher: Dispatcher) -> None:
    """Run one exchange's handler; whatever happens, end with ``exchange.finish()``."""
    try:
        exchange.begun = True
        if exchange.state is State.HANDLING:
            await deliver(exchange, await dispatcher.call(exchange.request))
    except asyncio.CancelledError as error:
        await cancelled(exchange, dispatcher, error)
    except Exception as error:
        await recover(exchange, dispatcher, error)
    except BaseException:
        exchange.lose(EndReason.FAILED, cancel=False)
        raise
    finally:
        exchange.finish()


async def cancelled(
    exchange: Exchange, dispatcher: Dispatcher, error: asyncio.CancelledError
) -> None:
    """Tell apart a deadline, a cancellation from outside, and one that the handler came upon."""
    task = asyncio.current_task()
    assert task is not None
    refused = exchange.request.refused
    if exchange.state is State.HANDLING and isinstance(refused, HandlerTimeout):
        task.uncancel()
        await recover(exchange, dispatcher, refused)
    elif exchange.state < State.LOST and not task.cancelling():
        failure = ResponseError("the handler raised CancelledError though nobody cancelled it")
        failure.__cause__ = error
        await recover(exchange, dispatcher, failure)
    else:
        exchange.lose(EndReason.FAILED, cancel=False)


async def deliver(exchange: Exchange, response: BaseResponse | None) -> None:
    """Send what the handler returned, or end what it has written."""
    if isinstance(response, HTTPResponse):
        exchange.respond(response)
    elif isinstance(response, StreamingResponse):
        await deliver_stream(exchange, response)
    elif exchange.state is State.HANDLING:
        raise ResponseError(
            "the handler returned None and had not begun a response; return text(…), "
            "stream(…) or another response"
        )
    elif exchange.state is not State.LOST:
        exchange.end()


async def deliver_stream(exchange: Exchange, response: StreamingResponse) -> None:
    """Begin the response and run its producer to the end."""
    out = exchange.begin(
        response.status,
        response.headers.pairs(),
        response.content_type,
        response.trailers,
        response.digest,
    )
    if exchange.state is State.RESPONDING or exchange.muted:
        await produce(response.producer, out)
    else:
        await dismiss(response.producer)
    exchange.end()


async def recover(exchange: Exchange, dispatcher: Dispatcher, error: Exception) -> None:
    """Answer what was raised, or cut if it is too late to."""
    exchange.retract()
    if exchange.state is not State.HANDLING:
        report(exchange, error)
        exchange.break_off()
        return
    try:
        await deliver(exchange, await dispatcher.answer(exchange.request, error))
    except Exception as second:
        report(exchange, second)
        exchange.retract()
        if exchange.state is State.HANDLING:
            exchange.respond(HTTPResponse("Internal Server Error", 500))
        exchange.break_off()


def report(exchange: Exchange, error: Exception) -> None:
    """Log what cannot be answered any more; what a client caused is no failure of ours."""
    if isinstance(error, ExchangeEnded):
        return
    text = "%s %s failed when its response could not be changed any more"
    arguments = (exchange.head.method, exchange.request.path)
    if isinstance(error, TruncatedBody | PayloadTooLarge | RequestTimeout):
        logger.info(text + ": %s", *arguments, error)
    else:
        logger.error(text, *arguments, exc_info=error)
