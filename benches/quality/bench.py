"""What the measuring programs share: their arguments, our own methods, and where results go."""

import argparse
import json
import math
import subprocess
import time
from importlib.metadata import version
from pathlib import Path


def arguments(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="where texts and results are kept")
    parser.add_argument("--quire", type=Path, required=True, help="the example program local_methods")
    return parser.parse_args()


def write(cache, name, result):
    folder = cache / "results"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


class Quire:
    """Our methods, in one process: a line of JSON there, a line of JSON back."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.seconds = 0.0

    def ask(self, **wanted):
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.seconds += answer["seconds"]
        return answer

    def method(self, method, text, count=0):
        return self.ask(method=method, text=text, count=count).get("value")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Peer:
    """Another program, with the time it takes."""

    def __init__(self, package, do):
        self.name, self.do, self.seconds = f"{package} {version(package)}", do, 0.0

    def __call__(self, *given):
        begun = time.perf_counter()
        try:
            return self.do(*given)
        finally:
            self.seconds += time.perf_counter() - begun


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def correlation(first, second):
    a, b = mean(first), mean(second)
    covariance = sum((x - a) * (y - b) for x, y in zip(first, second))
    spread = math.sqrt(sum((x - a) ** 2 for x in first) * sum((y - b) ** 2 for y in second))
    return covariance / spread if spread else math.nan
