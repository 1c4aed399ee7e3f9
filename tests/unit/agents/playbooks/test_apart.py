"""Trouble with one case is told from trouble that would befall every case."""

import logging
from decimal import Decimal

import pytest
from django.db import DataError, InternalError, OperationalError

from apps.agents.leases import LeaseLost
from apps.agents.playbooks import apart
from apps.gateway.errors import Away, BadAnswer, Refused, Stopped, Unreachable
from apps.gateway.queries import NoConnector
from apps.inference.budgets import BudgetExhausted
from apps.inference.models import Budget
from apps.inference.operations import ModelUnavailable, NoModelConfigured
from apps.proposals.operations import Overloaded
from tests.factories import agents as make

KEY = "message:<ann.smith@example.com>"


def failing(error: Exception) -> str:
    """What is made of a case at which this happens."""

    def do() -> str:
        raise error

    return apart.attempt(KEY, do, instead=lambda why: f"a person: {why}")


def test_what_goes_well_is_given_back() -> None:
    """And nothing is asked of anybody."""
    assert apart.attempt(KEY, lambda: "done", instead=lambda why: why) == "done"


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("no connection"),
        Away("left alone", until=make.NOW),
        Stopped("a switch is engaged"),
        OperationalError("the database is away"),
        InternalError("current transaction is aborted"),
        ConnectionResetError("reset"),
        NoConnector("configure one"),
        Refused("The key was revoked.", code="unauthorized"),
        LeaseLost("taken over"),
        Overloaded("too much waits", retry_after=5),
        BudgetExhausted(Budget(limit=Decimal(1)), Decimal(2)),
        ModelUnavailable("away"),
        NoModelConfigured("none"),
    ],
)
def test_what_is_not_the_cases_own_passes_unchanged(error: Exception) -> None:
    """The very error, so that the loop pauses, gives way or fails as ever."""
    with pytest.raises(type(error)) as raised:
        failing(error)
    assert raised.value is error


@pytest.mark.parametrize("error", [KeyError("Ann"), RecursionError(), DataError("too long")])
def test_a_crash_is_told_and_logged_once_without_a_customers_words(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """With where it happened; the mark in the reason finds it in the log."""
    told = failing(error)
    [line] = caplog.records
    assert line.levelno == logging.ERROR
    assert type(error).__name__ in told
    said = line.getMessage()
    assert "in do\n    raise error" in said
    assert told.split()[-1].rstrip(".") in said
    assert "Ann" not in caplog.text
    assert "ann.smith" not in caplog.text


@pytest.mark.parametrize(
    ("error", "code"), [(Refused("No to ann@x.org.", code="too_many"), "too_many"),
                        (BadAnswer("Not ann@x.org's."), "no code")],
)  # fmt: skip
def test_a_refusal_is_told_in_the_back_ends_words(
    error: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """To the person who decides; the log has only its code."""
    assert failing(error) == f"a person: {error}"
    [line] = caplog.records
    assert code in line.getMessage()
    assert "ann@x.org" not in caplog.text
