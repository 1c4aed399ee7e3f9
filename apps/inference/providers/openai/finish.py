"""Why a model stopped, in one word for all dialects. Pure."""

STOP, CALLS, LENGTH, FILTERED, BROKEN = "stop", "tool_calls", "length", "content_filter", "error"

# Lower case, without what is no letter. Sources: OpenAI, Anthropic, Google, Mistral, Cohere,
# DeepSeek, Zhipu, vLLM, SGLang, llama.cpp, Ollama, TGI, OpenRouter (`native_finish_reason`)
_WORDS = {
    STOP: "stop eos eostoken endturn endofturn stopsequence stopword stoptoken complete completed "
    "finish finished done finishreasonstop normal",
    CALLS: "toolcalls toolcall tooluse functioncall functioncalls tools",
    LENGTH: "length maxtokens maxtoken maxoutputtokens maxlength maxcompletiontokens maxnewtokens "
    "modellength incomplete tokenlimit tokenlimitreached limit truncated contextlength "
    "modelcontextwindowexceeded finishreasonmaxtokens maxtokensreached outputlimit errorlimit",
    FILTERED: "contentfilter contentfiltered contentfiltering safety refusal recitation blocklist "
    "prohibitedcontent spii sensitive moderation guardrailintervened",
    BROKEN: "error errored failed abort aborted cancelled canceled timeout networkerror "
    "insufficientsystemresource errortoxic unknownerror malformedresponse",
}
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}


def reason(said: str) -> str:
    """`stop`, `tool_calls`, `length`, `content_filter`, `error` (broken off), or the own word."""
    key = "".join(character for character in said.lower() if character.isalpha())
    return _MEANING.get(key, said[:40])
