"""What reading costs: Quire and other readers on big manuals, and on a small file for the start.

Medians of several runs, one reader after another in each, so that other work on the machine meets
all of them alike. Processor time counts all processes of a reader; memory is the peak of the
largest. Writes results/speed.json.
"""

import statistics
import sys

import corpus
import peers
import process
import quire

MANUALS = [
    ("R reference manual", "pdf/r-doc-pdf/manual--fullrefman.pdf"),
    ("GNU Octave", "pdf/octave-doc/octave--octave.pdf"),
    ("Debian policy", "pdf/debian-policy/debian-policy--policy.pdf"),
]
SMALL = ("4 pages", corpus.FIXTURES / "pdf/pdflatex-4-pages.pdf")
READERS = ["quire", "pdftotext", "PyMuPDF", "pdf_oxide", "pypdf"]
# Minutes for one run of it on the biggest manual; one measurement tells enough.
SLOW = {"pypdf"}


def main():
    chosen = corpus.arguments(__doc__, runs={"type": int, "default": 5})
    rows = []
    for title, path in [*[(title, chosen.cache / path) for title, path in MANUALS], SMALL]:
        if not path.exists():
            print(f"speed: {path} is missing; run fetch.py", file=sys.stderr)
            continue
        row = {"document": title, "pages": page_count(path), "readers": measure(path, chosen.quire, chosen.runs)}
        rows.append(row)
        for reader, cost in row["readers"].items():
            print(f"{title:20} {row['pages']:5} p  {reader:10} {cost['cpu']:8.2f} CPU s {cost['wall']:8.2f} s "
                  f"{cost['rss'] / 1e6:7.1f} MB  runs {cost['runs']}", flush=True)
    versions = {name: peers.version(name) for name in READERS[1:]}
    corpus.keep(chosen.cache, "speed", {"versions": versions, "runs": chosen.runs, "rows": rows})


def measure(path, program, runs):
    commands = {name: peers.command(name, path) for name in READERS[1:]} | {"quire": quire.read(program, path)}
    taken = {name: [] for name in READERS}
    for round_number in range(runs):
        for name in READERS:
            if name in SLOW and round_number > 0:
                continue
            taken[name].append(process.run(commands[name], wall=600))
    return {name: cost(done) for name, done in taken.items()}


def cost(runs):
    ended_well = [run for run in runs if run.exit == 0]
    if not ended_well:
        return {"runs": 0, "cpu": float("nan"), "wall": float("nan"), "rss": 0}
    medians = {what: statistics.median(getattr(run, what) for run in ended_well) for what in ("cpu", "wall", "rss")}
    return {"runs": len(ended_well), **medians}


def page_count(path):
    shown = process.run(["pdfinfo", path]).stdout.decode(errors="replace")
    return next((int(line.split()[1]) for line in shown.splitlines() if line.startswith("Pages:")), 0)


if __name__ == "__main__":
    main()
