"""Several runs from one script: `reinit=True` lets a new run begin, `finish()` ends it."""

import tracker_core as tracker

for x in range(10):
    run = tracker.init(project="runs-from-for-loop", reinit=True)
    for y in range(100):
        tracker.log({"metric": x + y})
    run.finish()
