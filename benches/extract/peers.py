"""The other readers: text of a PDF, pages divided by form feeds.

    peers.py NAME FILE
"""

import importlib.metadata
import subprocess
import sys

# How each is named on a package index; all run in processes of their own.
PACKAGES = {"pypdf": "pypdf", "PyMuPDF": "pymupdf", "pdf_oxide": "pdf_oxide"}


def pypdf_pages(path):
    import pypdf

    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def pymupdf_pages(path):
    import pymupdf

    with pymupdf.open(path) as document:
        return [page.get_text() for page in document]


def pdf_oxide_pages(path):
    import pdf_oxide

    document = pdf_oxide.PdfDocument(path)
    return [document.extract_text(page) for page in range(document.page_count())]


READERS = {"pypdf": pypdf_pages, "PyMuPDF": pymupdf_pages, "pdf_oxide": pdf_oxide_pages}


def version(name):
    if name == "pdftotext":
        banner = subprocess.run(["pdftotext", "-v"], capture_output=True, text=True, check=False).stderr
        return banner.split()[2]
    return importlib.metadata.version(PACKAGES[name])


def command(name, path):
    """The command that prints the text of a PDF."""
    if name == "pdftotext":
        return ["pdftotext", "-q", "-enc", "UTF-8", path, "-"]
    return [sys.executable, __file__, name, path]


if __name__ == "__main__":
    pages = READERS[sys.argv[1]](sys.argv[2])
    sys.stdout.buffer.write("\f".join(pages).encode("utf-8", "surrogatepass"))
