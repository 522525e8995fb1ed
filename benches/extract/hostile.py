"""What hostile documents cost, and what is said of them.

Each is read twice: alone, for its cost (processor time, time on the clock, peak memory of the child),
and all in a row by one process that lives on, for the verdict that a task would bear and the memory
that this process holds afterwards. Writes results/hostile.json; fails if a document was without a
verdict, or was not ended within the limits.
"""

import json
import sys

import bombs
import corpus
import process
import quire

# The limits of the reader, with what starting and killing a process may take.
MAX_WALL = 125
# The process that lives on may grow by so much over all documents, in bytes.
MAX_GROWTH = 16 << 20


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

    together = process.run([chosen.read_many, *paths], wall=MAX_WALL * len(paths))
    lines = {line["path"]: line for line in map(json.loads, together.stdout.splitlines())}
    rows = []
    for path in paths:
        alone, line = process.run(quire.read(chosen.quire, path), wall=MAX_WALL), lines.get(str(path), {})
        rows.append({
            "name": path.name, "what": what.get(path.name), "size": path.stat().st_size,
            "verdict": line.get("verdict", "none"), "resident": line.get("resident"),
            "cpu": alone.cpu, "wall": alone.wall, "rss": alone.rss, "exit": alone.exit,
            "said": alone.stderr.decode(errors="replace").strip().removeprefix(f"{path}: ")[-200:],
        })
        row = rows[-1]
        print(f"{row['verdict']:22} {row['cpu']:7.2f} CPU s {row['wall']:7.2f} s {row['rss'] / 1e6:7.0f} MB"
              f"  {row['name']:36} {row['said']}", flush=True)
    residents = [row["resident"] for row in rows if row["resident"]]
    growth = residents[-1] - residents[0] if residents else None
    print(f"the process that read them all: exit {together.exit}, from {residents[0] / 1e6:.1f} to {residents[-1] / 1e6:.1f} MB")
    bad = [row["name"] for row in rows if row["verdict"] in ("none", "unavailable") or row["exit"] not in (0, 1)]
    corpus.keep(chosen.cache, "hostile", {
        "exit": together.exit, "growth": growth, "first": residents[0], "last": residents[-1], "rows": rows, "bad": bad})
    if bad or together.exit != 0 or growth > MAX_GROWTH:
        sys.exit(f"hostile: not as it should be: {', '.join(bad) or 'the process that lives on'}")


if __name__ == "__main__":
    main()
