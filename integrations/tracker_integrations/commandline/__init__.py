"""Command lines: with `magic`, what the script's own parser made of its arguments becomes config."""
