//! Data with its evidence: what one piece of a document says, and how pieces come together.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    quote::{Check, Pages},
    task::Checked,
};

use super::caller_schema::accepts_null;

/// A passage for a place in the data.
#[derive(Deserialize)]
pub(super) struct Quote {
    /// JSON pointer (RFC 6901).
    path: String,
    quote: String,
}

/// Data whose values carry what shows them.
pub(super) enum Tree {
    Nothing,
    Value(Value, Checked),
    List(Vec<Tree>),
    Fields(BTreeMap<String, Tree>),
}

/// A value with its place and its evidence.
pub(super) struct Field {
    pub(super) path: String,
    pub(super) value: Value,
    pub(super) checked: Checked,
}

impl Tree {
    /// Joins data and quotes; a value without a quote of its own has that of the record around it.
    pub(super) fn read(data: Value, quotes: Vec<Quote>, pages: &Pages) -> Self {
        let quotes: HashMap<_, _> = quotes
            .into_iter()
            .rev() // the first of several for one place stays
            .map(|given| (pointer(&given.path, &data), given.quote))
            .collect();
        Reader { quotes, pages }.tree(data, String::new(), None)
    }

    /// Nothing found, in the shape that a schema asks for.
    pub(super) fn empty(schema: &Value) -> Self {
        match schema.get("type") {
            Some(kind) if kind == "array" => Self::List(Vec::new()),
            _ => Self::Fields(BTreeMap::new()),
        }
    }

    /// What both say: the first value found of each, one that stands in the document before one that does
    /// not; all members of lists, each once.
    pub(super) fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) => other,
            (Self::Value(_, first), second @ Self::Value(_, Checked { check: Check::Verified, .. }))
                if first.check == Check::Unverified =>
            {
                second
            }
            (Self::List(mut first), Self::List(second)) => {
                let mut seen: HashSet<_> = first.iter().map(|member| member.data().to_string()).collect();
                first.extend(second.into_iter().filter(|member| seen.insert(member.data().to_string())));
                Self::List(first)
            }
            (Self::Fields(mut first), Self::Fields(second)) => {
                for (name, tree) in second {
                    let known = first.remove(&name).unwrap_or(Self::Nothing);
                    first.insert(name, known.merge(tree));
                }
                Self::Fields(first)
            }
            (first, _) => first,
        }
    }

    /// Leaves out what is unknown where the schema does not let it be null, and members of lists beyond
    /// the number that it allows. Returns how many of these there were.
    pub(super) fn fit(&mut self, schema: &Value) -> usize {
        match self {
            Self::Fields(fields) => {
                let of = |name: &str| schema.get("properties").and_then(|known| known.get(name));
                fields
                    .retain(|name, tree| !matches!(tree, Self::Nothing) || of(name).is_none_or(accepts_null));
                let any = |name: &str| of(name).unwrap_or(&Value::Null).clone();
                fields.iter_mut().map(|(name, tree)| tree.fit(&any(name))).sum()
            }
            Self::List(members) => {
                let most = schema
                    .get("maxItems")
                    .and_then(Value::as_u64)
                    .and_then(|most| usize::try_from(most).ok());
                let over = members.len().saturating_sub(most.unwrap_or(usize::MAX));
                members.truncate(members.len() - over);
                let items = schema.get("items").unwrap_or(&Value::Null);
                over + members.iter_mut().map(|member| member.fit(items)).sum::<usize>()
            }
            Self::Nothing | Self::Value(..) => 0,
        }
    }

    /// The data alone.
    pub(super) fn data(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Value(value, _) => value.clone(),
            Self::List(members) => members.iter().map(Self::data).collect(),
            Self::Fields(fields) => fields.iter().map(|(name, tree)| (name.clone(), tree.data())).collect(),
        }
    }

    /// The values with their places, in the order of the data.
    pub(super) fn fields(self) -> Vec<Field> {
        let mut found = Vec::new();
        self.collect(String::new(), &mut found);
        found
    }

    fn collect(self, path: String, found: &mut Vec<Field>) {
        match self {
            Self::Nothing => {}
            Self::Value(value, checked) => found.push(Field { path, value, checked }),
            Self::List(members) => {
                (0_usize..)
                    .zip(members)
                    .for_each(|(at, member)| member.collect(format!("{path}/{at}"), found));
            }
            Self::Fields(fields) => {
                fields.into_iter().for_each(|(name, tree)| tree.collect(below(&path, &name), found));
            }
        }
    }
}

struct Reader<'a> {
    quotes: HashMap<String, String>,
    pages: &'a Pages,
}

