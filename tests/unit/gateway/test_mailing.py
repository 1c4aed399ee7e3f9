"""What an answer of the mail server means, where no server was asked."""

import smtplib

import pytest

from apps.gateway import mailing
from apps.gateway.errors import Unproven, Unreachable


@pytest.mark.parametrize(("raised", "error"), [
    (smtplib.SMTPAuthenticationError(535, b"bad password sk_canary"), Unreachable),
    (smtplib.SMTPServerDisconnected("gone"), Unproven),
    (TimeoutError("slow"), Unproven),
])  # fmt: skip
def test_what_is_ours_to_mend_or_unknown_is_tried_again(raised, error):
    """A wrong password loses nothing, and is not told."""
    with pytest.raises(error) as caught, mailing.understood():
        raise raised
    assert "canary" not in str(caught.value)
