"""The usual charts of a classifier, with one call."""

from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import tracker_core as tracker
from tracker_integrations import sklearn

data = load_iris()
x_train, x_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)

with tracker.init(project="iris", config={"trees": 20}) as run:
    model = RandomForestClassifier(run.config.trees, random_state=0).fit(x_train, y_train)
    guesses, probabilities = model.predict(x_test), model.predict_proba(x_test)
    names = list(data.target_names)
    sklearn.plot_classifier(
        model, x_train, x_test, y_train, y_test, guesses, probabilities, names, feature_names=data.feature_names
    )
    run.log({"accuracy": float((guesses == y_test).mean())})
