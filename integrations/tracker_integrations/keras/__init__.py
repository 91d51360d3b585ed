"""Keras 3 on any backend: `model.fit(..., callbacks=[TrackerCallback()])`."""

from tracker_integrations.keras.callback import TrackerCallback
from tracker_integrations.keras.checkpoint import TrackerModelCheckpoint
from tracker_integrations.keras.evaluation import TrackerEvaluation
from tracker_integrations.keras.fit import magic

__all__ = ["TrackerCallback", "TrackerEvaluation", "TrackerModelCheckpoint", "magic"]
