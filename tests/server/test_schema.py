"""Requests that nobody thought of, made from the OpenAPI document."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

import tracker_core as tracker

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def known(start):
    """What is there, by the names of parameters."""
    run = start(config={"lr": 0.1}, mode="offline")
    artifact = tracker.Artifact("data", "dataset")
    with artifact.new_file("a.txt") as file:
        file.write("content")
    run.log_artifact(artifact)
    run.finish()
    return {"project": "demo", "run": run.folder.path.name, "path": "a.txt", "name": "data", "version": 0}


def ask_everything(client, known, headers=()) -> int:
    """How many operations answered as the document says."""
    schema = schemathesis.openapi.from_url(f"{client.base}/api/openapi.json", headers=dict(headers))
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=15,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        )
        @given(case=operation.as_strategy(), real=st.booleans())
        def ask(case, real) -> None:
            if real and case.method != "DELETE":
                case.path_parameters = {
                    name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
                }
            case.call_and_validate(checks=CHECKS, headers=dict(headers))

        ask()
        asked.append((operation.method, operation.path))
    assert len(asked) == len(set(asked))
    return len(asked)


def test_every_operation_answers_as_it_says(client, known):
    client.get("/api/projects")
    assert ask_everything(client, known) == 21


def test_every_operation_of_a_team_answers_as_it_says(team, known, login, command):
    login("alice")
    command("sync")
    known |= {"project": "alice~demo", "run": f"alice~{known['run']}", "entity": "alice", "sha256": "0" * 64}
    known |= {"journal": "001-x.0000.journal"}
    headers = {"Authorization": f"Bearer {team.keys['alice']}"}
    assert ask_everything(team.client("alice"), known, headers) == 30
