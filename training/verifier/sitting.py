"""One sitting of training: which batches it takes, at which learning rate, and what is known of it when it goes on."""

import math
import random

WINDOW = 40
WARM_UP = 150
LEAST_RATE = 0.02


def batches(rows, size, seed, done=0):
    """Without end, from the one after the first `done`; each pass shuffled anew, and of like length within a batch: padding
    costs as much as words. A row begins with its ids."""
    number = math.ceil(len(rows) / size)
    while True:
        rnd, order, shuffled = random.Random(f"{seed} {done // number}"), list(rows), []
        rnd.shuffle(order)
        for start in range(0, len(order), size * WINDOW):
            window = sorted(order[start : start + size * WINDOW], key=lambda row: len(row[0]))
            window = [window[at : at + size] for at in range(0, len(window), size)]
            rnd.shuffle(window)
            shuffled += window
        yield from shuffled[done % number :]
        done += number - done % number


def rate(highest, steps, share, final):
    """The learning rate after so many steps and that share of the time of a sitting: level, or falling to nothing."""
    return highest * min(1, (steps + 1) / WARM_UP) * (max(LEAST_RATE, 1 - share) if final else 1)


def split(sittings, name):
    """(the sittings before, what the one of that name has done): it goes on if it is the last, else it is a new one."""
    if sittings and sittings[-1].get("name") == name:
        return sittings[:-1], sittings[-1]
    return sittings, {"minutes": 0, "steps": 0, "loss": None}


def minutes_of(sittings, name):
    return sum(each["minutes"] for each in sittings if each.get("name") == name)
