import math
import random
import unittest

from training.calibrate.bounds import lower_mean, upper_mean


class Bounds(unittest.TestCase):
    def test_of_nothing_seen_is_the_logarithm_of_the_level(self):
        self.assertAlmostEqual(upper_mean(0, 1 / 1000, 0.05), math.log(20) / 1000, places=6)
        self.assertEqual(lower_mean(0, 1 / 1000, 0.05), 0)

    def test_close_in_on_what_was_seen_as_outcomes_grow_in_number(self):
        self.assertLess(upper_mean(0.01, 1e-6, 0.05), 0.0103)
        self.assertGreater(lower_mean(0.4, 1e-6, 0.05), 0.398)

    def test_enclose_what_was_seen(self):
        for observed in (0.0005, 0.01, 0.2, 0.6):
            self.assertGreater(upper_mean(observed, 1 / 500, 0.05), observed)
            self.assertLess(lower_mean(observed, 1 / 500, 0.05), observed)

    def test_hold_where_all_errors_are_in_the_smallest_set(self):
        """A bound on a common rate fails here in a quarter of the samples."""
        rnd = random.Random(7)
        sizes = [70, *[400] * 14]
        worth = 1 / min(sizes) / len(sizes)
        for rate in (0.016, 0.05):
            truth = rate / len(sizes)
            missed = 0
            for _ in range(600):
                wrong = sum(rnd.random() < rate for _ in range(sizes[0]))
                missed += upper_mean(wrong / sizes[0] / len(sizes), worth, 0.05) < truth
            self.assertLessEqual(missed / 600, 0.05)

    def test_hold_from_below_for_rates_that_differ(self):
        rnd = random.Random(8)
        sizes, rates = [71, 120, 700], [0.9, 0.1, 0.4]
        truth = sum(rates) / 3
        worth = 1 / min(sizes) / 3
        missed = 0
        for _ in range(300):
            observed = sum(sum(rnd.random() < rate for _ in range(size)) / size for size, rate in zip(sizes, rates)) / 3
            missed += lower_mean(observed, worth, 0.05) > truth
        self.assertLessEqual(missed / 300, 0.05)


if __name__ == "__main__":
    unittest.main()
