"""The task of an exchange: have the request answered, deliver the answer, and deal with failure.

Rules for an editor: nothing is logged twice. What is answered with an error is logged by the
dispatcher, everything else in ``report``.
"""

from __future__ import annotations

import asyncio
import logging
from inspect import isawaitable
from types import CoroutineType
from typing import TYPE_CHECKING

from headrace_streams import TooLargeError

from ._end import EndReason
from ._producers import dismiss, produce
from ._state import HANDLING, State
from .exceptions import (
    ExchangeEnded,
    HandlerTimeout,
    HeadraceException,
    RequestTimeout,
    ResponseError,
    ServerBusy,
)
from .response import BaseResponse, HTTPResponse, StreamingResponse, checked

if TYPE_CHECKING:
    from ._exchange import Exchange
    from ._interfaces import Dispatcher

logger = logging.getLogger("headrace")


async def handle(exchange: Exchange, dispatcher: Dispatcher) -> None:
    """Run one exchange's handler; whatever happens, end with ``exchange.finish()``."""
    try:
        exchange.begun = True
        try:
            if exchange.state is HANDLING:
                answer = dispatcher.call(exchange.request)
                # isawaitable() takes 0.6 us for what is not, and most handlers are coroutines.
                if type(answer) is CoroutineType or isawaitable(answer):
                    answer = await answer
                if type(answer) is HTTPResponse:
                    exchange.respond(answer)  # as deliver() does, but without its coroutine
                else:
                    await deliver(exchange, checked(answer))
        except asyncio.CancelledError as error:
            await cancelled(exchange, dispatcher, error)
        except Exception as error:
            await recover(exchange, dispatcher, error)
    except asyncio.CancelledError:  # while an error handler ran
        give_up(exchange)
    except BaseException:
        exchange.lose(EndReason.FAILED, cancel=False)
        raise
    finally:
        exchange.finish()


def give_up(exchange: Exchange) -> None:
    """Nobody has answered, and nobody will be asked any more."""
    refused = exchange.request.refused
    if exchange.state is State.HANDLING and isinstance(refused, HandlerTimeout):
        exchange.respond(HTTPResponse(f"{refused.message}\n", refused.status_code))


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
    try:
        out = exchange.begin(
            response.status,
            response.headers.pairs(),
            response.content_type,
            response.trailers,
            response.digest,
        )
    except BaseException:
        await dismiss(response.producer)
        raise
    if exchange.state is State.RESPONDING or exchange.muted:
        await produce(response.producer, out)
    else:
        await dismiss(response.producer)
    exchange.end()


async def recover(exchange: Exchange, dispatcher: Dispatcher, error: Exception) -> None:
    """Answer what was raised, or cut if it is too late to."""
    error = blamed(exchange, plain(error))
    exchange.retract()
    if exchange.state is not State.HANDLING:
        report(exchange, error)
        exchange.break_off()
        return
    try:
        await deliver(exchange, await dispatcher.answer(exchange.request, error))
    except Exception as second:
        if exchange.state is State.HANDLING:
            report_handler(exchange, error, second)
        else:
            report(exchange, second)
        exchange.retract()
        if exchange.state is State.HANDLING:
            exchange.respond(HTTPResponse("Internal Server Error", 500))
        exchange.break_off()


def plain(error: Exception) -> Exception:
    """Return the first exception of a group in which all are the client's doing, else the error."""
    if isinstance(error, ExceptionGroup):
        ours = error.split(by_client)[1]
        leaf: Exception = error
        while isinstance(leaf, ExceptionGroup):
            leaf = leaf.exceptions[0]
        return error if ours else leaf
    return error


def blamed(exchange: Exchange, error: Exception) -> Exception:
    """Return what to answer with where the body was not what the handler tried to read."""
    if error is not exchange.fault:
        return error
    answer = HeadraceException(str(error), 413 if isinstance(error, TooLargeError) else 400)
    answer.__cause__ = error
    return answer


def by_client(error: Exception) -> bool:
    """Whether it is no failure of the application."""
    if isinstance(error, ExchangeEnded | ServerBusy):
        return True
    return isinstance(error, HeadraceException) and error.status_code < 500


def report_handler(exchange: Exchange, error: Exception, second: Exception) -> None:
    """Log that an error handler failed, and what it was to answer unless its failure shows that."""
    arguments = (exchange.head.method, exchange.request.path)
    if second.__suppress_context__ and second.__cause__ is not error:
        logger.error("%s %s failed", *arguments, exc_info=error)
    logger.error("the error handler of %s %s failed", *arguments, exc_info=second)


def report(exchange: Exchange, error: Exception) -> None:
    """Log what cannot be answered any more; what a client caused is no failure of ours."""
    error = blamed(exchange, plain(error))
    late = exchange.verdict is EndReason.TIMEOUT and isinstance(error, RequestTimeout | ServerBusy)
    if late or isinstance(error, ExchangeEnded):
        return  # logged where the deadline passed, if it is worth it
    text = "%s %s failed when its response could not be changed any more"
    arguments = (exchange.head.method, exchange.request.path)
    if by_client(error):
        logger.info(text + ": %s", *arguments, error)
    else:
        logger.error(text, *arguments, exc_info=error)
