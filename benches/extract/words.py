"""Words of a text, and how near two texts are: the measures of the comparison."""

import re
import unicodedata
from collections import Counter

from rapidfuzz.distance import Indel

# Scripts written without spaces count by character.
CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
RIGHT_TO_LEFT = "\u0590-\u08ff"
# Beyond so many words, order is compared page by page: the effort grows with the square.
MAX_WORDS_AT_ONCE = 40_000


def marks():
    """The combining marks, which belong to the letter before them and which `\\w` leaves out."""
    points = [point for point in range(0x300, 0x1FFFF) if unicodedata.category(chr(point))[0] == "M"]
    ranges, start = [], points[0]
    for before, after in zip(points, points[1:] + [None], strict=True):
        if after != before + 1:
            ranges.append(f"{chr(start)}-{chr(before)}")
            start = after
    return "".join(ranges)


WORD = re.compile(f"[{CJK}]|(?:(?![{CJK}_])[\\w{marks()}])+")
IS_CJK = re.compile(f"[{CJK}]")
IS_RIGHT_TO_LEFT = re.compile(f"[{RIGHT_TO_LEFT}]")


def words(text):
    """Runs of letters, digits and marks, in the form NFKC and lower case; CJK by character."""
    return WORD.findall(unicodedata.normalize("NFKC", text.replace("\u00ad", "")).lower())


def overlap(found, expected):
    """F1 of two lists of words as multisets."""
    if not found or not expected:
        return 1.0 if not found and not expected else 0.0
    common = sum((Counter(found) & Counter(expected)).values())
    return 2 * common / (len(found) + len(expected))


def in_order(found_pages, expected_pages):
    """How much of the words comes in the expected order: 1 less the words to insert and delete, as
    a share of all words of both."""
    found, expected = flat(found_pages), flat(expected_pages)
    if max(len(found), len(expected)) <= MAX_WORDS_AT_ONCE or len(found_pages) != len(expected_pages):
        return Indel.normalized_similarity(found, expected) if found or expected else 1.0
    pairs = list(zip(found_pages, expected_pages, strict=True))
    distance = sum(Indel.distance(page, reference) for page, reference in pairs)
    return 1 - distance / sum(len(page) + len(reference) for page, reference in pairs)


def flat(pages):
    return [word for page in pages for word in page]


def share(pattern, of):
    """The share of words that a pattern is found in."""
    return sum(1 for word in of if pattern.search(word)) / len(of) if of else 0.0
