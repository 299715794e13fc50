"""Bounds of a mean over sets that hold for every finite sample, whatever the rates of the single sets are.

The mean of the sets' rates is a sum of independent outcomes, each worth 1 / (rows of its set) / (number of sets). Divided by the
largest of these worths, each outcome lies in [0, 1], and the multiplicative Chernoff bounds for sums of such variables apply
(Mitzenmacher and Upfal, Probability and Computing, theorems 4.4 and 4.5 and their weighted form).
"""

import math


def _solve(low, high, too_low):
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if too_low(middle) else (low, middle)
    return (low + high) / 2


def _exponent(total, mean):
    """-log of the Chernoff bound on seeing `total` or further out where `mean` is expected."""
    return mean - total + (total * math.log(total / mean) if total > 0 else 0.0)


def upper_mean(observed, worth, alpha):
    """The mean that is exceeded with probability at most `alpha`; `worth` is the largest of a single outcome."""
    total, limit = observed / worth, math.log(1 / alpha)
    return min(1.0, worth * _solve(total, total + limit + 2 * math.sqrt(limit * (total + limit)) + 1, lambda mean: _exponent(total, max(mean, 1e-12)) < limit))


def lower_mean(observed, worth, alpha):
    """The mean under which it lies with probability at most `alpha`."""
    total, limit = observed / worth, math.log(1 / alpha)
    return 0.0 if total == 0 else worth * _solve(0.0, total, lambda mean: _exponent(total, max(mean, 1e-12)) > limit)
