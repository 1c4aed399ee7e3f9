"""A drafted text by paragraphs: where each comes from, who wrote it, what nothing supports."""

from apps.console.presenters.evidence import exhibits
from apps.console.presenters.paragraphs import cited_by, drafted
from apps.proposals.models import Change

EVIDENCE = [
    {"kind": "message", "title": "Ada", "detail": "Order 1042 was late."},
    {"kind": "shop", "title": "Order #1042: 35.00 EUR"},
]
BODY = "Hello,\n\nabout your order #1042: we give back 35.00 EUR.\n\nIt arrives by 12 May 2031."


def change(body=BODY, sources=(), proposed=None, **params) -> Change:
    given = {"body": body, **params} if body else params
    before = {"body": proposed if proposed is not None else body}
    return Change(params=given, proposed=before, sources=list(sources))


def test_recorded_sources_are_numbered_from_one():
    """The number a reader sees is the place in the evidence and one."""
    first, second, third = drafted(change(sources=[[], [0, 1], []]), EVIDENCE)
    assert (first.sources, second.sources, third.sources) == ([], [1, 2], [])
    assert (first.problems, second.problems) == ([], [])
    assert any("12" in problem for problem in third.problems)


def test_unrecorded_sources_are_found_by_comparing():
    """An integrator names none; what carries a fact of the paragraph is its source."""
    assert [one.sources for one in drafted(change(), EVIDENCE)] == [[], [1, 2], []]
    one_too_few = drafted(change(sources=[[0]]), EVIDENCE)
    assert [one.sources for one in one_too_few] == [[], [1, 2], []]


def test_a_source_that_does_not_exist_supports_nothing():
    """Whatever a proposer claims."""
    _, second, _ = drafted(change(sources=[[], [7, -1, "x"], []]), EVIDENCE)
    assert second.sources == []
    assert second.problems


def test_what_a_reviewer_wrote_says_so():
    """Only the paragraphs that differ from the proposed text."""
    edited = change(body=BODY.replace("35.00", "30.00"), proposed=BODY)
    assert [one.edited for one in drafted(edited, EVIDENCE)] == [False, True, False]


def test_withheld_evidence_supports_and_accuses_nothing():
    """What is not shown must not be told by its absence either."""
    shown = drafted(change(), None)
    assert shown[0].text == "Hello,"
    assert all(not one.sources and not one.problems for one in shown)


def test_without_a_text_there_are_no_paragraphs():
    """A price has none."""
    assert drafted(change(body="", amount="5"), EVIDENCE) == []
    assert drafted(change(), "nonsense")[1].problems


def test_evidence_knows_who_cites_it():
    """There is a way back from each piece to the paragraphs made from it."""
    found = cited_by([("c1", drafted(change(), EVIDENCE))])
    assert [one.number for one in exhibits([{"kind": "order"}, *EVIDENCE])] == [1, 2, 3]
    cited = {one.number: one.cited for one in exhibits(EVIDENCE, found)}
    assert cited == {1: [("c1", 2)], 2: [("c1", 2)]}
