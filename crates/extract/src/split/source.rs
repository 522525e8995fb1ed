//! The document that is split: its pages and what leads to them.

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use hayro::hayro_syntax::{
    Pdf,
    object::{Array, Dict, MaybeRef, Object, ObjectIdentifier, dict::keys},
};

use super::{destinations::Destinations, resources::Names};
use crate::error::ExtractError;

/// What a page inherits from the nodes above it (ISO 32000-2, table 31).
const INHERITED: [&[u8]; 4] = [keys::RESOURCES, keys::MEDIA_BOX, keys::CROP_BOX, keys::ROTATE];

/// A document and what is known about it, for all its parts.
pub(super) struct Source<'a> {
    pub(super) pdf: &'a Pdf,
    pub(super) catalog: Dict<'a>,
    pub(super) pages: Vec<SourcePage<'a>>,
    /// Which page an object is.
    page_of: HashMap<ObjectIdentifier, u32>,
    /// The catalog and the inner nodes of the page tree, which no part has.
    dropped: HashSet<ObjectIdentifier>,
    /// How many pages use a dictionary of resources that is an object.
    users: HashMap<ObjectIdentifier, u32>,
    destinations: OnceCell<Destinations<'a>>,
}

/// A page of the document.
pub(super) struct SourcePage<'a> {
    pub(super) dict: Dict<'a>,
    /// For each key of [`INHERITED`] the node that it is inherited from.
    inherited: Rc<[Option<Dict<'a>>; 4]>,
    /// The names in its content, once they have been looked for.
    pub(super) names: OnceCell<Option<Names>>,
}

impl<'a> SourcePage<'a> {
    /// The dictionary that holds an attribute of the page: its own, or that of a node above.
    pub(super) fn holder_of(&self, key: &[u8]) -> Option<&Dict<'a>> {
        if self.dict.contains_key(key) {
            return Some(&self.dict);
        }
        let index = INHERITED.iter().position(|inherited| *inherited == key)?;
        self.inherited[index].as_ref()
    }

    /// The inheritable attributes that the page does not have itself, with who has them.
    pub(super) fn inherited(&self) -> impl Iterator<Item = (&'static [u8], &Dict<'a>)> {
        INHERITED
            .into_iter()
            .filter(|key| !self.dict.contains_key(key))
            .filter_map(|key| Some((key, self.holder_of(key)?)))
    }
}

impl<'a> Source<'a> {
    pub(super) fn new(pdf: &'a Pdf) -> Result<Self, ExtractError> {
        let root = pdf.xref().root_id();
        let catalog: Dict<'a> = pdf.xref().get(root).ok_or(ExtractError::Corrupt)?;
        let tree = PageTree::of(pdf, &catalog);
        let mut source = Self {
            pdf,
            catalog,
            pages: Vec::with_capacity(pdf.pages().len()),
            page_of: HashMap::new(),
            dropped: tree.nodes,
            users: HashMap::new(),
            destinations: OnceCell::new(),
        };
        source.dropped.insert(root);
        for (index, page) in (0u32..).zip(pdf.pages().iter()) {
            let dict = page.raw().clone();
            let leaf = tree.leaves.get(&address(&dict));
            // A page outside the tree was found by its number.
            let id = leaf.map_or(dict.obj_id(), |leaf| leaf.id);
            if let Some(id) = id {
                source.page_of.entry(id).or_insert(index);
            }
            let inherited = leaf.map_or_else(Rc::default, |leaf| leaf.inherited.clone());
            let page = SourcePage { dict, inherited, names: OnceCell::new() };
            if let Some(resources) = page.holder_of(keys::RESOURCES) {
                source.count_users(resources);
            }
            source.pages.push(page);
        }
        if source.pages.is_empty() { Err(ExtractError::Corrupt) } else { Ok(source) }
    }

    /// How many pages the document has.
    pub(super) fn page_count(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    /// The page that an object is.
    pub(super) fn page_at(&self, id: ObjectIdentifier) -> Option<u32> {
        self.page_of.get(&id).copied()
    }

    /// Whether an object is part of what holds the old document together.
    pub(super) fn is_dropped(&self, id: ObjectIdentifier) -> bool {
        self.dropped.contains(&id)
    }

    /// The object with that number.
    pub(super) fn object(&self, id: ObjectIdentifier) -> Option<Object<'a>> {
        self.pdf.xref().get(id)
    }

