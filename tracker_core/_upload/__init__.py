"""The way to a team's server: what lies in a folder of runs is copied there, and any part of that may be done again.

See `docs/design/sync.md`.
"""
