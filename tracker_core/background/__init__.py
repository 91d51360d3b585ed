"""The background process of one run: capture, system metrics, tails, fsync, heartbeat and the final state.

`tracker_core._background` starts it; `process.py` is its life from start to end. It never imports the run.
"""
