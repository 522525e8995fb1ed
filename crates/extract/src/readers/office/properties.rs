//! What an Office Open XML document says about itself: the core properties (ECMA-376 part 2,
//! clause 11) and the extended ones (part 1, clause 22.2).

use super::{
    package::Package,
    relations::{Relation, target},
};
use crate::{document::Metadata, readers::xml_walk::for_each_leaf};

/// Title, author, subject, keywords, dates, program, pages. Damage here is no matter.
pub(crate) fn read(package: &mut Package, roots: &[Relation]) -> Metadata {
    let mut metadata = Metadata::default();
    let core = target(roots, "core-properties").unwrap_or("docProps/core.xml");
    each_property(package, core, |name, value| match name {
        "title" => metadata.title = Some(value),
        "creator" => metadata.author = Some(value),
        "subject" => metadata.subject = Some(value),
        "keywords" => metadata.keywords = Some(value),
        "created" => metadata.created = date(value),
        "modified" => metadata.modified = date(value),
        _ => {}
    });
    let extended = target(roots, "extended-properties").unwrap_or("docProps/app.xml");
    each_property(package, extended, |name, value| match name {
        "Application" => metadata.creator = Some(value),
        "Pages" => metadata.pages = value.parse().ok().filter(|pages| *pages > 0),
        _ => {}
    });
    metadata
}

fn each_property(package: &mut Package, part: &str, mut tell: impl FnMut(&str, String)) {
    let xml = package.part(part).ok().flatten().unwrap_or_default();
    for_each_leaf(&xml, |name, text| {
        if !text.is_empty() {
            tell(name, text.to_owned());
        }
    });
}

/// A date as W3CDTF, which is what RFC 3339 is made of; anything else is none.
pub(crate) fn date(value: String) -> Option<String> {
    let is_date = value.len() <= 40
        && value.starts_with(|c: char| c.is_ascii_digit())
        && value.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ+".contains(&byte));
    is_date.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::office::testing::archive;

    #[test]
    fn properties_are_read_where_they_are_by_convention() {
        let core = "<cp:coreProperties><dc:title>A &amp; B</dc:title><dc:creator>Ada</dc:creator>\
            <dc:subject/><cp:keywords>one, two</cp:keywords>\
            <dcterms:created>2024-02-03T04:05:06Z</dcterms:created>\
            <dcterms:modified>yesterday</dcterms:modified></cp:coreProperties>";
        let app = "<Properties><Application>Writer</Application><Pages>3</Pages></Properties>";
        let files = [("docProps/core.xml", core), ("docProps/app.xml", app)];
        let metadata = read(&mut Package::open(archive(&files)).unwrap(), &[]);
        let expected = Metadata {
            title: Some("A & B".into()),
            author: Some("Ada".into()),
            keywords: Some("one, two".into()),
            created: Some("2024-02-03T04:05:06Z".into()),
            creator: Some("Writer".into()),
            pages: Some(3),
            ..Metadata::default()
        };
        assert_eq!(metadata, expected);
    }

    #[test]
    fn damaged_properties_are_no_matter() {
        let files = [("docProps/core.xml", "<a><dc:title>Told</dc:title><dc:cre")];
        let metadata = read(&mut Package::open(archive(&files)).unwrap(), &[]);
        assert_eq!(metadata, Metadata { title: Some("Told".into()), ..Metadata::default() });
    }
}
