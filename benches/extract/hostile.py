"""What hostile documents cost, and what is said of them.

Each is read alone, for its cost (processor time, time on the clock, peak memory of the child), and
drawn alone if it has pages or is a picture; and all in a row, three times over, by one process that lives on, for the verdict that a task would bear and
the memory that this process holds after each round. Writes results/hostile.json; fails if a document was without a
verdict, or was not ended within the limits.
"""

import json
import sys
import tempfile
from pathlib import Path

import bombs
import corpus
import process
import quire

# The limits of the reader, with what starting and killing a process may take.
MAX_WALL = 125
DRAWN = {".pdf", ".png", ".gif", ".tiff", ".webp", ".bmp", ".jpg"}
ROUNDS = 3
# The process that lives on may grow by so much in the last round, in bytes.
MAX_GROWTH = 4 << 20


def main():
    chosen = corpus.arguments(
        __doc__,
        read_many={"default": str(corpus.ROOT / "target/release/examples/read_many"), "help": "that example, built"},
        only={"help": "measure only documents whose name contains this"})
    made = chosen.cache / "hostile"
    bombs.main(made, quiet=True)
    paths = sorted((corpus.FIXTURES / "hostile").iterdir()) + [made / name for name, _ in bombs.BOMBS]
    paths = [path for path in paths if not chosen.only or chosen.only in path.name]
    what = {name: make.__doc__ for name, make in bombs.BOMBS}

    together = process.run([chosen.read_many, *paths * ROUNDS], wall=ROUNDS * MAX_WALL * len(paths))
    lines = [json.loads(line) for line in together.stdout.splitlines()]
    verdicts = {line["path"]: line["verdict"] for line in lines}
    # What it holds after each round; allocators keep some of what the largest answer took.
    rounds = [lines[number - 1]["resident"] for number in range(len(paths), len(lines) + 1, len(paths))]
    complete = together.exit == 0 and len(rounds) == ROUNDS
    growth = rounds[-1] - rounds[-2] if complete else None
    rows = []
    for path in paths:
        alone = process.run(quire.read(chosen.quire, path), wall=MAX_WALL)
        drawn = draw(chosen.quire, path)
        rows.append({
            "name": path.name, "what": what.get(path.name), "size": path.stat().st_size,
            "verdict": verdicts.get(str(path), "none"),
            "drawn": drawn and {"exit": drawn.exit, "cpu": drawn.cpu, "rss": drawn.rss},
            "cpu": alone.cpu, "wall": alone.wall, "rss": alone.rss, "exit": alone.exit,
            "said": alone.stderr.decode(errors="replace").strip().removeprefix(f"{path}: ")[-200:],
        })
        row = rows[-1]
        print(f"{row['verdict']:22} {row['cpu']:7.2f} CPU s {row['wall']:7.2f} s {row['rss'] / 1e6:7.0f} MB"
              f"  {row['name']:36} {row['said']}"
              + (f"; drawn: exit {drawn.exit} {drawn.cpu:.2f} CPU s {drawn.rss / 1e6:.0f} MB" if drawn else ""), flush=True)
    print(f"the process that read them all: exit {together.exit}, MB after each round:",
          *(f"{held / 1e6:.1f}" for held in rounds))
    bad = [row["name"] for row in rows if row["verdict"] in ("none", "unavailable") or row["exit"] not in (0, 1)
           or (row["drawn"] and row["drawn"]["exit"] not in (0, 1))]
    corpus.keep(chosen.cache, "hostile", {"complete": complete, "rounds": rounds, "growth": growth, "rows": rows, "bad": bad})
    if bad or not complete or growth > MAX_GROWTH:
        sys.exit(f"hostile: not as it should be: {', '.join(bad) or 'the process that lives on'}")


def draw(program, path):
    """What a picture of its first page costs; `None` if it is of a kind that has none."""
    if path.suffix not in DRAWN:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return process.run(quire.thumbnail(program, path, Path(folder) / "page.webp"), wall=MAX_WALL)


if __name__ == "__main__":
    main()
