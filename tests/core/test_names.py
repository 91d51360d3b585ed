"""Scripts written for wandb find what they ask for, or are told what to write instead.

The lists are what public scripts and notebooks use three times and more, and what stands beside it in their docs.
"""

from __future__ import annotations

import importlib
import inspect

import pytest

import tracker_core as tracker

THERE = """
    Api Artifact Audio Classes Error Histogram Html Image JoinedTable Molecule Object3D Run Settings Table Video
    __version__ alert config define_metric finish init link_model log log_artifact log_model login plot plot_table
    restore run save sklearn summary unwatch use_artifact use_model watch AlertLevel CommError UsageError
    Graph Plotly log_code link_artifact mark_preempting
""".split()

INSTEAD = {
    "agent": "optuna",
    "apis": "tracker.Api",
    "controller": "optuna",
    "data_types": "tracker.Table",
    "env": "TRACKER_",
    "errors": "tracker.UsageError",
    "fastai": "writing-your-own",
    "join": "finish",
    "keras": "tracker_integrations.keras",
    "plots": "tracker.plot",
    "require": "remove the call",
    "sagemaker_auth": "remove the call",
    "setup": "remove the call",
    "sweep": "optuna",
    "tensorboard": "sync_tensorboard",
    "tensorflow": "sync_tensorboard",
    "termerror": "logging",
    "termlog": "print",
    "termwarn": "warnings",
    "util": "run.id",
}

MODULES = {
    "data_types": "tracker.Table",
    "fastai": "writing-your-own",
    "integration.diffusers": "writing-your-own",
    "integration.keras": "tracker_integrations.keras",
    "integration.keras.keras": "tracker_integrations.keras",
    "integration.lightning.fabric": "tracker_integrations.lightning",
    "integration.openai.fine_tuning": "writing-your-own",
    "integration.sb3": "tracker_integrations.stable_baselines3",
    "keras": "tracker_integrations.keras",
    "sdk.lib": "tracker.Run",
    "wandb_run": "tracker.Run",
}

RUN = """
    alert config define_metric dir disabled display entity finish get_project_url get_sweep_url get_url group id
    job_type link_artifact link_model log log_artifact log_code log_model logged_artifacts mark_preempting name notes
    offline path project project_url restore resumed save settings start_time starting_step status step summary
    sweep_id sweep_url sync_dir tags to_html unwatch url use_artifact use_model used_artifacts watch
""".split()

PLOTS = "bar confusion_matrix histogram line line_series pr_curve roc_curve scatter".split()

SKLEARN = """
    plot_calibration_curve plot_class_proportions plot_classifier plot_clusterer plot_confusion_matrix
    plot_elbow_curve plot_feature_importances plot_learning_curve plot_outlier_candidates plot_precision_recall
    plot_regressor plot_residuals plot_roc plot_silhouette plot_summary_metrics
""".split()

KEYWORDS = {
    "Api": "overrides timeout api_key",
    "Artifact": "name type description metadata incremental use_as",
    "Audio": "data_or_path sample_rate caption",
    "Classes": "class_set",
    "Histogram": "sequence np_histogram num_bins",
    "Html": "data inject data_is_not_path caption",
    "Image": "data_or_path mode caption grouping classes boxes masks file_type normalize",
    "JoinedTable": "table1 table2 join_key",
    "Molecule": "data_or_path caption file_type",
    "Object3D": "data_or_path caption file_type",
    "Plotly": "val",
    "Run.display": "height hidden",
    "Run.finish": "exit_code quiet",
    "Run.to_html": "height hidden",
    "Table": "columns data rows dataframe dtype optional allow_mixed_types log_mode",
    "Video": "data_or_path caption fps format",
    "alert": "title text level wait_duration",
    "define_metric": "name step_metric step_sync hidden summary goal overwrite",
    "init": "project job_type config entity name save_code sync_tensorboard monitor_gym group reinit resume notes id"
    " settings magic tensorboard tags dir mode force anonymous config_include_keys config_exclude_keys allow_val_change"
    " fork_from resume_from",
    "link_artifact": "artifact target_path aliases",
    "link_model": "path registered_model_name name aliases",
    "log": "data step commit sync",
    "log_artifact": "artifact_or_path name type aliases tags",
    "log_code": "root name include_fn exclude_fn",
    "log_model": "path name aliases",
    "login": "key relogin host force timeout verify",
    "plot.bar": "table label value title split_table",
    "plot.confusion_matrix": "probs y_true preds class_names title split_table",
    "plot.histogram": "table value title split_table",
    "plot.line": "table x y stroke title split_table",
    "plot.line_series": "xs ys keys title xname split_table",
    "plot.pr_curve": "y_true y_probas labels classes_to_plot interp_size title split_table",
    "plot.roc_curve": "y_true y_probas labels classes_to_plot title split_table",
    "plot.scatter": "table x y title split_table",
    "plot_table": "vega_spec_name data_table fields string_fields split_table",
    "restore": "name run_path replace root",
    "save": "glob_str base_path policy glob",
    "use_artifact": "artifact_or_name type aliases use_as",
    "watch": "models criterion log log_freq idx log_graph",
}


@pytest.mark.parametrize("name", THERE)
def test_name_is_there(name):
    assert name == "run" or getattr(tracker, name) is not None


@pytest.mark.parametrize("name", INSTEAD)
def test_name_that_is_not_there_has_its_advice(name):
    with pytest.raises(AttributeError, match=f"{name}': .*{INSTEAD[name]}"):
        getattr(tracker, name)


@pytest.mark.parametrize("name", MODULES)
def test_module_that_is_not_there_has_its_advice(name):
    with pytest.raises(ModuleNotFoundError, match=MODULES[name]):
        importlib.import_module(f"tracker_core.{name}")


def test_what_nobody_knows_is_missing_as_ever():
    with pytest.raises(AttributeError, match=r"has no attribute 'nonsense'$"):
        tracker.nonsense  # noqa: B018 - asking is the test
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'tracker_core.nonsense'$"):
        importlib.import_module("tracker_core.nonsense")
    assert importlib.util.find_spec("nonsense_of_others") is None


@pytest.mark.parametrize("name", RUN)
def test_run_has_it(name):
    with tracker.init(mode="disabled") as run:
        getattr(run, name)
        assert not hasattr(run, f"{name}_nonsense")


def test_run_tells_what_it_has_not():
    with tracker.init(mode="disabled") as run, pytest.raises(AttributeError, match="print"):
        run.write_logs("text")


@pytest.mark.parametrize(
    ("name", "hint"), [("sweep", "optuna"), ("viewer", "no accounts"), ("nonsense", "'nonsense'$")]
)
def test_api_tells_what_it_has_not(name, hint):
    with pytest.raises(AttributeError, match=hint):
        getattr(tracker.Api(), name)


def test_charts_are_reached_as_usual():
    assert [name for name in PLOTS if not callable(getattr(tracker.plot, name))] == []
    assert [name for name in SKLEARN if not callable(getattr(tracker.sklearn, name))] == []


@pytest.mark.parametrize("name", KEYWORDS)
def test_keywords(name):
    found = tracker
    for part in name.split("."):
        found = getattr(found, part)
    assert set(KEYWORDS[name].split()) <= set(inspect.signature(found).parameters)
