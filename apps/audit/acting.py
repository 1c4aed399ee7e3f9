"""For whom this process acts just now, and when the database's answer to that fits an actor.

Set once where work comes in; no caller of `record` says it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PERSONAL = ("user:", "key:")  # actors that have to have signed in

_part = "product"
_signed_in: ContextVar[Callable[[], str] | None] = ContextVar("signed_in", default=None)


def run_as(part: str) -> None:
    """Name this process and its children: the session of what nobody signed in for."""
    global _part  # noqa: PLW0603  (a process has one name)
    _part = part


@contextmanager
def signed_in(who: Callable[[], str]) -> Iterator[None]:
    """Act for whom `who` names: actors with spaces between, "" while it is nobody.

    It is asked when something is recorded, since people sign in and out within a request.
    """
    token = _signed_in.set(who)
    try:
        yield
    finally:
        _signed_in.reset(token)


def session() -> str:
    """The actors who have signed in, with spaces between; else the part of the product."""
    who = _signed_in.get()
    return (who() if who else "") or _part


def attests(session: str | None, actor: str) -> bool:
    """Whether what the database knows of the session allows for this actor; as `audit_attested`.

    A person or key has to have signed in. What a part of the product does (an agent, the policy)
    it does in any session that is the product's own. None: the database was not asked.
    """
    if session is None:
        return True
    return bool(session) and (not actor.startswith(PERSONAL) or actor in session.split())
