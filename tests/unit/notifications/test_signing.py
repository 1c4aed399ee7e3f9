"""Signatures against the specification's own vector."""

from datetime import UTC, datetime

import pytest

from apps.notifications import signing
from apps.notifications.signing import BadSecret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_specifications_vector():
    """The value the reference libraries publish."""
    assert signing.sign(SECRET, message_id=ID, at=AT, body=BODY) == SIGNATURE


@pytest.mark.parametrize("change", [
    {"message_id": "msg_other"}, {"at": datetime.fromtimestamp(1614265331, UTC)},
    {"body": b'{"test":2432232314}'}, {"body": BODY + b" "},
])  # fmt: skip
def test_everything_that_is_sent_is_signed(change):
    """Id, time, and the very bytes: a body written anew does not fit."""
    given = {"message_id": ID, "at": AT, "body": BODY} | change
    assert signing.sign(SECRET, **given) != SIGNATURE


def test_two_secrets_sign_while_one_replaces_the_other():
    """The newest first, each on its own, separated by a space."""
    newer = signing.make_secret()
    made = signing.headers([newer, SECRET], message_id=ID, at=AT, body=BODY)
    first, second = made["webhook-signature"].split(" ")
    assert second == SIGNATURE
    assert first == signing.sign(newer, message_id=ID, at=AT, body=BODY)
    assert (made["webhook-id"], made["webhook-timestamp"]) == (ID, "1614265330")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                    "whsec_not base64", "whsec_" + "A" * 200])  # fmt: skip
def test_a_secret_is_what_the_specification_demands(secret):
    """24 to 64 bytes behind the prefix."""
    with pytest.raises(BadSecret):
        signing.key_of(secret)


def test_a_made_secret_is_fine_and_never_the_same():
    """32 random bytes."""
    made = {signing.make_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(signing.key_of(secret)) for secret in made} == {32}
