"""A Keras model on scikit-learn's digits: pip install 'tracker-core[keras]' torch scikit-learn.

KERAS_BACKEND chooses torch, jax or tensorflow.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
from sklearn.datasets import load_digits

import tracker_core as tracker
from tracker_integrations.keras import TrackerCallback, TrackerModelCheckpoint


def main() -> None:
    images, labels = load_digits(return_X_y=True)
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    with tracker.init(project="digits", name="keras", tags=["example"]):
        model.fit(
            images / 16,
            labels,
            epochs=10,
            batch_size=64,
            validation_split=0.2,
            verbose=0,
            callbacks=[
                TrackerCallback(log_freq=10),
                TrackerModelCheckpoint("tracker-models/best.keras", monitor="val_loss", save_best_only=True),
            ],
        )


if __name__ == "__main__":
    main()
