import json
import pathlib
import unittest

from training.verifier.marking import mark

FIXTURE = pathlib.Path(__file__).parents[2] / "test" / "fixtures" / "tokenizer" / "pair-marks.json"


class Marking(unittest.TestCase):
    def test_marks_pairs_as_the_product_does(self):
        """`test/integration/pair-marks.test.ts` holds the product to the same file."""
        pairs = json.loads(FIXTURE.read_text())["pairs"]
        self.assertGreaterEqual(len(pairs), 10)
        for pair in pairs:
            with self.subTest(pair["what"]):
                sides = [0] * (len(pair["a"]) + 2) + [1] * (len(pair["b"]) + 1)
                self.assertEqual([101, *pair["a"], 102, *pair["b"], 102], pair["ids"])
                self.assertEqual(mark(pair["ids"], sides), pair["types"])

    def test_refuses_sides_of_another_length(self):
        self.assertRaises(ValueError, mark, [101, 102], [0])
