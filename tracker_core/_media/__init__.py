"""Media: what a run can hold beside numbers and texts. See docs/design/media.md.

Only the light parts are imported here; the classes live in one module each and load numpy when they are used.
"""

from tracker_core._media.base import Media
from tracker_core._media.wrap import wrap

__all__ = ["Media", "wrap"]
