"""Boosted trees of XGBoost, with early stopping: pip install 'tracker-core[xgboost]' scikit-learn."""

import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import tracker_core as tracker
from tracker_integrations.xgboost import TrackerCallback


def main() -> None:
    data = load_breast_cancer()
    x_train, x_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)
    names = list(data.feature_names)
    train = xgboost.DMatrix(x_train, y_train, feature_names=names)
    test = xgboost.DMatrix(x_test, y_test, feature_names=names)

    with tracker.init(project="breast-cancer", name="xgboost", tags=["example"]) as run:
        model = xgboost.train(
            {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "max_depth": 3},
            train,
            num_boost_round=200,
            evals=[(train, "train"), (test, "test")],
            early_stopping_rounds=10,
            verbose_eval=False,
            callbacks=[TrackerCallback(log_model=True)],
        )
        run.summary["accuracy"] = float(((model.predict(test) > 0.5) == y_test).mean())


if __name__ == "__main__":
    main()
