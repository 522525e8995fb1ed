//! Where links and bookmarks lead (ISO 32000-2, 12.3.2).

use std::collections::{HashMap, HashSet};

use hayro::hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, String, dict::keys};

use super::source::Source;

/// Nodes of the tree of names that are read.
const MAX_NODES: usize = 1_000_000;

/// A place in the document.
pub(super) struct Destination<'a> {
    /// The page; the first is 0.
    pub(super) page: u32,
    /// The page, then how it is shown.
    pub(super) view: Array<'a>,
}

/// The places that have names.
pub(super) struct Destinations<'a> {
    named: HashMap<Vec<u8>, Array<'a>>,
}

impl<'a> Destinations<'a> {
    pub(super) fn of(source: &Source<'a>) -> Self {
        let mut named = HashMap::new();
        // Since PDF 1.2 a tree, before that a dictionary.
        if let Some(names) = source.catalog.get::<Dict<'a>>(keys::DESTS) {
            for (name, place) in names.entries() {
                if let Some(view) = source.resolve(place).and_then(view_of) {
                    named.insert(name.to_vec(), view);
                }
            }
        }
        let tree = source.catalog.get::<Dict<'a>>(keys::NAMES).and_then(|names| names.get(keys::DESTS));
        if let Some(root) = tree {
            read_name_tree(source, root, &mut named);
        }
        Self { named }
    }
}

fn read_name_tree<'a>(source: &Source<'a>, root: Dict<'a>, named: &mut HashMap<Vec<u8>, Array<'a>>) {
    let mut visited = HashSet::new();
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        if let Some(pairs) = node.get::<Array<'a>>(keys::NAMES) {
            let mut pairs = pairs.iter::<Object<'a>>();
            while let (Some(name), Some(place)) = (pairs.next(), pairs.next()) {
                if let (Object::String(name), Some(view)) = (name, view_of(place)) {
                    named.entry(name.to_vec()).or_insert(view);
                }
            }
        }
        let Some(kids) = node.get::<Array<'a>>(keys::KIDS) else { continue };
        for kid in kids.raw_iter() {
            let is_new = kid.as_obj_ref().is_some_and(|reference| visited.insert(reference));
            if is_new && visited.len() <= MAX_NODES {
                waiting.extend(source.resolve(kid).and_then(Object::into_dict));
            }
        }
    }
}

/// A place is an array, or a dictionary with one.
fn view_of(place: Object<'_>) -> Option<Array<'_>> {
    match place {
        Object::Array(view) => Some(view),
        Object::Dict(dict) => dict.get(keys::D),
        _ => None,
    }
}

impl<'a> Source<'a> {
    /// The place that a `Dest` or the `D` of an action names.
    pub(super) fn destination(&self, named: Object<'a>) -> Option<Destination<'a>> {
        let view = match named {
            Object::Name(name) => self.destination_named(&name)?,
            Object::String(name) => self.destination_named(&name)?,
            place => view_of(place)?,
        };
        let page = match view.raw_iter().next()? {
            MaybeRef::Ref(reference) => self.page_at(reference.into())?,
            MaybeRef::NotRef(Object::Number(index)) => u32::try_from(index.as_i64()).ok()?,
            MaybeRef::NotRef(_) => return None,
        };
        (page < self.page_count()).then_some(Destination { page, view })
    }

    fn destination_named(&self, name: &[u8]) -> Option<Array<'a>> {
        self.destinations().named.get(name).cloned()
    }

    /// Where a link or a bookmark leads within the document: its `Dest`, or its action's.
    pub(super) fn target(&self, holder: &Dict<'a>) -> Option<Destination<'a>> {
        if let Some(place) = holder.get::<Object<'a>>(keys::DEST) {
            return self.destination(place);
        }
        let action = holder.get::<Dict<'a>>(keys::A)?;
        (action_kind(&action).as_deref() == Some(b"GoTo")).then_some(())?;
        self.destination(action.get(keys::D)?)
    }
}

/// What an action does (12.6.4).
pub(super) fn action_kind<'a>(action: &Dict<'a>) -> Option<Name<'a>> {
    action.get(keys::S)
}

/// The bytes of a string.
pub(super) fn text<'a>(dict: &Dict<'a>, key: &[u8]) -> Option<Vec<u8>> {
    dict.get::<String<'a>>(key).map(|text| text.to_vec())
}
