"""The endpoint the operator configured."""

import pytest
from pytest_django.fixtures import Settings

from apps.inference import endpoint


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", "https://api.openai.com/v1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("https://user:secret@models.example/v1?key=secret", "https://models.example/v1"),
    ],
)
def test_its_address_holds_nothing_secret(settings: Settings, url: str, address: str) -> None:
    """It is shown, and keeps what is known of its health."""
    settings.OPENAI_BASE_URL = url
    assert endpoint.address("openai") == address
    assert endpoint.address("fake") == "fake"


def test_the_api_is_the_operators_choice(settings: Settings) -> None:
    """Or found out."""
    assert endpoint.configured().api == "auto"
    settings.OPENAI_API = "responses"
    assert endpoint.configured().api == "responses"
