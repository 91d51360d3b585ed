"""Trainers train a tiny model on the digits; the run is compared with the trainers' own history."""

from __future__ import annotations

import copy
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

import tracker_core as tracker
from tracker_integrations.transformers import TrackerCallback

pytestmark = [
    pytest.mark.xdist_group("transformers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]

ONCE = {"train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss", "total_flos"}


class Digits(torch.utils.data.Dataset):
    """Pixels as tokens: a digit is a text of 64 words out of 17."""

    def __init__(self, part):
        images, labels = load_digits(return_X_y=True)
        self.images, self.labels = images[part].astype(int), labels[part]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return {"input_ids": self.images[index], "labels": self.labels[index]}


def model():
    set_seed(0)
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=17,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
            max_position_embeddings=64,
            num_labels=10,
        )
    )


def accuracy(prediction):
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


def make(*callbacks, cls=Trainer, trained=model, **options):
    small = {
        "output_dir": "out",
        "use_cpu": True,
        "disable_tqdm": True,
        "max_steps": 6,
        "logging_steps": 2,
        "per_device_train_batch_size": 8,
        "save_strategy": "no",
        "eval_strategy": "steps",
        "eval_steps": 3,
    }
    return cls(
        model=trained() if trained is not None else None,
        model_init=options.pop("model_init", None),
        args=TrainingArguments(**{**small, **options}),
        train_dataset=Digits(slice(0, 64)),
        eval_dataset=Digits(slice(64, 96)),
        compute_metrics=accuracy,
        callbacks=list(callbacks),
    )


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


@pytest.fixture(autouse=True)
def _ended():
    yield
    tracker.finish()


def expected(trainer, name):
    return [(entry["step"], entry[name]) for entry in trainer.state.log_history if name in entry]


def same_as_history(recorded, trainer):
    names = {name for entry in trainer.state.log_history for name in entry} - ONCE - {"step", "epoch"}
    assert {"loss", "grad_norm", "learning_rate", "eval_loss", "eval_accuracy"} <= names
    for name in names:
        key = f"eval/{name[5:]}" if name.startswith("eval_") else f"train/{name}"
        assert recorded.over("train/global_step", key) == expected(trainer, name), key


def test_metrics_are_logged_as_the_trainer_logs_them(run, read):
    trainer = make(TrackerCallback())
    trainer.train()
    recorded = read(run)
    same_as_history(recorded, trainer)
    last = trainer.state.log_history[-1]
    assert {name: recorded.summary[name] for name in ONCE} == {name: last[name] for name in ONCE}


def test_arguments_and_the_model_are_config(run, read):
    trainer = make(TrackerCallback(), learning_rate=0.01, hub_token="hf_secret")
    trainer.train()
    config = read(run).config
    assert (config["learning_rate"], config["max_steps"]) == (0.01, 6)
    assert (config["hidden_size"], config["model_type"]) == (8, "bert")
    assert config["model/num_parameters"] == trainer.model.num_parameters()
    assert "hf_secret" not in str(config)


def test_evaluation_and_prediction_alone(run, read):
    trainer = make(TrackerCallback())
    found = trainer.evaluate()
    told = trainer.predict(Digits(slice(96, 128))).metrics
    recorded = read(run)
    assert recorded.over("train/global_step", "eval/accuracy") == [(0, found["eval_accuracy"])]
    assert recorded.over("train/global_step", "test/accuracy") == [(0, told["test_accuracy"])]
    assert recorded.config["hidden_size"] == 8


def test_report_to_tracker_starts_a_run_that_is_kept(read):
    trainer = make(report_to="tracker", run_name="tiny", project="mine")
    trainer.train()
    run = tracker.run
    trainer.evaluate()
    assert tracker.run is run
    assert (run.name, run.project) == ("tiny", "mine")
    tracker.finish()
    trainer.evaluate()
    assert tracker.run.id == run.id
    tracker.finish()
    recorded = read(run)
    same_as_history(recorded, trainer)
    assert len(recorded.over("train/global_step", "eval/loss")) == 4


def test_trainers_in_one_process_have_a_run_each(read):
    trainers = [make(TrackerCallback(project="mine", group=f"fold {fold}"), seed=fold) for fold in range(2)]
    runs = []
    for trainer in trainers:
        trainer.train()
        runs.append(tracker.run)
    trainers[0].evaluate()
    tracker.finish()
    assert runs[0].id != runs[1].id
    for trainer, run in zip(trainers, runs, strict=True):
        recorded = read(run)
        same_as_history(recorded, trainer)
        assert (recorded.run.group, recorded.state) == (f"fold {trainer.args.seed}", "finished")


def test_run_of_the_user_is_used_and_not_ended(run, read):
    for _ in range(2):
        trainer = make(TrackerCallback(project="other"))
        trainer.train()
    assert tracker.run is run
    run.log({"mine": 1})
    other = tracker.init(project="other", reinit="create_new", settings={"silent": True})
    trainer = make(TrackerCallback(other))
    trainer.train()
    other.finish()
    same_as_history(read(other), trainer)
    assert len(read(run).over("train/global_step", "eval/loss")) == 4


