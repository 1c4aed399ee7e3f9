"""Asking a model once before a tier that names it is saved, and saying in words what is wrong.

No budget is asked: it is a word or two, and a person waits for it.
"""

from apps.inference import endpoint
from apps.inference.models import ProviderName
from apps.inference.providers.base import (
    Malformed,
    ProviderError,
    Question,
    RateLimited,
    TimedOut,
    Unreachable,
)
from apps.inference.routing import EMBEDDING

PATIENCE_S = 10.0
FEW_TOKENS = 16


class NoAnswer(ValueError):
    """The model does not answer as it would have to; the text says what was wrong."""


def try_model(*, tier: str, provider: str, model: str) -> None:
    """Ask the model a tier of this name would stand for. Raises `NoAnswer`.

    Where there is no endpoint yet nothing is asked. One that answers, but in too few tokens to say
    anything, or that asks to slow down, is there.
    """
    configured = endpoint.configured()
    if provider != ProviderName.OPENAI or not configured.reachable:
        return
    default = configured.embedding_model if tier == EMBEDDING else configured.model
    if not (model or default):
        return
    try:
        ask(tier=tier, provider=provider, model=model or default)
    except (RateLimited, Malformed):
        return
    except ProviderError as error:
        raise NoAnswer(explain(error, configured.address, model or default)) from error


def ask(*, tier: str, provider: str, model: str) -> None:
    """One small request. Raises `ProviderError`."""
    asked = endpoint.provider(provider)
    if tier == EMBEDDING:
        asked.embed(["hello"], model=model, dimensions=384, timeout_s=PATIENCE_S)
        return
    asked.complete(
        Question(
            model=model,
            messages=[{"role": "user", "content": "Say OK."}],
            max_output_tokens=FEW_TOKENS,
            timeout_s=PATIENCE_S,
        )
    )


def explain(error: ProviderError, at: str, model: str) -> str:
    """What went wrong, in words."""
    match error:
        case Unreachable():
            return f"Nothing answers at {at}. Is the address right, and does it run?"
        case TimedOut():
            return f"{model} at {at} did not answer within {PATIENCE_S:.0f} seconds."
        case _:
            return f"{model} at {at} cannot be used: {error}"
