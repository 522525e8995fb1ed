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
