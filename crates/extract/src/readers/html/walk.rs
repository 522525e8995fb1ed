//! The visible text of a page, in one pass over its tags. There is no tree, so nothing can be nested
//! too deep.

use html5gum::{StartTag, Token};

use super::tokens;
use crate::{
    document::Metadata,
    error::ExtractError,
    readers::{counting::Numeral, flow::Flow},
};

/// Lists and tables within each other that are told apart.
const MAX_DEPTH: usize = 100;

/// Elements that stand apart from what surrounds them.
const BLOCKS: &[&str] = &[
    "blockquote",
    "dl",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "p",
    "pre",
    "table",
    "ul",
    "ol",
    "menu",
];

/// Elements that begin and end a line.
const LINES: &[&str] = &[
    "address",
    "article",
    "aside",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dir",
    "div",
    "dt",
    "fieldset",
    "figcaption",
    "footer",
    "form",
    "header",
    "html",
    "legend",
    "li",
    "main",
    "nav",
    "option",
    "optgroup",
    "section",
    "select",
    "summary",
    "tr",
];

/// Elements whose content is not seen.
const INVISIBLE: &[&str] = &[
    "annotation",
    "audio",
    "canvas",
    "datalist",
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "rp",
    "script",
    "style",
    "template",
    "title",
    "video",
];

/// Elements that have no content and no end.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// Elements that end where the next one of their kind begins.
const WITHOUT_END: &[&str] = &["dd", "dt", "li", "option", "p", "td", "th", "tr"];

/// The visible text of a page, in at most `limit` bytes, and what the page says about itself.
pub(crate) fn text_of(html: &str, limit: u64) -> Result<(String, Metadata), ExtractError> {
    let mut walk = Walk {
        flow: Flow::new(limit),
        metadata: Metadata::default(),
        hidden: None,
        lists: Vec::new(),
        tables: Vec::new(),
        label: None,
        preformatted: 0,
        is_in_title: false,
    };
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) => walk.start(&tag),
            Token::EndTag(tag) => walk.end(&String::from_utf8_lossy(&tag.name)),
            Token::String(text) => walk.characters(&String::from_utf8_lossy(&text.value))?,
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    Ok((walk.flow.finish(), walk.metadata))
}

struct Walk {
    flow: Flow,
    metadata: Metadata,
    /// The invisible element the walk is in, and how many of its name are open.
    hidden: Option<(String, usize)>,
    /// The lists that are open; what the next item of a numbered one is called.
    lists: Vec<Option<(Numeral, u32)>>,
    /// The tables that are open; whether their row has a cell.
    tables: Vec<bool>,
    /// The label of the list item whose text begins next.
    label: Option<String>,
    /// Elements that are open in which white space counts.
    preformatted: usize,
    is_in_title: bool,
}

