"""Media of every step: what a classifier of digits sees, believes and confuses."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

import tracker_core as tracker

images, labels = load_digits(return_X_y=True)
train_x, val_x, train_y, val_y = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0)
pictures = val_x.reshape(-1, 8, 8)

run = tracker.init(project="digits-media", config={"epochs": 5})
model = SGDClassifier(loss="log_loss", random_state=0)
mistakes = tracker.Table(columns=["epoch", "picture", "guess", "truth"])

for epoch in range(run.config.epochs):
    model.partial_fit(train_x, train_y, classes=np.arange(10))
    guesses = model.predict(val_x)
    for index in np.flatnonzero(guesses != val_y)[:5]:
        mistakes.add_data(epoch, tracker.Image(pictures[index]), guesses[index], val_y[index])
    run.log(
        {
            "accuracy": (guesses == val_y).mean(),
            "weights": model.coef_,  # an array of more than 32 numbers: a histogram
            "samples": [tracker.Image(pictures[i], caption=f"guess {guesses[i]}") for i in range(4)],
            "mistakes": mistakes,  # grows, and only its new rows are written
            "confusion": tracker.plot.confusion_matrix(y_true=val_y, preds=guesses),
        }
    )

run.log({"turning": tracker.Video(np.stack([np.kron(picture, np.ones((8, 8))) for picture in pictures[:20]]), fps=5)})
run.finish()
