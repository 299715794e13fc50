"""PyPI semcache 0.1.0, the Python client of the first Semcache."""

import uuid

import pytest
from semcache import Semcache


@pytest.fixture
def client(semcache_url):
    with Semcache(base_url=semcache_url) as client:
        yield client


def test_put_and_get(client):
    client.put("What is the capital of France?", "Paris")
    assert client.get("What is the capital of France?") == "Paris"


def test_get_of_what_was_never_put(client):
    assert client.get(f"What does {uuid.uuid4()} mean?") is None


def test_every_character_comes_back(client):
    data = 'naïve 数字 👩‍🚀\nsecond line\t"quoted" \\ end '
    client.put("A key with ünïcode?", "old")
    client.put("A key with ünïcode?", data)
    assert client.get("A key with ünïcode?") == data
