"""PyPI litellm, as the provider page sets it up: api_base at the root and a header for the provider."""

import litellm
import pytest
from conftest import OPENAI_TOOLS, assert_same_but_fresh


@pytest.fixture
def ask(semcache_url, provider_url, namespace, monkeypatch):
    monkeypatch.setattr(litellm, "api_base", semcache_url)

    def complete(content="Hello!", **options):
        return litellm.completion(
            model="gpt-4",
            messages=[{"role": "user", "content": content}],
            headers={"x-llm-proxy-host": provider_url, **namespace},
            api_key="sk-imitation",
            max_retries=0,
            **options,
        )

    return complete


@pytest.fixture
def ask_directly(provider_url):
    def complete(content="Hello!", **options):
        return litellm.completion(
            model="gpt-4",
            messages=[{"role": "user", "content": content}],
            api_base=f"{provider_url}/v1",
            api_key="sk-imitation",
            max_retries=0,
            **options,
        )

    return complete


def cache_status(response):
    return response._hidden_params["additional_headers"]["llm_provider-x-cache-status"]


def test_plain(ask, ask_directly):
    first, second = ask(), ask()
    assert [cache_status(response) for response in (first, second)] == ["miss", "hit"]
    assert second.model_dump() == first.model_dump()
    assert_same_but_fresh(first, ask_directly())


@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": True}}], ids=["plain", "with-usage"])
def test_streamed(ask, ask_directly, options):
    first = [chunk.model_dump() for chunk in ask(stream=True, **options)]
    stream = ask(stream=True, **options)
    second = [chunk.model_dump() for chunk in stream]
    # Ids are the provider's and fresh for every call: equal ones are a hit.
    assert without_creation(second) == without_creation(first)
    assert_same_but_fresh(
        without_creation(first),
        without_creation([chunk.model_dump() for chunk in ask_directly(stream=True, **options)]),
    )


def without_creation(chunks):
    """litellm puts its own clock into a chunk."""
    return [{**chunk, "created": 0} for chunk in chunks]


def test_tool_calls(ask):
    first, second = [ask("How is the weather in Lisbon?", tools=OPENAI_TOOLS) for _ in range(2)]
    assert [cache_status(response) for response in (first, second)] == ["miss", "hit"]
    assert second.model_dump() == first.model_dump()
    calls = second.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_population"]
    whole = litellm.stream_chunk_builder(
        list(ask("How is the weather in Lisbon?", tools=OPENAI_TOOLS, stream=True))
    )
    built = whole.choices[0].message.tool_calls
    assert [(call.id, call.function.arguments) for call in built] == [
        (call.id, call.function.arguments) for call in calls
    ]


def test_provider_error(ask):
    for _ in range(2):
        with pytest.raises(litellm.RateLimitError, match="Rate limit reached for gpt-4o"):
            ask("Why? [[error 429]]")