    /// An object, or the one that is referred to.
    pub(super) fn resolve(&self, value: MaybeRef<Object<'a>>) -> Option<Object<'a>> {
        match value {
            MaybeRef::Ref(reference) => self.object(reference.into()),
            MaybeRef::NotRef(object) => Some(object),
        }
    }

    pub(super) fn destinations(&self) -> &Destinations<'a> {
        self.destinations.get_or_init(|| Destinations::of(self))
    }

    /// Whether several pages use the dictionary of resources in `holder`, or its fonts or images.
    pub(super) fn shares_resources(&self, holder: &Dict<'a>) -> bool {
        resource_objects(holder).any(|id| self.users.get(&id).is_some_and(|users| *users > 1))
    }

    fn count_users(&mut self, holder: &Dict<'a>) {
        for id in resource_objects(holder) {
            *self.users.entry(id).or_default() += 1;
        }
    }
}

/// The objects that a dictionary of resources, its fonts and its images are; a key that stands for
/// one that is no object of its own, but sits in a node of the page tree.
fn resource_objects<'a>(holder: &Dict<'a>) -> impl Iterator<Item = ObjectIdentifier> + use<'a> {
    let direct = holder.get_ref(keys::RESOURCES);
    let inside = holder.get::<Dict<'a>>(keys::RESOURCES);
    let kinds = [keys::FONT, keys::XOBJECT];
    let sub = kinds.into_iter().filter_map(move |kind| inside.as_ref()?.get_ref(kind));
    // A node of the page tree is counted once for each page below it.
    let node = if direct.is_none() && holder.contains_key(keys::KIDS) { holder.obj_id() } else { None };
    direct.into_iter().chain(sub).map(ObjectIdentifier::from).chain(node)
}

/// Where a dictionary is in memory: tells pages apart that are no objects of their own.
fn address(dict: &Dict<'_>) -> usize {
    dict.data().as_ptr().addr()
}

/// What the page tree says of each page. Its counts are not trusted, and each node is visited once.
struct PageTree<'a> {
    nodes: HashSet<ObjectIdentifier>,
    /// By [`address`].
    leaves: HashMap<usize, Leaf<'a>>,
}

struct Leaf<'a> {
    id: Option<ObjectIdentifier>,
    inherited: Rc<[Option<Dict<'a>>; 4]>,
}

impl<'a> PageTree<'a> {
    fn of(pdf: &'a Pdf, catalog: &Dict<'a>) -> Self {
        let mut tree = Self { nodes: HashSet::new(), leaves: HashMap::new() };
        let Some(root) = catalog.get::<Dict<'a>>(keys::PAGES) else { return tree };
        tree.nodes.extend(root.obj_id());
        let mut waiting = vec![(root, Rc::default())];
        while let Some((node, above)) = waiting.pop() {
            let inherited = inherited_by_kids_of(&node, &above);
            let Some(kids) = node.get::<Array<'a>>(keys::KIDS) else { continue };
            for kid in kids.raw_iter() {
                let id = kid.as_obj_ref().map(ObjectIdentifier::from);
                let dict = match kid {
                    MaybeRef::Ref(reference) => pdf.xref().get::<Dict<'a>>(reference.into()),
                    MaybeRef::NotRef(object) => object.into_dict(),
                };
                let Some(dict) = dict else { continue };
                let kind = dict.get::<hayro::hayro_syntax::object::Name<'a>>(keys::TYPE);
                if kind.as_deref() != Some(keys::PAGES) {
                    let leaf = Leaf { id, inherited: inherited.clone() };
                    tree.leaves.entry(address(&dict)).or_insert(leaf);
                } else if id.is_none_or(|id| tree.nodes.insert(id)) {
                    waiting.push((dict, inherited.clone()));
                }
            }
        }
        tree
    }
}

fn inherited_by_kids_of<'a>(node: &Dict<'a>, above: &Rc<[Option<Dict<'a>>; 4]>) -> Rc<[Option<Dict<'a>>; 4]> {
    if !INHERITED.iter().any(|key| node.contains_key(key)) {
        return above.clone();
    }
    let mut inherited = (**above).clone();
    for (entry, key) in inherited.iter_mut().zip(INHERITED) {
        if node.contains_key(key) {
            *entry = Some(node.clone());
        }
    }
    Rc::new(inherited)
}
