"""/metrics, read by prometheus-client: the parser of the Prometheus project itself."""

import uuid

import requests
from openai import OpenAI
from prometheus_client.parser import text_string_to_metric_families


def read(semcache_url):
    response = requests.get(f"{semcache_url}/metrics", timeout=30)
    response.raise_for_status()
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {family.name: family for family in text_string_to_metric_families(response.text)}


def total(families, name, **labels):
    samples = families[name].samples
    return sum(s.value for s in samples if s.name.endswith("_total") and labels.items() <= s.labels.items())


def test_what_the_parser_reads_is_what_happened(semcache_url, namespace):
    client = OpenAI(base_url=f"{semcache_url}/v1", api_key="sk-metrics", default_headers=namespace)
    question = [{"role": "user", "content": f"What is {uuid.uuid4()}?"}]
    before = read(semcache_url)
    for _ in range(3):
        client.chat.completions.create(model="gpt-4o-mini", messages=question)
    after = read(semcache_url)

    def grown(name, **labels):
        return total(after, name, **labels) - total(before, name, **labels)

    assert grown("semcache_lookups", match="exact") == 2
    assert grown("semcache_saved_tokens") > 0
    stats = requests.get(f"{semcache_url}/semcache/v1/admin/stats", timeout=30).json()
    assert after["semcache_entries"].samples[0].value == stats["store"]["entries"]


def test_each_family_is_typed_and_told_of_and_each_series_is_there_once(semcache_url):
    for name, family in read(semcache_url).items():
        assert family.type in ("counter", "gauge", "histogram", "summary"), name
        assert family.documentation, name
        series = [(sample.name, *sorted(sample.labels.items())) for sample in family.samples]
        assert len(series) == len(set(series)), name
