"""PyPI openai: base_url at the root, as the provider page sets it, and at /v1; DeepSeek and Mistral by header."""

import openai
import pytest
from conftest import OPENAI_TOOLS, assert_same_but_fresh
from openai import OpenAI

TARGETS = {
    "openai-root": ("gpt-4", "", False),
    "openai-v1": ("gpt-4", "/v1", False),
    "deepseek": ("deepseek-chat", "", True),
    "mistral": ("mistral-small-latest", "", True),
}


class Target:
    def __init__(self, model, client, direct):
        self.model = model
        self.client = client
        self.direct = direct

    def body(self, content="Hello!", **more):
        return {"model": self.model, "messages": [{"role": "user", "content": content}], **more}

    def plain(self, **body):
        raw = self.client.chat.completions.with_raw_response.create(**body)
        return raw.parse(), raw.headers["x-cache-status"]

    def streamed(self, **body):
        raw = self.client.chat.completions.with_raw_response.create(stream=True, **body)
        return list(raw.parse()), raw.headers["x-cache-status"]


@pytest.fixture(params=TARGETS.values(), ids=TARGETS.keys())
def target(request, semcache_url, provider_url, namespace):
    model, path, by_header = request.param
    headers = {**namespace, **({"x-llm-proxy-host": provider_url} if by_header else {})}
    client = OpenAI(
        api_key="sk-imitation", base_url=f"{semcache_url}{path}", default_headers=headers, max_retries=0
    )
    direct = OpenAI(api_key="sk-imitation", base_url=f"{provider_url}/v1", max_retries=0)
    return Target(model, client, direct)


def test_plain(target):
    first, first_status = target.plain(**target.body())
    second, second_status = target.plain(**target.body())
    assert (first_status, second_status) == ("miss", "hit")
    assert second == first
    assert_same_but_fresh(first, target.direct.chat.completions.create(**target.body()))


@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": True}}], ids=["plain", "with-usage"])
def test_streamed(target, options):
    first, first_status = target.streamed(**target.body(**options))
    second, second_status = target.streamed(**target.body(**options))
    assert (first_status, second_status) == ("miss", "hit")
    assert second == first
    assert_same_but_fresh(first, list(target.direct.chat.completions.create(stream=True, **target.body(**options))))
    if options:
        assert second[-1].usage.completion_tokens > 0


def test_parallel_tool_calls(target):
    body = target.body("How is the weather in Lisbon?", tools=OPENAI_TOOLS)
    first, first_status = target.plain(**body)
    second, second_status = target.plain(**body)
    assert (first_status, second_status) == ("miss", "hit")
    assert second == first
    calls = second.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_population"]
    streamed, status = target.streamed(**body)
    assert status == "hit"
    arguments = {}
    for chunk in streamed:
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or []:
                arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert list(arguments.values()) == [call.function.arguments for call in calls]


def test_streamed_then_plain(target):
    chunks, _ = target.streamed(**target.body("What is a key?", stream_options={"include_usage": True}))
    plain, status = target.plain(**target.body("What is a key?"))
    assert status == "hit"
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert plain.choices[0].message.content == text
    assert plain.usage == chunks[-1].usage
    assert plain.choices[0].finish_reason == "stop"


def test_paraphrase_and_near_miss(target):
    first, _ = target.plain(**target.body("What is the capital of France?"))
    paraphrase, status = target.plain(**target.body("Tell me the capital of France"))
    assert (status, paraphrase) == ("hit", first)
    near_miss, status = target.plain(**target.body("What is the capital of Spain?"))
    assert status == "miss"
    assert "Spain" in near_miss.choices[0].message.content


def test_provider_error(target):
    for _ in range(2):
        with pytest.raises(openai.RateLimitError, match="Rate limit reached for gpt-4o") as failure:
            target.plain(**target.body("Why? [[error 429]]"))
        assert failure.value.code == "rate_limit_exceeded"
        assert failure.value.response.headers["x-cache-status"] == "miss"
