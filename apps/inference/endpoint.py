"""The model endpoint an operator configured in the environment, and the providers behind it."""

from dataclasses import dataclass

from django.conf import settings

from apps.inference.models import ProviderName
from apps.inference.providers.base import Provider
from apps.inference.providers.fake import FakeProvider
from apps.inference.providers.openai import OpenAIProvider


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """`base_url` empty means OpenAI itself. Never log this: it holds the key."""

    base_url: str
    api_key: str
    model: str
    embedding_model: str

    @property
    def reachable(self) -> bool:
        """Whether there is anything to talk to."""
        return bool(self.base_url or self.api_key)

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url or 'OpenAI'}, {self.model or 'no model'})"


def configured() -> Endpoint:
    """The endpoint as the settings have it now."""
    return Endpoint(
        base_url=settings.OPENAI_BASE_URL,
        api_key=settings.OPENAI_API_KEY,
        model=settings.OPENAI_MODEL,
        embedding_model=settings.OPENAI_EMBEDDING_MODEL,
    )


def provider(name: str) -> Provider:
    """The provider a tier names."""
    if name == ProviderName.FAKE:
        return FakeProvider()
    endpoint = configured()
    return OpenAIProvider(base_url=endpoint.base_url, api_key=endpoint.api_key)
