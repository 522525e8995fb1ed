//! Optional content: layers that are switched off (ISO 32000-2, 8.11).

use std::collections::HashSet;

use hayro::hayro_syntax::{
    object::{Array, Dict, Name, ObjectIdentifier},
    xref::XRef,
};

/// Groups in a membership, and switches in a configuration, that are looked at.
const MAX_GROUPS: usize = 100_000;

/// The layers of a document that are switched off when it is opened.
#[derive(Default)]
pub(super) struct Layers {
    hidden: HashSet<ObjectIdentifier>,
}

impl Layers {
    pub(super) fn of(xref: &XRef) -> Self {
        let properties =
            xref.get::<Dict<'_>>(xref.root_id()).and_then(|catalog| catalog.get::<Dict<'_>>("OCProperties"));
        let mut layers = Self::default();
        if let Some(properties) = properties
            && let Some(configuration) = properties.get::<Dict<'_>>("D")
        {
            layers.configure(&properties, &configuration);
        }
        layers
    }

    fn configure(&mut self, properties: &Dict<'_>, configuration: &Dict<'_>) {
        let base = configuration.get::<Name<'_>>("BaseState");
        if base.is_some_and(|state| state.as_ref() == b"OFF") {
            self.hidden.extend(groups(properties, "OCGs"));
        }
        for group in groups(configuration, "ON") {
            self.hidden.remove(&group);
        }
        self.hidden.extend(groups(configuration, "OFF"));
    }

    /// Whether what belongs to an entry of a dictionary, a group or a membership, is shown.
    pub(super) fn shows(&self, dict: &Dict<'_>, key: &[u8]) -> bool {
        if self.hidden.is_empty() {
            return true;
        }
        let Some(content) = dict.get::<Dict<'_>>(key) else { return true };
        if content.get::<Name<'_>>("Type").is_some_and(|kind| kind.as_ref() == b"OCMD") {
            return self.shows_members(&content);
        }
        dict.get_ref(key).is_none_or(|group| !self.hidden.contains(&group.into()))
    }

    /// Whether the policy of a membership (table 97) says that its content is shown.
    fn shows_members(&self, membership: &Dict<'_>) -> bool {
        let groups = groups(membership, "OCGs");
        let is_hidden = |group: &ObjectIdentifier| self.hidden.contains(group);
        let policy = membership.get::<Name<'_>>("P");
        groups.is_empty()
            || match policy.as_ref().map(AsRef::as_ref) {
                Some(b"AllOn") => !groups.iter().any(is_hidden),
                Some(b"AnyOff") => groups.iter().any(is_hidden),
                Some(b"AllOff") => groups.iter().all(is_hidden),
                _ => !groups.iter().all(is_hidden),
            }
    }
}

/// The groups that an entry refers to: one, or an array of them.
fn groups(dict: &Dict<'_>, key: &str) -> Vec<ObjectIdentifier> {
    match dict.get::<Array<'_>>(key) {
        Some(array) => {
            array.raw_iter().take(MAX_GROUPS).filter_map(|item| item.as_obj_ref().map(Into::into)).collect()
        }
        None => dict.get_ref(key).map(Into::into).into_iter().collect(),
    }
}
