import json
import pathlib
import random
import tempfile
import unittest

from training.verifier.data import WRITTEN, made_of_written, read_written, written


def bare(text):
    return " ".join(text.lower().split()).rstrip(" ?.!")


class Written(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.groups = read_written()

    def test_every_line_of_every_file_is_read(self):
        lines = [line for path in WRITTEN.glob("*.jsonl") for line in path.read_text().splitlines() if line.strip()]
        self.assertGreaterEqual(len(list(WRITTEN.glob("*.jsonl"))), 11)
        self.assertEqual(len(self.groups), len(lines))

    def test_groups_are_well_formed(self):
        for group in self.groups:
            with self.subTest(group["prompt"]):
                self.assertTrue(1 <= len(group["same"]) <= 6 and 1 <= len(group["near"]) <= 8)
                self.assertTrue(all(isinstance(text, str) and text.strip() for text in [group["prompt"], *group["same"]]))
                self.assertTrue(all(len(each) == 2 and all(isinstance(text, str) and text.strip() for text in each) for each in group["near"]))

    def test_no_text_is_both_the_same_and_a_near_miss(self):
        both = [(group["prompt"], text) for group in self.groups for _, text in group["near"] if bare(text) in {bare(each) for each in [group["prompt"], *group["same"]]}]
        self.assertEqual(both, [])

    def test_pairs_of_both_labels_from_a_seed(self):
        some = self.groups[:200]
        pairs = written(some, 1)
        self.assertEqual(pairs, written(some, 1))
        self.assertNotEqual(pairs, written(some, 2))
        self.assertEqual({(label, name) for *_, label, name in pairs}, {(0, "written"), (1, "written")})
        self.assertEqual({name for *_, name in made_of_written(some, 50, 1)}, {"made-written"})
        self.assertEqual(made_of_written([], 50, 1), [])

    def test_a_share_of_the_files_that_were_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("new", "old"):
                lines = [json.dumps({"prompt": f"{name} {at}", "same": ["s"], "near": [["kind", "n"]]}) for at in range(100)]
                (pathlib.Path(folder) / f"{name}.jsonl").write_text("\n".join(lines) + "\n\n")
            prompts = [group["prompt"] for group in read_written(folder, random.Random(1), ["old"], 0.3)]
            self.assertEqual(sum(each.startswith("new") for each in prompts), 100)
            self.assertTrue(10 < sum(each.startswith("old") for each in prompts) < 50)
