"""Misbehaviour on request: what a network and a back end can do to a caller.

A rule holds for the next `times` requests whose path, and method if it names one, match.
`act_then_...` rules hold for writes only: the shop acts, and the caller does not learn of it.
`garbage` acts as well. `refuse` is the shop's definite no, `error` a failure without an effect;
`busy` asks to be left alone for `seconds`.
"""

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.gateway.connectors.medusa.fake.requests import body, invalid, number, text

BEHAVIORS = (
    "delay",
    "error",
    "refuse",
    "busy",
    "garbage",
    "act_then_fail",
    "act_then_reset",
    "act_then_timeout",
    "act_then_garbage",
)
FIELDS = frozenset({"behavior", "times", "seconds", "path", "method"})
DEFAULT_SECONDS = {"delay": 2.0, "act_then_timeout": 60.0}
FAILURE = {
    "code": "unknown_error",
    "type": "unknown_error",
    "message": "An unknown error occurred.",
}
REFUSAL = {"type": "not_allowed", "message": "The demo shop was told to refuse this."}
BUSY = {"type": "too_many_requests", "message": "The demo shop was told to be busy."}
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close sends RST


@dataclass
class Rule:
    """One misbehaviour and how many requests it still holds for."""

    behavior: str
    times: int
    seconds: float
    path: str
    method: str = ""

    def fits(self, method: str, path: str) -> bool:
        """Whether it holds for a request."""
        write = method != "GET"
        possible = write or not self.behavior.startswith("act_then")
        return possible and self.method in ("", method) and bool(re.search(self.path, path))


class Control:
    """The rules in force."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def take(self, method: str, path: str) -> Rule | None:
        """The first rule for the request, used up by one."""
        for rule in self.rules:
            if rule.fits(method, path):
                rule.times -= 1
                if rule.times <= 0:
                    self.rules.remove(rule)
                return rule
        return None


class Misbehaving:
    """ASGI middleware, outermost: applies the rules to all but the shop's own side doors."""

    def __init__(self, app: ASGIApp, control: Control) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or spoil it."""
        rule = None
        if scope["type"] == "http" and scope["path"].startswith("/admin/"):
            rule = self._control.take(scope["method"], scope["path"])
        if rule is None:
            await self._app(scope, receive, send)
        elif rule.behavior == "delay":
            await asyncio.sleep(rule.seconds)
            await self._app(scope, receive, send)
        elif rule.behavior == "error":
            await JSONResponse(FAILURE, 500)(scope, receive, send)
        elif rule.behavior == "refuse":
            await JSONResponse(REFUSAL, 400)(scope, receive, send)
        elif rule.behavior == "busy":
            pause = {"Retry-After": f"{rule.seconds:.0f}"}
            await JSONResponse(BUSY, 429, pause)(scope, receive, send)
        else:
            await self._app(scope, receive, _swallow)
            await self._spoil(rule, scope, receive, send)

    async def _spoil(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        """The shop has acted; the answer gets lost."""
        if rule.behavior == "act_then_reset":
            await _reset(receive)
            return
        if rule.behavior.endswith("garbage"):
            await Response(b"<html>\xff\x00 Bad gateway", 200)(scope, receive, send)
            return
        if rule.behavior == "act_then_timeout":
            await asyncio.sleep(rule.seconds)
        await JSONResponse(FAILURE, 500)(scope, receive, send)


async def _swallow(message: Message) -> None:
    """Send nothing."""


async def _reset(receive: Receive) -> None:
    """Close the caller's connection with a TCP reset (uvicorn keeps it at the bound method)."""
    cycle: Any = receive.__self__  # type: ignore[attr-defined]
    cycle.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    cycle.transport.abort()
    while not cycle.disconnected:
        await asyncio.sleep(0.001)


def routes(control: Control) -> list[Route]:
    """POST, GET and DELETE of /demo/control."""

    async def add(request: Request) -> JSONResponse:
        given = await body(request, FIELDS)
        control.rules.append(rule_of(given))
        return _shown(control, 201)

    async def show(_request: Request) -> JSONResponse:
        return _shown(control, 200)

    async def clear(_request: Request) -> JSONResponse:
        control.rules.clear()
        return _shown(control, 200)

    ends: list[tuple[str, Callable[..., Any]]] = [("POST", add), ("GET", show), ("DELETE", clear)]
    return [Route("/demo/control", end, methods=[method]) for method, end in ends]


def rule_of(given: dict[str, Any]) -> Rule:
    """A checked rule. Raises `No` (400)."""
    behavior, path = given.get("behavior"), given.get("path", "")
    method = text(given, "method") or ""
    if behavior not in BEHAVIORS:
        raise invalid(f"'behavior' must be one of: {', '.join(BEHAVIORS)}")
    try:
        re.compile(path)
    except (re.error, TypeError) as error:
        raise invalid(f"'path' is not a regular expression: {error}") from error
    seconds = number(given, "seconds") if "seconds" in given else DEFAULT_SECONDS.get(behavior, 0.0)
    times = int(number(given, "times")) if "times" in given else 1
    return Rule(behavior=behavior, times=times, seconds=seconds, path=path, method=method)


def _shown(control: Control, status: int) -> JSONResponse:
    return JSONResponse([vars(rule) for rule in control.rules], status)
