"""TensorBoard: `tracker.init(sync_tensorboard=True)` mirrors every event file that the process writes."""
