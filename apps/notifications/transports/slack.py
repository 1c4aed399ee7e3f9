"""Slack's incoming webhooks, and chats that take the same messages (Mattermost, Rocket.Chat)."""

import json
from datetime import datetime

from apps.gateway import outbound
from apps.notifications.messages import chat
from apps.notifications.transports.base import Message, judge


def send(message: Message, now: datetime) -> None:
    """Post once. A chat has no place for a message's id: a retry may post it twice."""
    content = chat(message.items, message.place, message.recipient)
    answer = outbound.post(
        message.secrets[0],  # whoever knows the URL may post: it is the secret
        body=json.dumps(content, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    judge(answer, now)
