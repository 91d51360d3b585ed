"""A run as a context manager: it ends with the block, as failed when an exception leaves it."""

import tracker_core as tracker

for x in range(10):
    run = tracker.init(project="runs-from-with", reinit=True)
    with run:
        for y in range(100):
            run.log({"metric": x + y})
