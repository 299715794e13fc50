"""Shared by the tests of the Python client libraries.

SEMCACHE_URL and PROVIDER_URL are the origins of a running Semcache and of the imitation provider behind it. The
provider gives every call fresh ids: an object that is equal to an earlier one, ids included, came from the cache.
"""

import json
import os
import re
import uuid

import pytest

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
POPULATION = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SCHEMAS = {"get_weather": WEATHER, "get_population": POPULATION}

OPENAI_TOOLS = [
    {"type": "function", "function": {"name": name, "description": f"Calls {name}", "parameters": schema}}
    for name, schema in SCHEMAS.items()
]
ANTHROPIC_TOOLS = [
    {"name": name, "description": f"Calls {name}", "input_schema": schema} for name, schema in SCHEMAS.items()
]


@pytest.fixture
def semcache_url():
    return os.environ["SEMCACHE_URL"]


@pytest.fixture
def provider_url():
    return os.environ["PROVIDER_URL"]


@pytest.fixture
def namespace():
    """Headers for a namespace of the test's own, so that no test is answered from another one's entries."""
    return {"x-semcache-namespace": str(uuid.uuid4())}


def without_fresh(text):
    """Text with everything replaced that the provider makes afresh for each call."""
    text = re.sub(r"(?:chatcmpl-|call_(?:00_)?|msg_01|toolu_01|custom-|req_(?:011)?)?\d+x\d+x\w*", "fresh", text)
    text = re.sub(r'"obfuscation": ?"[^"]*"', '"obfuscation": "fresh"', text)
    return re.sub(r"\b17600\d{5}\b", "0", text)


def assert_same_but_fresh(left, right):
    """Equal, ids and creation times apart: what the client holds is what the provider would have given."""
    assert without_fresh(dumped(left)) == without_fresh(dumped(right))


def dumped(value):
    if isinstance(value, list):
        return json.dumps([json.loads(dumped(item)) for item in value], sort_keys=True)
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json", warnings=False)
    return json.dumps(value, sort_keys=True, default=str)