def test_only_the_first_process_logs(run, read, monkeypatch):
    monkeypatch.setattr(Trainer, "is_world_process_zero", lambda _: False)
    make(TrackerCallback(log_model="checkpoint"), save_strategy="steps", save_steps=3).train()
    assert not read(run).rows


EXAMPLE = Path(__file__).parents[2] / "examples/transformers_digits.py"


@pytest.mark.slow
@pytest.mark.parametrize("start", [[], ["-m", "tracker_core", "run"]], ids=["callback", "magic"])
def test_processes_of_one_training_have_one_run(start, distributed, read):
    script = EXAMPLE
    if start:
        text = EXAMPLE.read_text().replace("callbacks=[callback],", "")
        script = Path("train.py")
        script.write_text(
            "\n".join(line for line in text.splitlines() if "tracker" not in line.lower().replace("tracker-", ""))
        )
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *start, str(script)]
    done = distributed(sys.executable, *launch)
    assert done.returncode == 0, done.stderr
    recorded = read()
    # 1500 texts of 32 in a batch of each of two processes, four times over, and every fifth step is logged.
    assert [step for step, _ in recorded.over("train/global_step", "train/loss")] == list(range(5, 97, 5))
    assert [step for step, _ in recorded.over("train/global_step", "eval/accuracy")] == [24, 48, 72, 96]


def test_model_is_logged_at_the_end(run):
    trainer = make(TrackerCallback(log_model="end"))
    trainer.train()
    artifact = tracker.Api().artifact(f"p/model-{run.id}:final")
    assert artifact.metadata["global_step"] == 6
    again = BertForSequenceClassification.from_pretrained(artifact.download())
    for mine, theirs in zip(again.parameters(), trainer.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_checkpoints_are_logged_when_they_are_saved(run, monkeypatch):
    monkeypatch.setenv("TRACKER_LOG_MODEL", "checkpoint")
    trainer = make(
        report_to="tracker",
        save_strategy="steps",
        save_steps=3,
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
    )
    trainer.train()
    versions = tracker.Api().artifacts(f"p/model-{run.id}")
    aliases = {alias: each for each in versions for alias in each.aliases}
    assert set(aliases) == {"checkpoint-3", "checkpoint-6", "best", "final", "latest"}
    assert aliases["checkpoint-3"].metadata["global_step"] == 3
    assert aliases["best"].metadata["best_metric"] == min(loss for _, loss in expected(trainer, "eval_loss"))
    assert Path(aliases["checkpoint-6"].download(), "trainer_state.json").is_file()


def test_resuming_from_a_checkpoint_goes_on_with_the_run(read):
    saved = {"save_strategy": "steps", "save_steps": 3}
    first = make(TrackerCallback(id="again", resume="allow"), max_steps=3, **saved)
    first.train()
    tracker.finish()
    second = make(TrackerCallback(id="again", resume="allow"), **saved)
    second.train(resume_from_checkpoint="out/checkpoint-3")
    tracker.finish()
    recorded = read()
    assert recorded.over("train/global_step", "eval/loss") == expected(second, "eval_loss")
    assert [step for step, _ in recorded.over("train/global_step", "train/loss")] == [2, 4, 6]


def test_trials_of_a_search_are_runs_of_a_group(run, read):
    pytest.importorskip("optuna").logging.set_verbosity(40)
    trainer = make(TrackerCallback(), trained=None, model_init=model, run_name="search")
    rates = []

    def space(trial):
        rates.append(trial.suggest_float("learning_rate", 1e-4, 1e-2))
        return {"learning_rate": rates[-1]}

    trainer.hyperparameter_search(space, n_trials=2, backend="optuna", hp_name=lambda trial: f"trial {trial.number}")
    tracker.finish()
    found = sorted(tracker.Api().runs("p", {"group": "search"}), key=lambda each: each.name)
    assert [each.name for each in found] == ["trial 0", "trial 1"]
    for each, rate in zip(found, rates, strict=True):
        assert each.config["learning_rate"] == rate
        assert each.config["trial"] == {"learning_rate": rate}
        assert len(each.series("eval/loss")[2]) == 2
    assert not read(run).rows


def test_trials_of_a_search_end_as_they_went():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(40)

    class Broken(Trainer):
        def training_step(self, *args, **kwargs):
            if "broken" in str(self.state.trial_name):
                raise RuntimeError("of the user")
            if "early" in str(self.state.trial_name):
                raise optuna.TrialPruned
            return super().training_step(*args, **kwargs)

    trainer = make(TrackerCallback(), trained=None, model_init=model, run_name="search", cls=Broken)
    names = ["good", "broken", "early", "last"]
    trainer.hyperparameter_search(
        lambda trial: {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2)},
        n_trials=4,
        backend="optuna",
        hp_name=lambda trial: names[trial.number],
        catch=(RuntimeError,),
    )
    found = {run.name: (run.state, run.tags) for run in tracker.Api().runs(None, {"group": "search"})}
    assert found == {
        "good": ("finished", []),
        "broken": ("failed", []),
        "early": ("finished", ["pruned"]),
        "last": ("finished", []),
    }


