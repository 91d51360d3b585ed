"""Runs one part of one group for one tracker, in this fresh process: `part.py GROUP PART TRACKER FOLDER RESULT`."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

group, part, tracker, folder, result = sys.argv[1:]
found = importlib.import_module(group).PARTS[part](tracker, Path(folder))
Path(result).write_text(json.dumps(found))
