//! Which markup a text is written in.

use super::{HTML, RTF, XHTML, XML};

/// Characters in which comments and declarations may precede the first element.
const PROLOGUE: usize = 16 << 10;

/// Elements that a piece of a web page may begin with.
const HTML_ELEMENTS: &[&str] = &[
    "a", "article", "b", "body", "br", "center", "div", "font", "h1", "h2", "h3", "head", "html", "iframe",
    "img", "link", "main", "meta", "ol", "p", "pre", "script", "section", "span", "strong", "style", "table",
    "title", "ul",
];

/// The media type of a text in markup, judged by its beginning; `None` if it is not in markup.
/// Extensions of plain text stand against mere pieces of a web page.
pub(super) fn detect(text: &str, extension: &str) -> Option<&'static str> {
    let text = text.trim_start();
    if text.starts_with("{\\rtf") {
        return Some(RTF);
    }
    if text.starts_with("%!PS") {
        return Some("application/postscript");
    }
    let (is_xml, text) = match text.strip_prefix("<?xml") {
        Some(rest) => (true, rest.split_once("?>").map_or("", |(_, rest)| rest)),
        None => (false, text),
    };
    let (doctype, element) = first_element(text);
    let is_html_by_type = doctype.is_some_and(|doctype| doctype.eq_ignore_ascii_case("html"));
    match element.map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Some("image/svg+xml"),
        Some("html") if is_xml => Some(XHTML),
        Some("html") => Some(HTML),
        _ if is_xml => Some(XML),
        _ if is_html_by_type => Some(HTML),
        Some(name) => of_element(name, extension),
        None => None,
    }
}

fn of_element(name: &str, extension: &str) -> Option<&'static str> {
    match extension {
        "html" | "htm" => Some(HTML),
        "xhtml" => Some(XHTML),
        "xml" | "xsd" | "xsl" | "xslt" | "rss" | "atom" => Some(XML),
        "md" | "markdown" | "txt" | "text" | "csv" | "tsv" => None,
        _ => HTML_ELEMENTS.contains(&name).then_some(HTML),
    }
}

/// The names of the document type and of the first element, behind comments and instructions.
fn first_element(text: &str) -> (Option<&str>, Option<&str>) {
    let mut doctype = None;
    let mut rest = text.get(..text.floor_char_boundary(PROLOGUE)).unwrap_or(text).trim_start();
    loop {
        let ended = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.split_once("-->")
        } else if let Some(instruction) = rest.strip_prefix("<?").filter(|rest| !rest.starts_with("php")) {
            instruction.split_once("?>")
        } else if let Some(declaration) = rest.strip_prefix("<!") {
            doctype = declaration.get(7..).map(|rest| name(rest.trim_start())).or(doctype);
            // An internal subset is in brackets.
            match declaration.find(['[', '>']) {
                Some(at) if declaration[at..].starts_with('[') => {
                    declaration.split_once(']').and_then(|(_, rest)| rest.split_once('>'))
                }
                _ => declaration.split_once('>'),
            }
        } else {
            let name = rest.strip_prefix('<').map(name).filter(|name| !name.is_empty());
            return (doctype, name.map(|name| name.rsplit(':').next().unwrap_or(name)));
        };
        match ended {
            Some((_, after)) => rest = after.trim_start(),
            None => return (doctype, None),
        }
    }
}

/// The name that a text begins with.
fn name(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let name = &text[..end];
    if name.starts_with(|c: char| c.is_alphabetic() || c == '_') { name } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_by_its_first_element() {
        for (text, extension, expected) in [
            ("<!DOCTYPE html><html><body>x</body></html>", "txt", Some(HTML)),
            ("\n<!-- c --> <HTML lang=en>", "", Some(HTML)),
            ("<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<title>x</title>", "", Some(HTML)),
            ("<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">", "html", Some(XHTML)),
            ("<?xml version=\"1.0\"?><a/>", "txt", Some(XML)),
            (
                "<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY a \">\">]><svg:svg>",
                "xml",
                Some("image/svg+xml"),
            ),
            ("<svg width=\"1\">", "", Some("image/svg+xml")),
            ("<feed xmlns=\"x\">", "xml", Some(XML)),
            ("<feed xmlns=\"x\">", "", None),
            ("<p>a piece", "", Some(HTML)),
            ("<p align=center>logo</p>\n# Title", "md", None),
            ("{\\rtf1\\ansi hello}", "doc", Some(RTF)),
            ("%!PS-Adobe-3.0", "", Some("application/postscript")),
            ("a < b", "html", None),
            ("<3 you", "html", None),
            ("<!-- never ends", "html", None),
            ("<!", "", None),
            ("words", "xml", None),
            ("", "xml", None),
        ] {
            assert_eq!(detect(text, extension), expected, "{text}");
        }
    }
}
