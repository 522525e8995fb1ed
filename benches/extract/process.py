"""Running a command and knowing what it cost."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

LAUNCH = Path(__file__).resolve().with_name("launch.py")


@dataclass
class Run:
    """What a command did. `cpu` and `wall` in seconds, `rss` in bytes: processor time with, and the
    largest memory among, the processes it started and waited for. `exit` is negative for a signal,
    `None` if it was ended because it took too long."""

    exit: int | None
    cpu: float
    wall: float
    rss: int
    stdout: bytes
    stderr: bytes


def run(command, *, wall=300, cpu=0, cwd=None):
    """Runs a command to its end, at most `wall` seconds on the clock and `cpu` of the processor."""
    with tempfile.NamedTemporaryFile() as report:
        launched = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCH), report.name, str(cpu), *map(str, command)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, start_new_session=True)
        try:
            stdout, stderr = launched.communicate(timeout=wall)
        except subprocess.TimeoutExpired:
            os.killpg(launched.pid, signal.SIGKILL)
            stdout, stderr = launched.communicate()
            return Run(None, 0.0, float(wall), 0, stdout, stderr)
        return Run(stdout=stdout, stderr=stderr, **json.loads(Path(report.name).read_bytes()))
