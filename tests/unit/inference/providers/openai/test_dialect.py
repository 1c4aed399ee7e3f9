"""How to ask instead is learned from the words of a refusal."""

from typing import Any

import pytest

from apps.inference.providers.openai import dialect as dialects
from apps.inference.providers.openai.dialect import RESPONSES, Dialect, other_api
from apps.inference.providers.openai.refusals import NotTaken

SENT = ("model", "messages", "tools", "max_tokens", "stream", "stream_options")
EMBEDDED = ("model", "input", "dimensions", "encoding_format")
OPENAI = ("Unsupported parameter: 'max_tokens' is not supported with this model. "
          "Use 'max_completion_tokens' instead.")  # fmt: skip


def refusal(body: Any, status: int = 400) -> NotTaken:
    return NotTaken(f"HTTP {status}", status=status, body=body)


def message(text: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": text, "type": "invalid_request_error", **more}}


@pytest.mark.parametrize(
    ("body", "sent", "change"),
    [
        (message(OPENAI, param="max_tokens"), SENT, {"limit": "max_completion_tokens"}),
        (message(OPENAI, code="invalid_request_body"), SENT, {"limit": "max_completion_tokens"}),
        ({"detail": [{"loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]},
         SENT, {"limit": "max_completion_tokens"}),
        (message("Unrecognized request argument supplied: stream_options"), SENT,
         {"without": {"stream_options"}}),
        ({"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', "
          "'stream_options'), 'msg': 'Extra inputs are not permitted', 'input': {}}]"}, SENT,
         {"without": {"stream_options"}}),
        (message("Streaming is not supported", param="stream"), SENT,
         {"without": {"stream", "stream_options"}}),
        (message("?"), SENT, {"without": {"stream", "stream_options"}}),
        (message("This model does not support specifying dimensions."), EMBEDDED,
         {"without": {"dimensions"}}),
        (message('Model "x" does not support matryoshka representation, changing output '
                 "dimensions will lead to poor results."), EMBEDDED, {"without": {"dimensions"}}),
        ({"detail": [{"loc": ["body", "encoding_format"], "msg": "no"}]}, EMBEDDED,
         {"without": {"encoding_format"}}),
        (message("bad request"), EMBEDDED, {"without": {"dimensions", "encoding_format"}}),
        (message("Missing `reasoning_content` field in the assistant message at message index 4."),
         SENT, {"reasoning": "demanded"}),
        (message("The `reasoning_content` in the thinking mode must be passed back to the API."),
         SENT, {"reasoning": "demanded"}),
        (message("'messages.1' : for 'role:assistant' the following must be satisfied: property "
                 "'reasoning_content' is unsupported"), SENT, {"reasoning": "stripped"}),
        (message("System role not supported"), SENT, {"system": False}),
        (message("Cannot use tools with stream"), SENT, {"without": {"stream", "stream_options"}}),
        (message("only user and assistant roles are supported"), SENT, {"system": False}),
        ({"detail": [{"loc": ["body", "messages", 2, "content"], "msg": "Input should be a valid "
          "string"}]}, SENT, {"empty_content": True}),
        ({"error": {"message": "Provider returned error", "metadata": {"raw":
          '{"error": {"message": "Unsupported parameter: max_tokens"}}'}}}, SENT,
         {"limit": "max_completion_tokens"}),
    ],
)  # fmt: skip
def test_one_change_for_each_refusal(body: Any, sent: Any, change: dict[str, Any]) -> None:
    """As OpenAI, vLLM, FastAPI, DeepSeek, Groq, Gemma's template and OpenRouter say it."""
    learned = Dialect().learn(refusal(body), sent)
    assert learned is not None
    for name, value in change.items():
        found = getattr(learned, name)
        assert (found if not isinstance(value, set) else found & set(sent)) == value


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (message("too long", code="context_length_exceeded"), 400),
        (message("'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum "
                 "context length is 512 tokens"), 400),
        (message("wrong key"), 401),
        (message("no credit"), 402),
        (message("model not found", code="model_not_found"), 404),
        (message("tools: registry.ollama.ai/library/gemma does not support tools"), 400),
    ],
)  # fmt: skip
def test_what_no_change_mends_is_not_asked_again(body: Any, status: int) -> None:
    """A key, a model, a length: asking otherwise would be the same question."""
    sent = [name for name in SENT if not name.startswith("stream")]
    assert Dialect().learn(refusal(body, status), sent) is None


def test_a_limit_that_has_no_name_is_left_out_in_the_end() -> None:
    """Both names were refused; bytes are counted anyway."""
    first = Dialect().learn(refusal(message("max_tokens", param="max_tokens")), SENT)
    assert first is not None
    named = message("max_completion_tokens", param="max_completion_tokens")
    second = first.learn(refusal(named), [first.limit])
    assert second is not None
    assert second.limit == ""


@pytest.mark.parametrize(
    ("status", "body", "api"),
    [
        (404, message("This model is only supported in v1/responses and not in "
                      "v1/chat/completions."), RESPONSES),
        (400, message("Use the Responses API for this model."), RESPONSES),
        (404, {"detail": "Not Found"}, RESPONSES),
        (404, "404 page not found", RESPONSES),
        (405, "", RESPONSES),
        (404, message("The model `x` does not exist."), None),
        (404, message('model "x" not found, try pulling it first'), None),
        (400, message("?"), None),
        (401, "", None),
    ],
)  # fmt: skip
def test_the_other_api_is_tried_where_this_one_is_not(
    status: int, body: Any, api: str | None
) -> None:
    """A model that is not there is not there either."""
    assert other_api(refusal(body, status), "chat") == api
    assert other_api(refusal(body, status), RESPONSES) is None


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many models are asked."""
    monkeypatch.setattr(dialects, "_MOST_KEPT", 5)
    for number in range(50):
        dialects.remember(("e", str(number), "complete"), Dialect(limit=""))
    assert dialects.known(("e", "49", "complete"), Dialect()).limit == ""
    assert len(dialects._learned) <= 5
    dialects.forget_all()
    assert dialects.known(("e", "49", "complete"), Dialect()) == Dialect()
