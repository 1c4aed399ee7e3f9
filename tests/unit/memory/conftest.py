"""The offline embeddings, whatever the environment says."""

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def offline(settings: Settings) -> None:
    settings.OPENAI_EMBEDDING_MODEL = ""
