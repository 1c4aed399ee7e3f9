"""Who says what a message is like."""

from apps.agents.playbooks.refund_desk import hearing, listening


def test_where_the_extra_is_installed_the_model_is_asked() -> None:
    """As it is here."""
    assert listening.hear is hearing.hear


def test_without_the_extra_telling_words_give_the_language() -> None:
    """One answer a text, in their order, without scores: the rules read, and people the rest."""
    german, odd = listening.hear_words(["Die Tasse ist leider kaputt.", "zxcv"])
    assert (german.model, german.scores, german.language) == ("", {}, "de")
    assert odd.language is None
