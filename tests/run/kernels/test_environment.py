from __future__ import annotations

import pytest

from helpers.run.kernels.environment import kernel_environ


def test_kernels_of_the_sandbox_inherit_no_real_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", "made-up")
    monkeypatch.setenv("HARMLESS", "1")
    inherited = kernel_environ({"EXTRA": "2"}, secrets=False)
    assert "INTERCOM_ACCESS_TOKEN" not in inherited
    assert (inherited["HARMLESS"], inherited["EXTRA"]) == ("1", "2")
    assert "INTERCOM_ACCESS_TOKEN" in kernel_environ({}, secrets=True)


def test_a_run_that_is_started_in_jupyterlab_has_nobody_at_its_kernels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/01_environment_setup.ipynb")
    assert "JPY_SESSION_NAME" not in kernel_environ({}, secrets=True)
