"""Carrying runs on: each task looks for due work until none is left."""

import os
import platform

from celery import shared_task
from django.utils import timezone

from apps.agents import operations, questions
from apps.agents.models import Agent
from apps.audit import bell

BY_CLOCK = "clock"


def worker_name() -> str:
    """This process, as runs name who holds them."""
    return f"{platform.node()}:{os.getpid()}"


@shared_task(name="agents.advance", ignore_result=True)
def advance(**_: object) -> None:
    """Do due steps until none is left; runs whose worker died are due when their lease lapses."""
    bell.answered("agents.advance")
    while operations.advance_due(worker=worker_name(), clock=timezone.now):
        pass


@shared_task(name="agents.resume", ignore_result=True)
def resume(**_: object) -> None:
    """Wake runs whose proposals are all closed; drop what was kept for nothing."""
    bell.answered("agents.resume")
    operations.tidy(now=timezone.now())
    if operations.resume(now=timezone.now()):
        bell.ring("agents.advance")


@shared_task(name="agents.answer", ignore_result=True)
def answer_questions(**_: object) -> None:
    """Answer reviewers' questions until none is due."""
    bell.answered("agents.answer")
    while questions.answer_due(clock=timezone.now):
        pass


@shared_task(name="agents.start", ignore_result=True)
def start(*, agent_id: str, **_: object) -> None:
    """Start an agent on schedule; one that is gone or switched off is left alone."""
    bell.answered("agents.start")
    agent = Agent.objects.filter(pk=agent_id, enabled=True).select_related("workspace").first()
    if agent is not None:
        operations.start(agent=agent, trigger="schedule", by=BY_CLOCK, now=timezone.now())
