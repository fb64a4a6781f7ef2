"""A plugin of pytest: redirects imports before tests are collected, and writes what became of each test to a file."""

import ast
import json
import os
import pathlib

import pytest
import redirection


def _skip(reason):
    raise pytest.skip.Exception(reason, allow_module_level=True)


redirection.prepare(_skip)
if os.environ["PEER_TESTS_MODE"] == "ours":
    redirection.redirect(os.environ["PEER_TESTS_PEER"])
_results = []


def _reason(representation):
    if isinstance(representation, tuple):
        return representation[2].removeprefix("Skipped: ")
    crash = getattr(representation, "reprcrash", None)
    text = crash.message if crash else str(representation)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not crash:
        lines = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")] or lines[-1:]
    return lines[0] if lines else "no reason given"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    _skip_without_file((yield))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    _skip_without_file((yield))


def _skip_without_file(outcome):
    """A file that the folder lacks, such as a picture, is no fault of ours."""
    error = outcome.excinfo and outcome.excinfo[1]
    if isinstance(error, FileNotFoundError) and error.filename:
        outcome.force_exception(pytest.skip.Exception(f"needs {os.path.relpath(error.filename)}, which is not there"))


def pytest_pycollect_makemodule(module_path, parent):
    redirection.provide_missing(ast.parse(pathlib.Path(module_path).read_text()), _skip)


def pytest_collectreport(report):
    if report.outcome != "passed":
        _results.append({"test": "(import)", "outcome": report.outcome, "reason": _reason(report.longrepr)})


def pytest_runtest_logreport(report):
    name = report.nodeid.split("::", 1)[-1]
    expected = getattr(report, "wasxfail", None)
    if report.skipped:
        reason = f"marked as failing by the peer: {expected}" if expected is not None else _reason(report.longrepr)
        _results.append({"test": name, "outcome": "skipped", "reason": reason})
    elif report.failed:
        _results.append({"test": name, "outcome": "failed", "reason": _reason(report.longrepr)})
    elif report.when == "call":
        _results.append({"test": name, "outcome": "passed", "reason": ""})


def pytest_sessionfinish():
    pathlib.Path(os.environ["PEER_TESTS_REPORT"]).write_text(json.dumps({"results": _results}))
