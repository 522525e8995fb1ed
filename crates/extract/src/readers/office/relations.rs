//! How the parts of a package refer to each other (ECMA-376 part 2, clause 9).

use super::package::Package;
use crate::{
    error::ExtractError,
    readers::xml_walk::{Element, Step, Visitor, walk},
};

/// A reference from a part, or from the package as a whole, to another part.
#[derive(Debug)]
pub(crate) struct Relation {
    /// What the part calls it.
    pub(crate) id: String,
    /// The last step of the type's URI: it is the same in the transitional and the strict form.
    pub(crate) kind: String,
    /// The name of the part.
    pub(crate) target: String,
}

/// The relations of a part; of the package, if `part` is empty. None if it has none, or only damaged
/// ones after the first.
pub(crate) fn relations_of(package: &mut Package, part: &str) -> Result<Vec<Relation>, ExtractError> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let path =
        if folder.is_empty() { format!("_rels/{name}.rels") } else { format!("{folder}/_rels/{name}.rels") };
    let xml = package.part(&path)?.unwrap_or_default();
    Ok(parse(&xml, folder))
}

/// The part that the first relation of this kind refers to.
pub(crate) fn target<'a>(relations: &'a [Relation], kind: &str) -> Option<&'a str> {
    relations.iter().find(|relation| relation.kind == kind).map(|relation| relation.target.as_str())
}

fn parse(xml: &str, folder: &str) -> Vec<Relation> {
    let mut relations = Relations { folder, found: Vec::new() };
    match walk(xml, &mut relations) {
        // What comes before damage, or too deep elements, stays.
        Ok(_) | Err(_) => relations.found,
    }
}

struct Relations<'a> {
    folder: &'a str,
    found: Vec<Relation>,
}

impl Visitor for Relations<'_> {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        self.found.extend(relation(element, self.folder));
        Ok(Step::Into)
    }

    fn leave(&mut self, _name: &str) -> Result<(), ExtractError> {
        Ok(())
    }

    fn characters(&mut self, _text: &str) -> Result<(), ExtractError> {
        Ok(())
    }
}

fn relation(element: &Element<'_>, folder: &str) -> Option<Relation> {
    if element.name() != "Relationship" {
        return None;
    }
    if element.attribute("TargetMode").is_some_and(|mode| mode == "External") {
        return None;
    }
    let kind = element.attribute("Type")?.rsplit('/').next()?.to_owned();
    let id = element.attribute("Id").unwrap_or_default();
    Some(Relation { id, kind, target: resolve(folder, &element.attribute("Target")?) })
}

/// A target is relative to the folder of the part that refers to it.
fn resolve(folder: &str, target: &str) -> String {
    let absolute = target.starts_with('/');
    let mut path: Vec<&str> = if absolute { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.retain(|step| !step.is_empty());
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_their_folder() {
        assert_eq!(resolve("word", "header1.xml"), "word/header1.xml");
        assert_eq!(resolve("word", "/word/header1.xml"), "word/header1.xml");
        assert_eq!(resolve("word", "../docProps/core.xml"), "docProps/core.xml");
        assert_eq!(resolve("", "./word/document.xml"), "word/document.xml");
        assert_eq!(resolve("", "../../etc/passwd"), "etc/passwd");
    }

    #[test]
    fn relations_to_the_outside_are_left_out() {
        let xml = r#"<Relationships>
            <Relationship Id="1" Type="http://x/hyperlink" Target="http://x/" TargetMode="External"/>
            <Relationship Id="2" Type="http://x/relationships/header" Target="header1.xml"/>
            <Relationship Id="3"/></Relationships>"#;
        let relations = parse(xml, "word");
        assert_eq!(relations.len(), 1);
        assert_eq!(
            (relations[0].kind.as_str(), relations[0].target.as_str()),
            ("header", "word/header1.xml")
        );
    }
}
