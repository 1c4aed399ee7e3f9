"""What a playbook says of the limits of its policy that operators set in a form."""

from dataclasses import dataclass

MONEY = "money"


@dataclass(frozen=True, kw_only=True)
class LimitField:
    """A limit to be set; `most` is the largest number that makes sense.

    `unit` is `%` or `MONEY`, which stands for the currency of the policy's limits. The fields of
    one `ladder` are each at least the one before: a limit that nothing can reach would only look
    like one.
    """

    name: str
    label: str
    unit: str
    help: str
    most: float
    ladder: str = ""
