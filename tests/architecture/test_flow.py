"""The flow table names only kinds that exist and tasks that are registered."""

from celery import current_app
from django.utils.module_loading import import_string

from aios.flow import FLOW, SWEEP
from apps.audit.kinds import Kind


def test_every_kind_is_declared():
    """A row for a kind nobody records would never fire."""
    assert set(FLOW) <= set(Kind)


def test_every_task_is_registered():
    """A row for a task nobody runs would lose work until the next sweep, and then again."""
    current_app.loader.import_default_modules()
    named = {task for tasks in FLOW.values() for task in tasks}
    assert named <= set(current_app.tasks)


def test_the_sweeper_finishes_what_the_flow_begins():
    """Each task of the table is swept too, so a lost message costs a sweep and nothing else."""
    swept = {import_string(path).name for path in SWEEP}
    named = {task for tasks in FLOW.values() for task in tasks}
    assert named <= swept


def test_no_message_carries_work():
    """Tasks of the flow take no arguments: the row is the work, the message only says look."""
    for path in SWEEP:
        task = import_string(path)
        names = task.run.__code__.co_varnames[: task.run.__code__.co_argcount]
        assert names == (), path
