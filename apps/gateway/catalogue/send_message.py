"""Send message: one message to one customer."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from apps.gateway import email_address
from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Compensation,
    Example,
    Parameters,
    Reversibility,
    Risk,
    State,
    Text,
)

ToAddress = AfterValidator(email_address.bare)
# subject and text a person starts from; nothing is sent as it stands here
CORRECTIONS = {
    "de": (
        "Korrektur: {}",
        "Guten Tag,\n\nunsere letzte Nachricht an Sie war nicht richtig. Richtig ist:\n\n",
    ),
    "fr": (
        "Correction : {}",
        "Bonjour,\n\nnotre dernier message contenait une erreur. Voici ce qui est exact :\n\n",
    ),
    "en": (
        "Correction: {}",
        "Hello,\n\nour last message to you was not right. This is what is correct:\n\n",
    ),
}


class SendMessage(Parameters):
    """One message to one customer. `to` is read as the bare address, an umlaut domain in ASCII."""

    to: Annotated[str, StringConstraints(max_length=email_address.MOST_TEXT), ToAddress]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
    body: Text
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    in_reply_to: Annotated[str, StringConstraints(max_length=200)] = ""


def correction(params: State, _before: State, _after: State) -> Compensation | None:
    """A letter to the same customer in their language, whose text a person has to finish."""
    subject, body = CORRECTIONS.get(params.get("language", "en"), CORRECTIONS["en"])
    title = subject.format(params["subject"])[:200]
    return "send_message", {**params, "subject": title, "body": body}


SPEC = ActionSpec(
    name="send_message",
    title="Send message",
    noun="message",
    effect="The customer receives this message by e-mail.",
    undo="A sent message cannot be recalled; a correction can be sent after it.",
    parameters=SendMessage,
    risk=Risk.MEDIUM,
    reversibility=Reversibility.COMPENSABLE,
    target=lambda p: f"mailbox:{p['to']}:{p.get('in_reply_to', '')}",
    customer=lambda p, _: email_address.mailbox(p["to"]),
    compensate=correction,
    written="body",
    example=Example(
        params={"to": "customer@shop.example", "subject": "Your order", "body": "Dear Ms X",
                "language": "en", "in_reply_to": "m_1"}
    ),
)  # fmt: skip
