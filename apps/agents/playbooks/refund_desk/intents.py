"""What a customer's message can ask for."""

from enum import StrEnum


class Intent(StrEnum):
    """What a message asks for; the order is that of precedence: the specific beats the general."""

    SUSPICIOUS = "suspicious"
    CANCEL = "cancel"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    LATE = "late"
    WHERE = "where"
    MONEY_BACK = "money_back"
    QUESTION = "question"
    THANKS = "thanks"
    OTHER = "other"


# Asking for money is what these come with, so it is no contradiction
WITH_MONEY = {Intent.DAMAGED, Intent.WRONG_ITEM, Intent.LATE, Intent.CANCEL}
# What is only stated of something that has happened: denied or imagined, it has not
STATED = {Intent.DAMAGED, Intent.WRONG_ITEM, Intent.LATE}
# What is asked for, in a question too
WANTED = {Intent.CANCEL, Intent.MONEY_BACK}
