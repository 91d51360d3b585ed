"""Artifacts: versioned sets of files. See docs/design/artifacts.md."""
