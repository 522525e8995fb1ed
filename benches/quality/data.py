"""The texts of the comparison. They stay in the cache directory; nothing of them is committed.

The repositories and their commits are in sources.json. A repository that lies already in
CACHE/repositories (a bare clone named OWNER+NAME) is used as it is.
"""

import ast
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = json.loads((HERE / "sources.json").read_text())

# The seven that are promised, and 21 more; what each is called in the declarations.
DECLARATIONS = {
    "en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "pt": "por_PT", "nl": "nld", "da": "dan",
    "sv": "swe", "fi": "fin", "pl": "pol", "cs": "ces", "ro": "ron", "hu": "hun", "tr": "tur", "ru": "rus",
    "uk": "ukr", "bg": "bul", "el": "ell_monotonic", "ar": "arb", "fa": "pes_1", "he": "heb", "hi": "hin",
    "ja": "jpn", "ko": "kor", "zh": "cmn_hans", "vi": "vie", "id": "ind",
}

# Of each language and kind, taken evenly.
UTTERANCES = 250


class Repository:
    """One commit of a repository, read through git."""

    def __init__(self, cache, name):
        self.name = name
        self.folder = cache / "repositories" / name.replace("/", "+")
        self.commit = SOURCES[name]["commit"]

    def fetch(self):
        if not self.folder.exists():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            url = f"https://github.com/{self.name}.git"
            subprocess.run(["git", "clone", "--quiet", "--bare", url, str(self.folder)], check=True)

    def _git(self, *arguments):
        command = ["git", "--git-dir", str(self.folder), *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout

    def read(self, path):
        return self._git("show", f"{self.commit}:{path}")

    def folder_of(self, path):
        """Every file below `path`, as (path, bytes) in the order of the paths."""
        with tarfile.open(fileobj=io.BytesIO(self._git("archive", self.commit, path))) as tar:
            return sorted((entry.name, tar.extractfile(entry).read()) for entry in tar if entry.isfile())


def keyphrases(cache, name, most):
    """(text, [keyphrase]) of the first `most` documents of a set."""
    content = Repository(cache, "LIAAD/KeywordExtractor-Datasets").read(f"datasets/{name}.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = {Path(path).stem: path for path in archive.namelist() if "/docsutf8/" in f"/{path}" and path.endswith(".txt")}
        keys = {Path(path).stem: path for path in archive.namelist() if "/keys/" in f"/{path}" and path.endswith(".key")}
        for stem in sorted(texts.keys() & keys.keys())[:most]:
            phrases = archive.read(keys[stem]).decode("utf-8", "replace").split("\n")
            phrases = [phrase.strip() for phrase in phrases if phrase.strip()]
            if phrases:
                yield archive.read(texts[stem]).decode("utf-8", "replace"), phrases


def summaries(cache, every):
    """(text, summary) of every so-many-th of the news, each without its headline."""
    repository = Repository(cache, "Miguel-G-Soares/PRI_proj1")
    folders = (dict(repository.folder_of(f"BBC News Summary/{kind}")) for kind in ("News Articles", "Summaries"))
    articles, references = ({path.split("/", 2)[2]: content for path, content in folder.items()} for folder in folders)
    for path in sorted(articles.keys() & references.keys())[::every]:
        headline, _, body = articles[path].decode("utf-8", "replace").partition("\n")
        yield body.strip(), references[path].decode("utf-8", "replace")


def remarks(cache):
    """{name of the set: [(text, mean rating, -4 to 4)]}."""
    content = Repository(cache, "cjhutto/vaderSentiment").read("additional_resources/hutto_ICWSM_2014.tar.gz")
    sets = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for entry in sorted(tar, key=lambda entry: entry.name):
            if entry.name.endswith("_GroundTruth.txt"):
                lines = tar.extractfile(entry).read().decode("utf-8", "replace").split("\n")
                rows = (line.rstrip("\r").split("\t", 2) for line in lines if line.count("\t") >= 2)
                name = Path(entry.name).stem.removesuffix("_GroundTruth")
                sets[name] = [(text, float(rating)) for _, rating, text in rows]
    return sets


def utterances(cache, kind):
    """(language, text) of the test files: `sentences`, `word-pairs`, `single-words`."""
    repository = Repository(cache, "pemistahl/lingua-rs")
    for language in DECLARATIONS:
        content = repository.read(f"language-models/{language}/testdata/{kind}.txt").decode()
        lines = [line.strip() for line in content.splitlines() if line.strip()]
        yield from ((language, line) for line in lines[::max(1, len(lines) // UTTERANCES)][:UTTERANCES])


def golden_rules(cache):
    """{language: [(text, [sentence])]}: the literal tables of the test modules."""
    files = Repository(cache, "nipunsadvilkar/pySBD").folder_of("tests/lang")
    rules = {}
    for path, content in files:
        for node in ast.parse(content.decode()).body:
            named = isinstance(node, ast.Assign) and "GOLDEN" in node.targets[0].id
            if named and "clean" not in path:
                language = Path(path).stem.removeprefix("test_")
                # A rule that is expected to fail is a call, not a pair.
                pairs = [ast.literal_eval(pair) for pair in node.value.elts if isinstance(pair, ast.Tuple)]
                rules[language] = [(text, [part.strip() for part in parts]) for text, parts in pairs]
    return rules


def declarations(cache):
    """(language, text) of the Universal Declaration of Human Rights: a document of ten thousand letters."""
    content = Repository(cache, "nltk/nltk_data").read("packages/corpora/udhr2.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for language, name in DECLARATIONS.items():
            yield language, archive.read(f"udhr2/{name}.txt").decode()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for source in SOURCES:
        Repository(Path(sys.argv[1]).resolve(), source).fetch()
