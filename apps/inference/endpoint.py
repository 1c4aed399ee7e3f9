"""The model endpoint an operator configured in the environment, and the providers behind it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

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
    api: str = "auto"

    @property
    def address(self) -> str:
        """Where it is, without what may be secret in it; for the eyes and as a key."""
        parts = urlsplit(self.base_url or "https://api.openai.com/v1")
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"[:200]

    @property
    def reachable(self) -> bool:
        """Whether there is anything to talk to."""
        return bool(self.base_url or self.api_key)

    @property
    def embeds(self) -> bool:
        """Whether embeddings come from here."""
        return bool(self.embedding_model and self.reachable)

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url or 'OpenAI'}, {self.model or 'no model'})"


def configured() -> Endpoint:
    """The endpoint as the settings have it now."""
    return Endpoint(
        base_url=settings.OPENAI_BASE_URL,
        api_key=settings.OPENAI_API_KEY,
        model=settings.OPENAI_MODEL,
        embedding_model=settings.OPENAI_EMBEDDING_MODEL,
        api=settings.OPENAI_API,
    )


def provider(name: str) -> Provider:
    """The provider a tier names."""
    if name == ProviderName.FAKE:
        return FakeProvider()
    endpoint = configured()
    return OpenAIProvider(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key,
        allowed=settings.OUTBOUND_ALLOW,
        api=endpoint.api,
    )


def address(name: str) -> str:
    """Where the provider a tier names is asked."""
    return configured().address if name == ProviderName.OPENAI else name
