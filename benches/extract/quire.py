"""How Quire is asked."""

import json
from pathlib import Path


def read(program, path):
    """The command that reads a document and prints JSON."""
    if Path(program).name == "quire-read-document":
        return [program, path]
    return [program, "read", "--json", path]


def pages(stdout):
    """The text of the pages in what it printed, by page number."""
    try:
        document = json.loads(stdout)
    except ValueError:
        return None
    return [page["text"] for page in document["pages"]]


def thumbnail(program, path, picture):
    """The command that draws the first page as WebP."""
    return [program, "read", "--thumbnail", picture, path]


def split(program, path, folder, every):
    """The command that writes parts of so many pages."""
    return [program, path, folder, "every", str(every)]
