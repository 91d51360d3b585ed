"""Names: a readable one is there from the start, and any other may take its place."""

import tracker_core as tracker

tracker.init(project="names")
run_name = tracker.run.name
print("generated:", run_name)

tracker.run.name = tracker.run.id
tracker.run.save()
print("now the id:", tracker.run.name)
