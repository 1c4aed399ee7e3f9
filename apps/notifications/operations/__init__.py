"""Everything that changes whom AIOS tells, and what it has told."""

from apps.notifications.operations.channels import InvalidChannel, configure_channel
from apps.notifications.operations.deliver import deliver, forget
from apps.notifications.operations.notify import notify
from apps.notifications.operations.preferences import InvalidPreference, Wish, set_preference
from apps.notifications.operations.trial import NoWay, TooSoon, send_test, try_channel

__all__ = [
    "InvalidChannel",
    "InvalidPreference",
    "NoWay",
    "TooSoon",
    "Wish",
    "configure_channel",
    "deliver",
    "forget",
    "notify",
    "send_test",
    "set_preference",
    "try_channel",
]