impl Walk {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name);
        let name = name.as_ref();
        if !self.comes_to_light(name) {
            return;
        }
        if name == "meta" {
            self.note(tag);
        }
        let is_void = VOID.contains(&name);
        if !is_void && (INVISIBLE.contains(&name) || is_hidden(tag)) {
            self.is_in_title = name == "title" && self.metadata.title.is_none();
            self.hidden = Some((name.to_owned(), 1));
            return;
        }
        self.break_at(name);
        match name {
            // A second one in a row leaves an empty line.
            "br" => self.flow.end_paragraph(),
            "ul" | "menu" | "dir" => self.begin_list(None),
            "ol" => {
                let start = attribute(tag, "start").and_then(|start| start.parse().ok()).unwrap_or(1);
                self.begin_list(Some((numeral(tag), start)));
            }
            "li" => self.label = self.next_label(tag),
            "pre" | "textarea" => self.preformatted += 1,
            "table" if self.tables.len() < MAX_DEPTH => self.tables.push(false),
            "tr" => self.begin_row(),
            "td" | "th" => self.begin_cell(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((hidden, open)) = &mut self.hidden {
            if name == hidden {
                *open -= 1;
            }
            // A body ends what nobody else has ended.
            if *open == 0 {
                self.hidden = None;
                self.is_in_title = false;
            }
            return;
        }
        match name {
            "ul" | "ol" | "menu" | "dir" => {
                self.lists.pop();
            }
            "li" => self.label = None,
            "pre" | "textarea" => self.preformatted = self.preformatted.saturating_sub(1),
            "tr" => self.end_row(),
            "table" => {
                self.end_row();
                self.tables.pop();
            }
            _ => {}
        }
        self.break_at(name);
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if self.is_in_title {
            let title = text.split_whitespace().collect::<Vec<_>>().join(" ");
            self.metadata.title = (!title.is_empty()).then_some(title);
        }
        if self.hidden.is_some() {
            return Ok(());
        }
        if !text.trim().is_empty()
            && let Some(label) = self.label.take()
        {
            self.flow.push(&label)?;
            self.flow.push(" ")?;
        }
        if self.preformatted == 0 {
            return self.flow.push_collapsed(text);
        }
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            self.flow.push(content)?;
            if content.len() < line.len() {
                self.flow.end_paragraph();
            }
        }
        Ok(())
    }

    /// Whether an element that starts is not within an invisible one.
    fn comes_to_light(&mut self, name: &str) -> bool {
        let Some((hidden, open)) = &mut self.hidden else { return true };
        if hidden != name {
            return false;
        }
        if WITHOUT_END.contains(&name) {
            self.hidden = None;
            return true;
        }
        *open += 1;
        false
    }

    fn break_at(&mut self, name: &str) {
        // A list within a list continues it.
        let is_inner_list = matches!(name, "ul" | "ol" | "menu") && !self.lists.is_empty();
        // So does a paragraph that begins an item of it.
        let begins_item = self.label.is_some() && BLOCKS.contains(&name);
        if LINES.contains(&name) || is_inner_list || begins_item {
            self.flow.break_line();
        } else if BLOCKS.contains(&name) {
            self.flow.break_block();
        }
    }

    fn begin_list(&mut self, numbers: Option<(Numeral, u32)>) {
        if self.lists.len() < MAX_DEPTH {
            self.lists.push(numbers);
        }
    }

    fn next_label(&mut self, item: &StartTag<()>) -> Option<String> {
        let Some((numeral, next)) = self.lists.last_mut()? else { return Some("\u{2022}".into()) };
        let number = attribute(item, "value").and_then(|value| value.parse().ok()).unwrap_or(*next);
        *next = number.saturating_add(1);
        Some(format!("{}.", numeral.write(number)))
    }

    fn begin_row(&mut self) {
        self.end_row();
        if let Some(has_cell) = self.tables.last_mut() {
            *has_cell = false;
            self.flow.begin_row();
        }
    }

    fn begin_cell(&mut self) {
        match self.tables.last_mut() {
            Some(has_cell) if !*has_cell => {
                *has_cell = true;
                if !self.flow.is_in_row() {
                    self.flow.begin_row();
                }
            }
            Some(_) => self.flow.end_cell(),
            None => self.flow.break_line(),
        }
    }

    fn end_row(&mut self) {
        if self.tables.last_mut().is_some_and(std::mem::take) {
            self.flow.end_row();
        }
    }

    fn note(&mut self, tag: &StartTag<()>) {
        let name = attribute(tag, "name").unwrap_or_default().to_ascii_lowercase();
        let Some(content) = attribute(tag, "content").filter(|content| !content.trim().is_empty()) else {
            return;
        };
        let field = match name.as_str() {
            "author" => &mut self.metadata.author,
            "description" => &mut self.metadata.subject,
            "keywords" => &mut self.metadata.keywords,
            "generator" => &mut self.metadata.creator,
            _ => return,
        };
        field.get_or_insert(content);
    }
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

/// Whether an element says of itself that it is not shown.
fn is_hidden(tag: &StartTag<()>) -> bool {
    if attribute(tag, "hidden").is_some() {
        return true;
    }
    let Some(style) = attribute(tag, "style") else { return false };
    let style: String = style.to_ascii_lowercase().split_ascii_whitespace().collect();
    style.split(';').any(|rule| rule.starts_with("display:none") || rule.starts_with("visibility:hidden"))
}

