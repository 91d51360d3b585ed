"""A training that is interrupted and goes on where it was: the same id, the same charts."""

import tracker_core as tracker

EPOCHS = 20


def train(interrupt_at: int | None = None) -> None:
    with tracker.init(project="resume", id="night-shift", resume="allow") as run:
        print("resumed at" if run.resumed else "started at", run.step)
        for epoch in range(run.step, EPOCHS):
            if epoch == interrupt_at:
                raise KeyboardInterrupt
            run.log({"loss": 1 / (epoch + 1)})


try:
    train(interrupt_at=8)
except KeyboardInterrupt:
    print("interrupted")
train()
