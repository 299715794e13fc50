"""PyPI langchain-openai, as the provider page sets it up."""

import openai
import pytest
from conftest import OPENAI_TOOLS, assert_same_but_fresh
from langchain_openai import ChatOpenAI

QUESTION = "What is semantic caching?"


def open_model(base, headers, **options):
    return ChatOpenAI(
        model="gpt-4o",
        openai_api_base=base,
        openai_api_key="sk-imitation",
        default_headers=headers,
        include_response_headers=True,
        max_retries=0,
        **options,
    )


@pytest.fixture
def model(semcache_url, namespace):
    return open_model(semcache_url, namespace)


@pytest.fixture
def direct(provider_url):
    return open_model(f"{provider_url}/v1", {})


def without_headers(message):
    """The message without the headers of the HTTP answer, which differ, and without LangChain's own run id."""
    metadata = {name: value for name, value in message.response_metadata.items() if name != "headers"}
    id = None if (message.id or "").startswith(("run-", "lc_run-")) else message.id
    return message.model_copy(update={"response_metadata": metadata, "id": id})


def cache_status(messages):
    return next(m.response_metadata["headers"]["x-cache-status"] for m in messages if "headers" in m.response_metadata)


def test_plain(model, direct):
    first, second = model.invoke(QUESTION), model.invoke(QUESTION)
    assert [cache_status([message]) for message in (first, second)] == ["miss", "hit"]
    assert without_headers(second) == without_headers(first)
    assert_same_but_fresh(without_headers(first), without_headers(direct.invoke(QUESTION)))


@pytest.mark.parametrize("usage", [False, True], ids=["plain", "with-usage"])
def test_streamed(semcache_url, provider_url, namespace, usage):
    model = open_model(semcache_url, namespace, stream_usage=usage)
    first, second = list(model.stream(QUESTION)), list(model.stream(QUESTION))
    assert [cache_status(messages) for messages in (first, second)] == ["miss", "hit"]
    assert [without_headers(chunk) for chunk in second] == [without_headers(chunk) for chunk in first]
    direct = open_model(f"{provider_url}/v1", {}, stream_usage=usage)
    assert_same_but_fresh(
        [without_headers(chunk) for chunk in first], [without_headers(chunk) for chunk in direct.stream(QUESTION)]
    )
    assert any(chunk.usage_metadata for chunk in second) == usage


def test_tool_calls(model):
    bound = model.bind_tools(OPENAI_TOOLS)
    first, second = bound.invoke("How is the weather in Lisbon?"), bound.invoke("How is the weather in Lisbon?")
    assert [cache_status([message]) for message in (first, second)] == ["miss", "hit"]
    assert without_headers(second) == without_headers(first)
    assert [call["name"] for call in second.tool_calls] == ["get_weather", "get_population"]
    total = None
    for chunk in bound.stream("How is the weather in Lisbon?"):
        total = chunk if total is None else total + chunk
    assert total.tool_calls == second.tool_calls


def test_provider_error(model):
    for _ in range(2):
        with pytest.raises(openai.RateLimitError, match="Rate limit reached for gpt-4o") as failure:
            model.invoke("Why? [[error 429]]")
        assert failure.value.response.headers["x-cache-status"] == "miss"
