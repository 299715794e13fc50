import unittest

from training.verifier.data import read_written
from training.verifier.synthesize import synthesize

COUNT = 4000


class Synthesize(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.paraphrases = [(group["prompt"], text) for group in read_written()[::10] for text in group["same"]]
        cls.made = synthesize(cls.paraphrases, COUNT, 1)

    def test_a_seed_repeats(self):
        self.assertEqual(synthesize(self.paraphrases, 200, 3), synthesize(self.paraphrases, 200, 3))
        self.assertNotEqual(synthesize(self.paraphrases, 200, 3), synthesize(self.paraphrases, 200, 4))

    def test_as_many_as_asked_of_both_labels(self):
        self.assertIn(len(self.made), (COUNT, COUNT + 1))
        self.assertTrue(0.3 < sum(label for *_, label in self.made) / COUNT < 0.6)

    def test_no_pair_of_equal_texts(self):
        for a, b, label in self.made:
            self.assertTrue(a.strip() and b.strip())
            self.assertNotEqual(a, b, label)

    def test_no_near_miss_of_equal_words(self):
        for a, b, label in self.made:
            if not label:
                self.assertNotEqual(a.lower(), b.lower())
