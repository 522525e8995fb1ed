//! The names of the files that are embedded in a document (ISO 32000-2, 7.9.6 and 7.11.4).

use hayro::hayro_syntax::object::{Array, Dict, String as PdfString};

use super::{clean, text_string};

/// Names that are told.
const MAX_NAMES: usize = 1_000;

/// Nodes of the tree of names that are looked at, and nodes within nodes.
const MAX_NODES: usize = 5_000;
const MAX_DEPTH: usize = 16;

/// The names of the attached files, in the order of the document.
pub(super) fn names(catalog: &Dict<'_>) -> Vec<String> {
    let tree = catalog.get::<Dict<'_>>("Names").and_then(|names| names.get::<Dict<'_>>("EmbeddedFiles"));
    let (mut names, mut left) = (Vec::new(), MAX_NODES);
    if let Some(tree) = tree {
        collect(&tree, MAX_DEPTH, &mut left, &mut names);
    }
    names
}

fn collect(node: &Dict<'_>, depth: usize, left: &mut usize, names: &mut Vec<String>) {
    if *left == 0 || names.len() >= MAX_NAMES {
        return;
    }
    *left -= 1;
    if let Some(entries) = node.get::<Array<'_>>("Names") {
        let mut entries = entries.flex_iter();
        while names.len() < MAX_NAMES
            && let Some(key) = entries.next::<PdfString<'_>>()
            && let Some(file) = entries.next::<Dict<'_>>()
        {
            names.extend(name_of(&file).or_else(|| clean(&text_string(key.as_bytes()))));
        }
    }
    if depth > 0
        && let Some(kids) = node.get::<Array<'_>>("Kids")
    {
        for kid in kids.iter::<Dict<'_>>() {
            collect(&kid, depth - 1, left, names);
        }
    }
}

/// The name of a file: its last part, for it may be written as a path.
fn name_of(file: &Dict<'_>) -> Option<String> {
    let name = file.get::<PdfString<'_>>("UF").or_else(|| file.get::<PdfString<'_>>("F"))?;
    let name = text_string(name.as_bytes());
    clean(name.rsplit(['/', '\\']).next().unwrap_or_default())
}
