"""Pictures of first pages: Quire against pdftoppm.

Both at the size that Quire chooses; the difference is the mean of the absolute differences of grey
values (0 to 255). pdftoppm is a reference and not the truth: it leaves out drawings that others show,
and moves lines and the baselines of text to whole pixels. So both are held against what pdftoppm
draws at four times the size, too, where a pixel is a quarter as large: the mean of four by four of
those is how light or dark each pixel should be. Writes results/thumbnails.json.
"""

import io
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import corpus
import process
import quire

# Above this a difference is seen at a glance.
VISIBLE = 10
# How many times as large the finer reference is.
FINER = 4


def main():
    chosen = corpus.arguments(__doc__, jobs={"type": int, "default": 2}, extra={"action": "append", "default": []},
                              only={"help": "measure only documents whose name contains this"})
    documents = [d for d in corpus.documents(chosen.cache, "pdf", chosen.extra) if not chosen.only or chosen.only in d.name]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        rows = list(pool.map(measure, documents, [chosen.quire] * len(documents)))
    compared = sorted((row for row in rows if row["difference"] is not None), key=lambda row: -row["difference"])
    differences = [row["difference"] for row in compared]
    result = {
        "compared": len(compared), "median": statistics.median(differences),
        "p90": statistics.quantiles(differences, n=10)[-1] if len(differences) > 1 else differences[0],
        "visible": sum(difference > VISIBLE for difference in differences),
        "only_reference": [row for row in rows if row["reference"] and not row["drawn"]],
        "only_quire": [row["name"] for row in rows if row["drawn"] and not row["reference"]],
        "cpu": {who: sum(row["cpu"][who] for row in compared) for who in ("quire", "pdftoppm")},
        "rss": {who: max(row["rss"][who] for row in compared) for who in ("quire", "pdftoppm")},
        "finer": finer(compared), "rows": compared,
    }
    if not chosen.only:
        corpus.keep(chosen.cache, "thumbnails", result)
    for row in compared:
        if row["difference"] > 2 or chosen.only:
            print(f"{row['difference']:6.2f}  {row['set']}: {row['name']}")
    for row in result["only_reference"]:
        print(f"not drawn: {row['name']}: {row['said']}")
    print(f"{len(compared)} pages: median {result['median']:.2f}, p90 {result['p90']:.2f}, over {VISIBLE}: {result['visible']}; "
          f"CPU s {result['cpu']['quire']:.1f}, pdftoppm {result['cpu']['pdftoppm']:.1f}; "
          f"MB {result['rss']['quire'] / 1e6:.0f}, pdftoppm {result['rss']['pdftoppm'] / 1e6:.0f}; "
          f"against the finer reference: median {result['finer']['quire']:.2f}, pdftoppm {result['finer']['pdftoppm']:.2f}")


def finer(rows):
    """Both against pdftoppm at a larger size: medians, and on how many pages which is nearer."""
    pairs = [(row["finer"]["quire"], row["finer"]["pdftoppm"]) for row in rows]
    return {"quire": statistics.median(pair[0] for pair in pairs), "pdftoppm": statistics.median(pair[1] for pair in pairs),
            "quire_nearer": sum(quire < pdftoppm for quire, pdftoppm in pairs),
            "pdftoppm_nearer": sum(quire > pdftoppm for quire, pdftoppm in pairs)}


def measure(document, program):
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "page.webp"
        ran = process.run(quire.thumbnail(program, document.path, picture))
        drawn = grey(picture.read_bytes()) if ran.exit == 0 and picture.exists() else None
        longest = max(drawn.size) if drawn else 400
        theirs, reference = by_pdftoppm(document.path, longest, folder)
        both = drawn is not None and reference is not None
        _, large = by_pdftoppm(document.path, FINER * longest, folder) if both else (None, None)
    fine = averaged(large) if large else reference
    return {
        "set": document.set, "name": document.name, "drawn": drawn is not None, "reference": reference is not None,
        "difference": difference(drawn, reference) if both else None,
        "finer": {"quire": difference(drawn, fine), "pdftoppm": difference(reference, fine)} if both else None,
        "cpu": {"quire": ran.cpu, "pdftoppm": theirs.cpu}, "rss": {"quire": ran.rss, "pdftoppm": theirs.rss},
        "said": ran.stderr.decode(errors="replace").strip().removeprefix(f"{document.path}: ")[-200:],
    }


def by_pdftoppm(path, longest, folder):
    """The first page, its longest side so many pixels; `None` if it cannot be drawn."""
    picture = Path(folder) / f"reference-{longest}.png"
    ran = process.run(["pdftoppm", "-q", "-f", 1, "-l", 1, "-scale-to", longest, "-singlefile", "-png",
                       path, picture.with_suffix("")])
    return ran, grey(picture.read_bytes()) if ran.exit == 0 and picture.exists() else None


def averaged(large):
    """A picture in which each pixel is the mean of those of a larger one; beyond its edge is paper."""
    from PIL import Image

    size = tuple(-(-side // FINER) for side in large.size)
    paper = Image.new("L", tuple(side * FINER for side in size), 255)
    paper.paste(large, (0, 0))
    return paper.resize(size, Image.BOX)


def grey(content):
    """A picture in grey on white paper."""
    from PIL import Image

    picture = Image.open(io.BytesIO(content)).convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture).convert("L")


def difference(drawn, reference):
    import numpy

    # A side may be rounded the other way.
    if drawn.size != reference.size:
        reference = reference.resize(drawn.size)
    return float(numpy.abs(numpy.asarray(drawn, float) - numpy.asarray(reference, float)).mean())


if __name__ == "__main__":
    main()
