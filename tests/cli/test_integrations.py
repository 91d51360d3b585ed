from __future__ import annotations

import json
import sys
from importlib import metadata


def test_every_part_is_listed_with_version_and_range(tracker):
    listed = {(each["switch"], each["module"]): each for each in json.loads(tracker("integrations", "--json").stdout)}
    keras = listed["magic", "keras"]
    assert (keras["state"], keras["version"]) == ("ready", metadata.version("keras"))
    assert set(keras["supported"].split(",")) == {">=3.5", "<4"}
    assert keras["integration"] == "tracker_integrations.keras:magic"
    assert keras["distribution"] == "tracker-core"
    lightning = listed["magic", "pytorch_lightning"]
    assert lightning["version"] == metadata.version("pytorch-lightning")
    assert set(lightning["supported"].split(",")) == {">=2.2", "<3"}
    assert listed["magic", "argparse"]["supported"] is None
    assert ("sync_tensorboard", "tensorboardX.event_file_writer") in listed
    assert "tail" not in {switch for switch, _ in listed}


def test_frameworks_of_others_and_missing_ones(tracker, tmp_path, monkeypatch):
    info = tmp_path / "acme_tracker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-tracker\nVersion: 1.0\nRequires-Dist: acme (>=2) ; extra == 'acme'\n"
    )
    (info / "entry_points.txt").write_text("[tracker.magic]\nacme = acme_tracker:magic\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    lines = tracker("integrations").stdout.splitlines()
    assert lines[0].split() == ["switch", "waits", "for", "state", "version", "supported", "from"]
    (acme,) = [line for line in lines if " acme " in line]
    assert acme.split() == ["magic", "acme", "not", "installed", "-", ">=2", "acme-tracker"]
    assert "acme_tracker" not in sys.modules
