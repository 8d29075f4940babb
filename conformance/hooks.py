"""Hooks: how the suite asks a deployment's own tools to generate a key, or to show one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import httpx

SECONDS = 30.0


class HookError(Exception):
    """A hook gave no answer; the message says which one and why, without its output."""


class Hooks(Protocol):
    """Something that answers hooks by name."""

    def has(self, name: str) -> bool:
        """Whether this hook is given."""
        ...

    def call(self, name: str, id: str) -> str:
        """Call a hook for a project or team; raise HookError when it gives no answer."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class Programs:
    """Hooks that are programs, run without a shell; the last line of stdout is the answer."""

    def __init__(self, programs: Mapping[str, tuple[str, ...]]) -> None:
        self._programs = programs

    def has(self, name: str) -> bool:
        """Whether the target file gives this hook."""
        return name in self._programs

    def call(self, name: str, id: str) -> str:
        """Run the program with {id} replaced."""
        argv = [part.replace("{id}", id) for part in self._programs[name]]
        try:
            done = subprocess.run(  # noqa: S603 - the target file's own program, without a shell
                argv, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
            )
        except OSError as error:
            raise HookError(f"hooks.{name}: {argv[0]}: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise HookError(f"hooks.{name}: no end after {SECONDS:.0f} s") from None
        if done.returncode != 0:
            raise HookError(f"hooks.{name}: {argv[0]} ended with status {done.returncode}")
        return _last_line(done.stdout.decode("utf-8", "replace"))

    def close(self) -> None:
        """It holds nothing."""


def unfit(programs: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What keeps hooks from being run, as far as shows without running them."""
    for name, argv in programs.items():
        if shutil.which(argv[0]) is None:
            yield f"hooks.{name}: {argv[0]} {_why_not(argv[0])}"


def _why_not(program: str) -> str:
    if os.sep not in program:
        return "is on no folder of PATH; install it, or write its path"
    if not Path(program).exists():
        return f"does not exist, seen from {Path.cwd()}; write its path from there, or a whole one"
    if Path(program).is_dir():
        return "is a folder; write the path of a program"
    return f"may not be executed; chmod +x {program}"


class Controls:
    """Hooks of an embedded reference server, called without the cost of a process."""

    CALLS: Mapping[str, tuple[str, str]] = {
        "regenerate_project_key": ("POST", "/projects/{id}/keys"),
        "generate_team_key": ("POST", "/teams/{id}/keys"),
        "show_project_key": ("GET", "/projects/{id}/keys"),
    }

    def __init__(self, control: str) -> None:
        self._control = control
        self._client = httpx.Client(verify=False, trust_env=False, timeout=SECONDS)  # noqa: S501 - loopback, plain

    def has(self, name: str) -> bool:
        """The reference server has all of them."""
        return name in self.CALLS

    def call(self, name: str, id: str) -> str:
        """Ask the control plane."""
        method, path = self.CALLS[name]
        url = self._control + path.replace("{id}", id)
        try:
            answer = self._client.request(method, url)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise HookError(f"hooks.{name}: {type(error).__name__}") from None
        return _last_line(answer.text)

    def close(self) -> None:
        """Close the connections to the control plane."""
        self._client.close()


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else ""
