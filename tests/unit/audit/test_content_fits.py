"""Whether content is what was recorded: the database says of every value what Python says."""

import json

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.audit.content import digest, fits

SALT = b"salt"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBER = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abzA_é", max_size=4), inner)
    ),
    max_leaves=12,
)
FIELDS = st.dictionaries(st.text("abzA_é", max_size=4), VALUE, max_size=5)
ASK = "SELECT audit_fits(%s, %s, %s::jsonb), %s::jsonb"


def asked(recorded: bytes, written: str) -> tuple[bool, object]:
    """What the database says of the digest and the content, and the content as it gives it back."""
    with connection.cursor() as sql:
        sql.execute(ASK, [recorded, SALT, written, written])
        said, back = sql.fetchone()
    return said, json.loads(back) if isinstance(back, str) else back


@pytest.mark.django_db
@settings(deadline=None, max_examples=150)
@given(FIELDS)
def test_what_was_recorded_fits(fields: dict[str, object]) -> None:
    """Letters of every script, nested values, and numbers however they are written."""
    said, back = asked(digest(SALT, fields), json.dumps(fields))
    assert said
    assert fits(digest(SALT, fields), salt=SALT, fields=back)


@pytest.mark.django_db
@settings(deadline=None, max_examples=50)
@given(FIELDS, FIELDS)
def test_nothing_else_does(fields: dict[str, object], other: dict[str, object]) -> None:
    """Where Python finds that it does not fit, so does the database."""
    said, back = asked(digest(SALT, fields), json.dumps(other))
    assert said == fits(digest(SALT, fields), salt=SALT, fields=back)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "1e-400", "9007199254740993", "1e30", "0.10"]
)
def test_odd_numbers_are_judged_not_stumbled_over(number: str) -> None:
    """One that no double is was never recorded."""
    said, back = asked(digest(SALT, {"n": 1}), f'{{"n": {number}}}')
    assert said is False
    assert not fits(digest(SALT, {"n": 1}), salt=SALT, fields=back)


@pytest.mark.django_db
@pytest.mark.parametrize("content", ["[]", "null", '"x"', "1"])
def test_content_that_is_no_record_fits_nothing(content: str) -> None:
    """Whatever the digest."""
    assert asked(digest(SALT, {}), content)[0] is False
