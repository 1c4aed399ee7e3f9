"""What the embedding model heard in a message, as the checkpoint keeps it. Pure."""

from pydantic import BaseModel, ConfigDict


class Near(BaseModel):
    """A labelled example like the message; likeness is -1..1, 0 for two that only share a topic."""

    model_config = ConfigDict(frozen=True)

    text: str
    intent: str
    language: str
    likeness: float
    own: bool = False


class Heard(BaseModel):
    """A message's scores by intent, its nearest examples, and its language if that is sure.

    No scores: the model could not be asked, and the rules are alone.
    """

    model_config = ConfigDict(frozen=True)

    model: str = ""
    scores: dict[str, float] = {}
    nearest: list[Near] = []
    language: str | None = None