fn numeral(list: &StartTag<()>) -> Numeral {
    match attribute(list, "type").as_deref() {
        Some("a") => Numeral::LowerLetter,
        Some("A") => Numeral::UpperLetter,
        Some("i") => Numeral::LowerRoman,
        Some("I") => Numeral::UpperRoman,
        _ => Numeral::Decimal,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Excess;

    fn text(html: &str) -> String {
        text_of(html, 10_000).unwrap().0
    }

    #[test]
    fn blocks_stand_apart_and_white_space_is_one_space() {
        let html = "<html><body><h1>Title</h1><p>one\n  two <b>three</b>&nbsp;&amp; four<br>five<p>six\
            <div>seven</div>eight<span>nine</span><hr>ten";
        assert_eq!(text(html), "Title\n\none two three\u{a0}& four\nfive\n\nsix\nseven\neightnine\n\nten");
    }

    #[test]
    fn only_what_is_seen_is_read() {
        let html = "<head><title> The\n title </title><style>p{}</style><script>if (a<b) '</p>'</script></head>\
            <body><template><p>t</p></template><p hidden>a<p>b<div style='x:y; DISPLAY : none'>c<div>d</div></div> \
            <!-- e --><noscript><img>f</noscript><svg><title>g</title><text>h</text></svg><br hidden>i";
        assert_eq!(text(html), "b h\ni");
        assert_eq!(text_of(html, 1000).unwrap().1.title.as_deref(), Some("The title"));
    }

    #[test]
    fn lists_have_labels() {
        let html =
            "before<ul><li>a<li>b<ol type=i start=3><li>c</li><li value=9>d</li></ol></li><li><p>e</ul>after";
        assert_eq!(text(html), "before\n\n\u{2022} a\n\u{2022} b\niii. c\nix. d\n\u{2022} e\n\nafter");
    }

    #[test]
    fn tables_are_rows_with_tabs_even_without_end_tags() {
        let html = "x<table><caption>T</caption><tr><th>a<th><th><p>c</p></table>y";
        assert_eq!(text(html), "x\n\nT\na\t\tc\n\ny");
        let html = "<table><tbody><tr>\n<td> <p>1</p> <p>2</p> </td>\n<td>3</td>\n</tr>\n<tr><td></td><td>4<tr><td>5</table>";
        assert_eq!(text(html), "1\n2\t3\n\t4\n5");
        assert_eq!(text("<td>stray<td>cells"), "stray\ncells");
    }

    #[test]
    fn preformatted_text_keeps_its_lines() {
        assert_eq!(text("a<pre>\n  b  c\n\n d\n</pre>e"), "a\n\n  b  c\n\n d\n\ne");
    }

    #[test]
    fn a_page_tells_about_itself() {
        let html = "<meta name=Author content='Ada'><meta name=keywords content='a, b'><meta name=author content=x>\
            <META NAME=generator CONTENT=Editor><meta name=description content=' '>";
        let expected = Metadata {
            author: Some("Ada".into()),
            keywords: Some("a, b".into()),
            creator: Some("Editor".into()),
            ..Metadata::default()
        };
        assert_eq!(text_of(html, 10).unwrap().1, expected);
    }

    #[test]
    fn nesting_has_no_bottom_to_fall_to() {
        for tag in ["div", "table", "ol", "pre", "table><tr><td", "b hidden"] {
            let html = format!("<{tag}>").repeat(50_000) + "text";
            let expected = if tag == "b hidden" { "" } else { "text" };
            assert_eq!(text(&html).trim_start_matches(|c: char| c.is_whitespace()), expected, "{tag}");
        }
    }

    #[test]
    fn text_has_a_largest_size() {
        let html = "<p>text".repeat(5000);
        assert!(matches!(text_of(&html, 10_000), Err(ExtractError::TooComplex(Excess::Output))));
    }

    proptest! {
        #[test]
        fn any_tags_are_read(parts in proptest::collection::vec(prop_oneof![
            "</?(p|td|tr|table|ol|li|pre|title|script|div hidden|!--|[a-z]{1,3})>",
            "[ -~]{0,8}",
        ], 0..60)) {
            prop_assert!(text_of(&parts.concat(), 1 << 20).is_ok());
        }
    }
}
