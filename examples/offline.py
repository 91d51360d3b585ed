"""Offline by environment variables, as on a cluster without internet: nothing leaves the machine."""

import os

import tracker_core as tracker

os.environ["TRACKER_API_KEY"] = "the key of your account"
os.environ["TRACKER_MODE"] = "dryrun"

config = {
    "dataset": "CIFAR10",
    "machine": "offline cluster",
    "model": "CNN",
    "learning_rate": 0.01,
    "batch_size": 128,
}

tracker.init(project="offline-demo", config=config)

for i in range(100):
    tracker.log({"accuracy": i})