def test_exception_ends_the_training_and_not_the_run(read):
    class Broken(Trainer):
        def training_step(self, *args, **kwargs):
            if self.state.global_step == 4:
                raise RuntimeError("of the user")
            return super().training_step(*args, **kwargs)

    trainer = make(TrackerCallback(), cls=Broken)
    with pytest.raises(RuntimeError, match="of the user"):
        trainer.train()
    run = tracker.run
    run.finish(exit_code=1)
    recorded = read(run)
    same = expected(trainer, "eval_loss")
    assert recorded.over("train/global_step", "eval/loss") == same
    assert (len(same), recorded.state) == (1, "failed")


def test_callback_is_copied_and_pickled(run, read):
    callback = TrackerCallback(run)
    for each in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        trainer = make(each)
        trainer.train()
    assert len(read(run).over("train/global_step", "eval/loss")) == 4


def test_watched_gradients(run, read):
    make(TrackerCallback(watch="gradients")).train()
    norms = [value for _, value in read(run).series("gradients/norm")]
    assert norms
    assert np.isfinite(norms).all()


def test_second_training_continues_after_the_first(run, read):
    callback = TrackerCallback()
    for each in (callback, callback, TrackerCallback()):
        make(each).train()
    recorded = read(run)
    assert [step for step, _ in recorded.over("train/global_step", "train/loss")] == list(range(2, 19, 2))
    assert [step for step, _ in recorded.over("train/global_step", "eval/loss")] == list(range(3, 19, 3))


def test_values_that_cannot_be_had_leave_the_others(run, read, caplog):
    class Odd(BertConfig):
        def to_dict(self):
            if self.name_or_path == "odd":
                raise RuntimeError("no configuration")
            return super().to_dict()

    trained = model()
    trained.config.__class__ = Odd
    trained.config.name_or_path = "odd"
    trainer = make(TrackerCallback(), trained=lambda: trained)
    trainer.train()
    recorded = read(run)
    same_as_history(recorded, trainer)
    assert recorded.config["max_steps"] == 6
    assert recorded.config["model/num_parameters"] == trained.num_parameters()
    assert caplog.text.count("no configuration") == 1


def test_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="Did you mean 'log_model'"):
        TrackerCallback(log_modle=True)


def test_argument_that_init_refuses_ends_the_training_before_it_begins():
    with pytest.raises(tracker.UsageError, match="resume"):
        make(TrackerCallback(id="none", resume="must")).train()


def test_wrong_log_model_is_told():
    with pytest.raises(tracker.UsageError, match="log_model='best'"):
        TrackerCallback(log_model="best")


class TestMagic:
    def test_trainer_without_a_word_is_logged_and_all_is_undone(self, read):
        class Mine(Trainer):
            pass

        before = vars(Trainer)["__init__"]
        with tracker.init(magic={"transformers": {"log_model": "end"}}, settings={"silent": True}) as run:
            trainer = make(cls=Mine)
            trainer.train()
        same_as_history(read(run), trainer)
        assert len(tracker.Api().artifacts(f"{run.project}/model-{run.id}")) == 1
        assert vars(Trainer)["__init__"] is before

    @pytest.mark.parametrize("form", ["callback", "report_to"])
    def test_callback_of_the_user_is_enough(self, form, read):
        with tracker.init(magic=True, settings={"silent": True}) as run:
            trainer = make(TrackerCallback()) if form == "callback" else make(report_to=["tracker"])
            trainer.train()
        assert read(run).over("train/global_step", "eval/loss") == expected(trainer, "eval_loss")

    @pytest.mark.parametrize("given", [False, True])
    def test_mirrored_tensorboard_tells_the_metrics_once(self, given, read):
        with tracker.init(magic=not given, sync_tensorboard=True, settings={"silent": True}) as run:
            trainer = make(*[TrackerCallback()] * given, report_to=["tensorboard"])
            trainer.train()
        recorded = read(run)
        for name, key in (("loss", "train/loss"), ("eval_accuracy", "eval/accuracy")):
            assert recorded.series(key) == [(step, pytest.approx(value)) for step, value in expected(trainer, name)]
        assert "train/global_step" not in recorded.keys
        assert recorded.config["max_steps"] == 6
        assert recorded.summary["train_loss"] > 0

    def test_failing_tracker_is_unseen(self, monkeypatch, caplog):
        run = tracker.init(magic=True, settings={"silent": True})

        def fail(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(type(run), "log", fail)
        trainer = make()
        trainer.train()
        run.finish()
        assert trainer.state.global_step == 6
        assert "the disk is full" in caplog.text
