"""What waits for a viewer: bounded queues, texts made once, and numbers that are sent once."""

from uuid import uuid4

import pytest

from apps.console import hub

pytestmark = pytest.mark.django_db


def batch(*lines: hub.Line) -> hub.Batch:
    """Lines as they are sent together."""
    return hub.Batch(lines, hub.pack(lines))


def test_a_slow_viewer_is_cut_off_and_others_are_not(workspace):
    """Queues are bounded: who lies too far behind resumes by number, memory stays small."""
    lines = batch(hub.Line(1, None, "{}"))
    slow, quick = hub.Viewer(workspace.pk, None), hub.Viewer(workspace.pk, None)
    for _ in range(hub.QUEUE + 1):
        slow.offer(lines)
        quick.offer(lines)
        quick.queue.get_nowait()
    assert slow.overflowed.is_set()
    assert not quick.overflowed.is_set()
    assert slow.queue.qsize() == hub.QUEUE


def test_a_slow_viewer_loses_words_before_it_loses_events(workspace):
    """The words of models never fill the queue that events need."""
    viewer = hub.Viewer(workspace.pk, uuid4())
    for _ in range(10 * hub.QUEUE):
        viewer.overhear("{}")
    assert viewer.queue.qsize() == hub.WORDS
    viewer.offer(batch(hub.Line(1, None, "{}")))
    assert not viewer.overflowed.is_set()


def test_a_run_is_fed_only_its_own_events():
    """The page of a run is not woken by anything else; the text is made once for all of its
    viewers."""
    run_id = uuid4()
    lines = [
        hub.Line(1, None, "{}"),
        hub.Line(2, run_id, '{"index": 2}'),
        hub.Line(3, uuid4(), "{}"),
    ]
    of_run = hub.batches(lines)
    own = of_run(run_id)
    assert own is not None
    assert own.text == '[{"index": 2}]'
    assert of_run(run_id) is own
    assert of_run(uuid4()) is None
    everything = of_run(None)
    assert everything is not None
    assert [line.index for line in everything.lines] == [1, 2, 3]


def test_what_a_viewer_has_is_not_sent_again():
    """A batch that reaches back behind its number is cut there."""
    lines = batch(*(hub.Line(number, None, str(number)) for number in (4, 5, 6)))
    assert lines.behind(3) == "[4,5,6]"
    assert lines.behind(4) == "[5,6]"
    assert lines.behind(6) == ""


def test_who_is_cut_off_is_woken_even_if_nothing_waits(workspace):
    """It waits for its queue, and would learn of it only with the next check of its rights."""
    idle, busy = hub.Viewer(workspace.pk, None), hub.Viewer(workspace.pk, None)
    busy.offer(batch(hub.Line(1, None, "{}")))
    for viewer in (idle, busy):
        viewer.cut_off()
        assert viewer.overflowed.is_set()
        assert viewer.queue.qsize() == 1
