"""Scores what is read out of the sample CVs and invoices, and times a document of 300 pages on a model that takes
200 ms for an answer, undisturbed and with its worker killed in the middle. The tests do the work and print the figures.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
from pathlib import Path

RUNS = 3
PAGES = 300
LINE = re.compile(r"(.+): (\d+) pages, (\d+) ms a call, (\d+) at once, (\d+) tokens of context: "
                  r"(\d+) calls, (\d+) of them again, (\d+) tokens in, (\d+) out, ([\d.]+) s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    results = parser.parse_args().cache / "results"
    results.mkdir(parents=True, exist_ok=True)
    for name, measure in {"cv": cv, "invoice": invoice, "providers": providers}.items():
        (results / f"{name}.json").write_text(json.dumps(measure(), ensure_ascii=False))


def printed(package, test, *options, **variables):
    command = ["cargo", "test", "--locked", "--quiet", "-p", package, "--test", "it", "--", "--nocapture", "--exact", test, *options]
    env = {**os.environ, **variables}
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=env).stdout.splitlines()


def tables(lines):
    """The tables among these lines, each as its lines."""
    found, inside = [], False
    for line in lines:
        if line.startswith("|"):
            if not inside:
                found.append([])
            found[-1].append(line)
        inside = line.startswith("|")
    return found


def cv():
    lines = printed("quire-ai", "cv::the_figures", "--ignored")
    counts = [line for line in lines if "quotes verified" in line]
    return {"table": tables(lines)[0], "counts": counts}


def invoice():
    rows = [[row.strip("| ").split(" | ") for row in table[2:]]
            for table in tables(printed("quire-ai", "invoices::the_samples_are_read_as_they_were"))]
    return {"rows": [[*known, *other[1:]] for known, other in zip(*rows, strict=True)]}


def providers():
    runs = {}
    for _ in range(RUNS):
        lines = printed("quire-processor", "worker::long::a_killed_worker_pays_for_no_piece_twice",
                        QUIRE_LONG_DOCUMENT_PAGES=str(PAGES))
        for found in filter(None, map(LINE.fullmatch, lines)):
            runs.setdefault(found[1], []).append([float(figure) for figure in found.groups()[1:]])
    return {"rows": [[what, *map(statistics.median, zip(*figures))] for what, figures in runs.items()]}


main()
