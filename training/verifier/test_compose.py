import unittest
from unittest import mock

from training.verifier.compose import World, compose

COUNT = 3000


def bare(text):
    return text.lower().rstrip("?.")


class Compose(unittest.TestCase):
    def test_a_seed_repeats(self):
        self.assertEqual(compose(200, 3), compose(200, 3))
        self.assertNotEqual(compose(200, 3), compose(200, 4))

    def test_as_many_as_asked_of_both_labels(self):
        made = compose(COUNT, 1)
        self.assertEqual(len(made), COUNT)
        self.assertTrue(0.35 < sum(label for *_, label in made) / COUNT < 0.5)
        self.assertEqual(compose(0, 1), [])

    def test_right_pairs_are_of_one_meaning_and_wrong_ones_of_two(self):
        put = []
        written = World.written

        def noted(world, meaning):
            put.append((meaning, written(world, meaning)))
            return put[-1][1]

        with mock.patch.object(World, "written", noted):
            made = compose(COUNT, 2)
        drawn = [(one, other) for one, other in zip(put[::2], put[1::2], strict=True) if bare(one[1]) != bare(other[1])]
        self.assertEqual(len(drawn), COUNT)
        for ((meaning, _), (other, _)), (a, b, label) in zip(drawn, made, strict=True):
            self.assertEqual(label == 1, meaning == other, (a, b))

    def test_texts_differ(self):
        for a, b, label in compose(COUNT, 3):
            self.assertTrue(a.strip() and b.strip())
            self.assertNotEqual(a, b)
            if not label:
                self.assertNotEqual(bare(a), bare(b))

    def test_nothing_is_left_unfilled(self):
        for a, b, _ in compose(COUNT, 4):
            for text in (a, b):
                self.assertNotRegex(text, r"[{}]|None|Things\(|Meaning\(")
