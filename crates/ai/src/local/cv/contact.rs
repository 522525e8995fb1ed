//! E-mail addresses and links.

use linkify::{LinkFinder, LinkKind};

use super::{
    fields::{Fields, Quoted},
    headings::Section,
    lines::{Layout, Line},
    phones,
};

/// Values of one kind at most.
const MOST: usize = 10;

/// Top-level domains of personal pages: without a scheme, what ends otherwise is hardly meant as a link (`Node.js`).
const DOMAINS: &[&str] = &[
    "com", "org", "net", "eu", "info", "io", "dev", "me", "name", "app", "edu", "tech", "design", "blog",
    "online", "page", "site", "xyz", "art", "berlin", "de", "at", "ch", "uk", "us", "ie", "fr", "be", "nl",
    "es", "pt", "it", "pl", "cz", "dk", "se", "no", "fi", "ca", "au", "in", "example",
];

/// Finds e-mail addresses and links where people put their own.
pub(super) fn find_links(layout: &Layout, fields: &mut Fields) {
    own(layout).for_each(|line| links(line, &[LinkKind::Email, LinkKind::Url], fields));
    if fields.emails.is_empty() {
        layout.lines.iter().for_each(|line| links(line, &[LinkKind::Email], fields));
        fields.emails.truncate(1);
    }
}

/// Finds telephone numbers where people put their own.
pub(super) fn find_phones(layout: &Layout, countries: &[&str], fields: &mut Fields) {
    for line in own(layout) {
        for raw in phones::find(&line.text, countries) {
            push(&mut fields.phones, raw, line);
        }
    }
}

/// The lines in which people speak of themselves: the header and the personal section.
pub(super) fn own(layout: &Layout) -> impl Iterator<Item = &Line> {
    layout.of_section(Section::Header).chain(layout.of_section(Section::Personal)).flatten()
}

fn links(line: &Line, kinds: &[LinkKind], fields: &mut Fields) {
    let mut finder = LinkFinder::new();
    finder.kinds(kinds).url_must_have_scheme(false);
    for link in finder.links(&line.text) {
        let text = link.as_str();
        match link.kind() {
            LinkKind::Email => push(&mut fields.emails, text, line),
            _ => match Site::of(text) {
                Some(Site::LinkedIn) => fields.linkedin = fields.linkedin.take().or(Some(quoted(text, line))),
                Some(Site::GitHub) => fields.github = fields.github.take().or(Some(quoted(text, line))),
                Some(Site::Other) => push(&mut fields.urls, text, line),
                None => {}
            },
        }
    }
}

fn quoted(text: &str, line: &Line) -> Quoted {
    Quoted::new(text, &line.text)
}

fn push(list: &mut Vec<Quoted>, text: &str, line: &Line) {
    let known = list.iter().any(|known| known.value.eq_ignore_ascii_case(text));
    if !known && list.len() < MOST {
        list.push(quoted(text, line));
    }
}

/// Whose page a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    LinkedIn,
    GitHub,
    Other,
}

impl Site {
    /// What a link leads to; none for what only looks like a link.
    pub(crate) fn of(link: &str) -> Option<Self> {
        let (has_scheme, rest) = match link.split_once("://") {
            Some((scheme, rest))
                if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") =>
            {
                (true, rest)
            }
            Some(_) => return None,
            None => (false, link),
        };
        let (host, path) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
        let host = host.to_ascii_lowercase();
        let (name, domain) = host.rsplit_once('.')?;
        let is_at = |site: &str| host == site || host.ends_with(&format!(".{site}"));
        if is_at("linkedin.com") {
            return (!path.is_empty()).then_some(Self::LinkedIn);
        }
        if is_at("github.com") {
            return (!path.is_empty()).then_some(Self::GitHub);
        }
        let domain = domain.split(':').next().unwrap_or_default();
        (has_scheme || name.starts_with("www.") || DOMAINS.contains(&domain)).then_some(Self::Other)
    }
}

/// A link as a URL with a scheme.
pub(crate) fn url(link: &str) -> String {
    if link.contains("://") { link.to_owned() } else { format!("https://{link}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_apart_from_names_with_dots() {
        for (link, site) in [
            ("linkedin.com/in/ada", Some(Site::LinkedIn)),
            ("https://de.linkedin.com/in/ada", Some(Site::LinkedIn)),
            ("github.com/ada", Some(Site::GitHub)),
            ("github.com", None),
            ("notgithub.com/ada", Some(Site::Other)),
            ("Node.js", None),
            ("www.ada.example", Some(Site::Other)),
            ("https://ada.rocks/cv", Some(Site::Other)),
            ("ftp://ada.org", None),
        ] {
            assert_eq!(Site::of(link), site, "{link}");
        }
        assert_eq!(url("ada.org"), "https://ada.org");
    }
}
