"""PyPI anthropic, as the provider page sets it up."""

import anthropic
import pytest
from conftest import ANTHROPIC_TOOLS, assert_same_but_fresh


@pytest.fixture
def client(semcache_url, namespace):
    return anthropic.Anthropic(
        api_key="sk-ant-imitation", base_url=semcache_url, default_headers=namespace, max_retries=0
    )


@pytest.fixture
def direct(provider_url):
    return anthropic.Anthropic(api_key="sk-ant-imitation", base_url=provider_url, max_retries=0)


def body(content="Hello!", **more):
    return {
        "model": "claude-3-sonnet-20240229",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": content}],
        **more,
    }


def plain(client, **request):
    raw = client.messages.with_raw_response.create(**request)
    return raw.parse(), raw.headers["x-cache-status"]


def streamed(client, **request):
    raw = client.messages.with_raw_response.create(stream=True, **request)
    return list(raw.parse()), raw.headers["x-cache-status"]


def fields(message):
    """The content as the API gives it, without what the SDK's stream helper adds."""
    return [block.model_dump(exclude={"parsed_output"}) for block in message.content]


def test_plain(client, direct):
    first, first_status = plain(client, **body())
    second, second_status = plain(client, **body())
    assert (first_status, second_status) == ("miss", "hit")
    assert second == first
    assert_same_but_fresh(first, direct.messages.create(**body()))


def test_streamed(client, direct):
    first, first_status = streamed(client, **body())
    second, second_status = streamed(client, **body())
    assert (first_status, second_status) == ("miss", "hit")
    assert second == first
    assert_same_but_fresh(first, list(direct.messages.create(stream=True, **body())))


def test_both_forms_with_usage(client):
    with client.messages.stream(**body()) as stream:
        streamed_message = stream.get_final_message()
    plain_message, status = plain(client, **body())
    assert status == "hit"
    assert fields(plain_message) == fields(streamed_message)
    assert plain_message.usage.output_tokens == streamed_message.usage.output_tokens > 0
    assert plain_message.id == streamed_message.id


def test_tool_calls(client):
    request = body("How is the weather in Lisbon?", tools=ANTHROPIC_TOOLS)
    first, first_status = plain(client, **request)
    second, second_status = plain(client, **request)
    assert (first_status, second_status) == ("miss", "hit")
    assert second == first
    assert [block.name for block in second.content if block.type == "tool_use"] == ["get_weather", "get_population"]
    with client.messages.stream(**request) as stream:
        final = stream.get_final_message()
    assert fields(final) == fields(second)
    assert final.stop_reason == "tool_use"


def test_thinking(client):
    request = body(thinking={"type": "enabled", "budget_tokens": 1024})
    with client.messages.stream(**request) as stream:
        final = stream.get_final_message()
    again, status = plain(client, **request)
    assert status == "hit"
    assert [block.type for block in again.content] == ["thinking", "text"]
    assert again.content[0].signature == final.content[0].signature


def test_paraphrase_and_near_miss(client):
    first, _ = plain(client, **body("What is the capital of France?"))
    paraphrase, status = plain(client, **body("Tell me the capital of France"))
    assert (status, paraphrase) == ("hit", first)
    _, status = plain(client, **body("What is the capital of Spain?"))
    assert status == "miss"


def test_provider_error(client):
    for _ in range(2):
        with pytest.raises(anthropic.RateLimitError, match="exceed your organization") as failure:
            plain(client, **body("Why? [[error 429]]"))
        assert failure.value.response.headers["x-cache-status"] == "miss"
