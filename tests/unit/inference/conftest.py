"""A model endpoint that misbehaves on order."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.factories import inference as make

KEY = "sk-canary-0123456789"


@pytest.fixture(scope="session")
def _llmock() -> Iterator[make.FaultServer]:
    with make.fault_server() as server:
        yield server


@pytest.fixture
def llmock(_llmock: make.FaultServer, settings: Settings) -> make.FaultServer:
    """The endpoint, configured, with nothing ordered yet."""
    _llmock.reset()
    settings.OPENAI_BASE_URL = _llmock.base_url
    settings.OPENAI_API_KEY = KEY
    settings.OPENAI_MODEL = "model-of-environment"
    settings.OPENAI_EMBEDDING_MODEL = ""
    return _llmock
