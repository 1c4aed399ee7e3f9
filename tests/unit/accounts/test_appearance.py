"""Theme and contrast of a person."""

import pytest

from apps.accounts import operations
from apps.accounts.models import User
from apps.accounts.operations import UnknownAppearance
from apps.audit.models import Event

pytestmark = pytest.mark.django_db


def test_a_person_chooses_for_themselves(cast) -> None:
    """Nobody else sees it, and it is no event."""
    operations.set_appearance(user=cast.rita, theme="dark", contrast="more")
    cast.rita.refresh_from_db()
    cast.jun.refresh_from_db()
    assert (cast.rita.theme, cast.rita.contrast) == ("dark", "more")
    assert (cast.jun.theme, cast.jun.contrast) == ("auto", "auto")
    assert not Event.objects.filter(subject_id=str(cast.rita.pk), kind__contains="appear").exists()


@pytest.mark.parametrize(("theme", "contrast"), [("pink", "auto"), ("light", "less"), ("", "")])
def test_what_does_not_exist_is_refused(cast, theme, contrast) -> None:
    """The text names what there is; nothing changes, not even the half that fits."""
    with pytest.raises(UnknownAppearance, match="known: auto"):
        operations.set_appearance(user=cast.rita, theme=theme, contrast=contrast)
    cast.rita.refresh_from_db()
    assert cast.rita.theme == "auto"


@pytest.mark.parametrize("field", operations.LOOKS)
def test_the_looks_are_those_of_the_table(field) -> None:
    """Neither knows a look the other does not; a field that may be empty has that as well."""
    column = User._meta.get_field(field)
    none = [""] if column.blank else []
    assert [*none, *(value for value, _ in column.choices)] == [*operations.LOOKS[field]]