impl Reader<'_> {
    fn tree(&self, data: Value, path: String, around: Option<&str>) -> Tree {
        let quote = self.quotes.get(&path).map(String::as_str).or(around);
        match data {
            Value::Null => Tree::Nothing,
            Value::Array(members) => {
                let members = (0_usize..).zip(members);
                Tree::List(
                    members.map(|(at, member)| self.tree(member, format!("{path}/{at}"), quote)).collect(),
                )
            }
            Value::Object(fields) => {
                let tree = |(name, value): (String, Value)| {
                    let path = below(&path, &name);
                    (name, self.tree(value, path, quote))
                };
                Tree::Fields(fields.into_iter().map(tree).collect())
            }
            Value::String(text) => {
                let checked = Checked::new(self.pages, &text, quote);
                Tree::Value(Value::String(text), checked)
            }
            // A number or a `true` without a quote stands in most documents somewhere.
            value => {
                let checked = Checked::new(self.pages, value.to_string(), quote);
                let checked = if quote.is_some() { checked } else { checked.unverified() };
                Tree::Value(value, checked)
            }
        }
    }
}

fn below(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A place as a JSON pointer into `data`, also where the model wrote it in another common way
/// (`items[0].price`, `/data/items/0/price`).
fn pointer(path: &str, data: &Value) -> String {
    let path = path.trim().trim_start_matches(['$', '#']);
    let pointer = match path {
        "" => String::new(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/{}", path.trim_start_matches('.').replace(['[', '.'], "/").replace(']', "")),
    };
    let inner = pointer.strip_prefix("/data").filter(|inner| inner.is_empty() || inner.starts_with('/'));
    match inner {
        Some(inner) if data.pointer(&pointer).is_none() => inner.to_owned(),
        _ => pointer,
    }
}

impl Field {
    /// As published.
    pub(super) fn publish(&self) -> Value {
        let mut field = self.checked.evidence();
        field["path"] = json!(self.path);
        field["value"] = self.value.clone();
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new([(1, "Invoice 17 of ACME Ltd. Bolts 4 x 2.50 EUR. Nuts 9 x 1,20 EUR.".to_owned())])
    }

    fn tree(data: Value, quotes: &[(&str, &str)]) -> Tree {
        let quotes =
            quotes.iter().map(|(path, quote)| Quote { path: (*path).into(), quote: (*quote).into() });
        Tree::read(data, quotes.collect(), &pages())
    }

    #[test]
    fn values_have_their_own_quotes_or_those_of_their_records() {
        let data = json!({"number": 17, "seller": "ACME Ltd", "items": [{"name": "Nuts", "price": 1.2}], "paid": true});
        let quotes =
            [("number", "Invoice 17"), ("/data/items/0", "Nuts 9 x 1,20 EUR"), ("$.seller", "ACME GmbH")];
        let fields = tree(data, &quotes).fields();
        let told: Vec<_> =
            fields.iter().map(|f| (f.path.as_str(), f.checked.check, f.checked.confidence)).collect();
        assert_eq!(
            told,
            [
                ("/items/0/name", Check::Verified, 1.0),
                ("/items/0/price", Check::Verified, 1.0),
                ("/number", Check::Verified, 1.0),
                ("/paid", Check::Unverified, 0.0),
                ("/seller", Check::Unverified, 0.4),
            ]
        );
    }

    #[test]
    fn pieces_come_together() {
        let one =
            tree(json!({"seller": "Acme Inc", "buyer": null, "items": [{"name": "Bolts"}], "n": 1}), &[]);
        let two = tree(
            json!({"seller": "ACME Ltd", "buyer": "B", "items": [{"name": "Bolts"}, {"name": "Nuts"}], "n": 17}),
            &[("/n", "Invoice 17")],
        );
        let merged = one.merge(two).data();
        assert_eq!(
            merged,
            json!({"seller": "ACME Ltd", "buyer": "B", "items": [{"name": "Bolts"}, {"name": "Nuts"}], "n": 17})
        );
    }

    #[test]
    fn names_are_escaped_in_paths() {
        assert_eq!(tree(json!({"a/b~c": "ACME"}), &[]).fields()[0].path, "/a~1b~0c");
    }

    #[test]
    fn what_is_unknown_or_too_much_is_left_out() {
        let schema = json!({"properties": {"a": {"type": "string"}, "b": {"type": ["string", "null"]},
            "l": {"maxItems": 2, "items": {"properties": {"c": {"type": "string"}}}}}});
        let mut tree = tree(json!({"a": null, "b": null, "l": [{"c": null}, {"c": "x"}, {"c": "y"}]}), &[]);
        assert_eq!(tree.fit(&schema), 1);
        assert_eq!(tree.data(), json!({"b": null, "l": [{}, {"c": "x"}]}));
    }
}
