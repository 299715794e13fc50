"""PyPI requests, to custom APIs, as the provider page shows it."""

import pytest
import requests
from conftest import assert_same_but_fresh

CASES = [
    pytest.param("$.input.text", {"input": {"text": "What is the capital of France?", "max_tokens": 100}}, id="input"),
    pytest.param("$.query", {"query": "What is the capital of France?"}, id="query"),
]


@pytest.fixture
def post(semcache_url, provider_url, namespace):
    def send(prompt_path, body):
        return requests.post(
            f"{semcache_url}/semcache/v1/chat/completions",
            headers={
                "x-llm-proxy-upstream": f"{provider_url}/custom/answer",
                "x-llm-prompt": prompt_path,
                "authorization": "Bearer custom-key",
                **namespace,
            },
            json=body,
            timeout=30,
        )

    return send


@pytest.mark.parametrize("prompt_path, body", CASES)
def test_second_answer_is_a_hit(post, provider_url, prompt_path, body):
    first, second = post(prompt_path, body), post(prompt_path, body)
    assert [answer.headers["x-cache-status"] for answer in (first, second)] == ["miss", "hit"]
    assert second.json() == first.json()
    direct = requests.post(f"{provider_url}/custom/answer", json=body, timeout=30)
    assert_same_but_fresh(first.json(), direct.json())


def test_paraphrase_and_near_miss(post):
    first = post("$.query", {"query": "What is the capital of France?"})
    paraphrase = post("$.query", {"query": "Tell me the capital of France"})
    near_miss = post("$.query", {"query": "What is the capital of Spain?"})
    assert [a.headers["x-cache-status"] for a in (first, paraphrase, near_miss)] == ["miss", "hit", "miss"]
    assert paraphrase.json() == first.json()


def test_provider_error(post):
    for _ in range(2):
        answer = post("$.query", {"query": "Why? [[error 500]]"})
        assert (answer.status_code, answer.headers["x-cache-status"]) == (500, "miss")
        assert answer.json() == {"detail": "The custom model is out of order"}
