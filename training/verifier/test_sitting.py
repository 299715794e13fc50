import itertools
import unittest

from training.verifier.sitting import batches, minutes_of, rate, split

ROWS = [([0] * (1 + each % 7), each) for each in range(1000)]


def taken(number, seed=1, done=0):
    return [[each for _, each in batch] for batch in itertools.islice(batches(ROWS, 3, seed, done), number)]


class Batches(unittest.TestCase):
    def test_a_pass_takes_every_row_once(self):
        one_pass = taken(334)
        self.assertEqual(sorted(itertools.chain(*one_pass)), list(range(1000)))
        self.assertEqual(sorted(itertools.chain(*taken(668)[334:])), list(range(1000)))

    def test_passes_and_seeds_differ(self):
        both = taken(668)
        self.assertNotEqual(both[:334], both[334:])
        self.assertNotEqual(taken(334), taken(334, seed=2))

    def test_goes_on_where_it_was(self):
        whole = taken(900)
        for done in (0, 1, 120, 333, 334, 335, 700):
            self.assertEqual(taken(900 - done, done=done), whole[done:])

    def test_leaves_the_rows_as_they_are(self):
        rows = list(ROWS)
        next(batches(rows, 3, 1))
        self.assertEqual(rows, ROWS)


class Rate(unittest.TestCase):
    def test_warms_up_then_stays(self):
        self.assertAlmostEqual(rate(1.5, 0, 0, False), 0.01)
        self.assertEqual([rate(1.5, steps, share, False) for steps, share in ((149, 0.1), (10_000, 0.99))], [1.5, 1.5])

    def test_falls_to_almost_nothing(self):
        self.assertEqual([rate(1.0, 1000, share, True) for share in (0, 0.25, 0.5, 0.99, 1)], [1.0, 0.75, 0.5, 0.02, 0.02])


class Split(unittest.TestCase):
    first, last = {"name": "level", "minutes": 99, "steps": 9, "loss": 0.4}, {"name": "final", "minutes": 25.1, "steps": 3, "loss": 0.3}

    def test_the_last_goes_on(self):
        self.assertEqual(split([self.first, self.last], "final"), ([self.first], self.last))

    def test_another_is_new(self):
        for sittings in ([], [self.first], [self.last, self.first], [{"minutes": 28, "steps": 878}]):
            before, own = split(sittings, "final")
            self.assertEqual((before, own["minutes"], own["steps"]), (sittings, 0, 0))

    def test_minutes_of_a_name(self):
        self.assertEqual(minutes_of([{"minutes": 28}, self.first, self.last], "final"), 25.1)
        self.assertEqual(minutes_of([], "final"), 0)
