"""Requests that nobody thought of, made from the OpenAPI document."""

from __future__ import annotations

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


def test_every_operation_answers_as_it_says(client, start):
    run = start(config={"lr": 0.1})
    artifact = tracker.Artifact("data", "dataset")
    with artifact.new_file("a.txt") as file:
        file.write("content")
    run.log_artifact(artifact)
    run.finish()
    known = {"project": "demo", "run": run.folder.path.name, "path": "a.txt", "name": "data", "version": 0}
    client.get("/api/projects")
    schema = schemathesis.openapi.from_url(f"{client.base}/api/openapi.json")
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
                case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
            case.call_and_validate(checks=CHECKS)

        ask()
        asked.append((operation.method, operation.path))
    assert len(asked) == len(set(asked)) == 19
