"""How a message leaves: one module for each kind of channel, all with the same `send`.

Each raises `Refused` (for good) or `Unreachable` and `Unproven` (try again) of `gateway.errors`.
"""

from apps.notifications.models import ChannelKind
from apps.notifications.transports import mail, slack, webhook
from apps.notifications.transports.base import Message, Send

SENDERS: dict[str, Send] = {
    ChannelKind.MAIL: mail.send,
    ChannelKind.SLACK: slack.send,
    ChannelKind.WEBHOOK: webhook.send,
}

__all__ = ["SENDERS", "Message", "Send"]
