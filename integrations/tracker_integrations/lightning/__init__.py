"""PyTorch Lightning: `Trainer(logger=TrackerLogger())`, from `pytorch_lightning` and `lightning.pytorch` alike."""

from tracker_integrations.lightning.logger import STEP, TrackerLogger
from tracker_integrations.lightning.magic import magic

__all__ = ["STEP", "TrackerLogger", "magic"]
