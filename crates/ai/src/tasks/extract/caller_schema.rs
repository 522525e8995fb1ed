//! Schemas that callers bring: checked before anything is stored, and made free of references.

use serde_json::{Map, Value, json};

use crate::{clean::shorten, schema::Shape};

/// Bytes of a schema as JSON.
pub(super) const LARGEST: usize = 64 * 1024;
/// The same after each reference was replaced by what it refers to.
const LARGEST_RESOLVED: usize = 256 * 1024;
/// Schemas within schemas.
const DEEPEST: usize = 16;
/// Properties in all.
const MOST_PROPERTIES: usize = 500;
/// What the object around each schema counts for, at least.
const NODE_BYTES: usize = 16;
const PROBLEM_CHARS: usize = 200;

const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";
const DRAFT_2020_12: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords whose value is a schema; a list of schemas; schemas by name.
const ONE: [&str; 11] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LISTS: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
const NAMED: [&str; 4] = ["dependencies", "dependentSchemas", "patternProperties", "properties"];
/// Keywords that mean nothing once there are no references.
const DROPPED: [&str; 7] = ["$anchor", "$comment", "$defs", "$id", "$schema", "$vocabulary", "definitions"];
const REFUSED: [&str; 4] = ["$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"];
/// Keywords beside a reference that say nothing about data.
const ANNOTATIONS: [&str; 4] = ["description", "examples", "title", "default"];

/// Checks a schema that a caller brought.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    if !schema.is_object() {
        return Err("Must be a JSON schema: an object.".into());
    }
    let size = schema.to_string().len();
    if size > LARGEST {
        return Err(format!("Must have at most {LARGEST} bytes as JSON; this one has {size}."));
    }
    if schema.get("$schema").is_some_and(|dialect| draft_of(dialect).is_none()) {
        return Err(format!("`$schema` must be {DRAFT_2020_12} or {DRAFT_7}, or be left out."));
    }
    let resolved = resolved(schema)?;
    if let Err(error) = jsonschema::meta::validate(schema) {
        let problem = format!("Is no valid JSON schema: at `{}`: {error}", error.instance_path());
        return Err(format!("{}.", shorten(problem.trim_end_matches('.'), PROBLEM_CHARS)));
    }
    // Patterns are compiled by an engine that takes linear time, and has no look-around.
    Shape::new(&resolved).map(|_| ()).map_err(|_| {
        "Cannot be used: a `pattern` is too large, or uses look-around or back-references.".to_owned()
    })
}

/// A schema in which every reference is replaced by what it refers to.
///
/// # Errors
/// A sentence: for references to the outside and in circles, and beyond the limits.
pub(super) fn resolved(schema: &Value) -> Result<Value, String> {
    let draft_7 = is_draft_7(schema);
    let mut resolver = Resolver { root: schema, draft_7, trail: Vec::new(), bytes: 0, properties: 0 };
    let mut resolved = resolver.schema(schema, 0)?;
    if let (true, Some(fields)) = (draft_7, resolved.as_object_mut()) {
        fields.insert("$schema".into(), DRAFT_7.into());
    }
    Ok(resolved)
}

pub(super) fn is_draft_7(schema: &Value) -> bool {
    schema.get("$schema").and_then(draft_of) == Some(DRAFT_7)
}

fn draft_of(dialect: &Value) -> Option<&'static str> {
    let given = dialect.as_str()?.trim_end_matches('#').replacen(
        "https://json-schema.org/draft-07",
        "http://json-schema.org/draft-07",
        1,
    );
    [DRAFT_7, DRAFT_2020_12].into_iter().find(|known| known.trim_end_matches('#') == given)
}

struct Resolver<'a> {
    root: &'a Value,
    draft_7: bool,
    /// The references that are being followed.
    trail: Vec<&'a str>,
    bytes: usize,
    properties: usize,
}

impl<'a> Resolver<'a> {
    fn schema(&mut self, schema: &'a Value, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST {
            return Err(format!("Must not nest deeper than {DEEPEST} levels."));
        }
        self.charge(NODE_BYTES)?;
        let Some(fields) = schema.as_object() else {
            return Ok(schema.clone());
        };
        let mut out = Map::new();
        for (name, value) in fields {
            self.charge(name.len())?;
            if REFUSED.contains(&name.as_str()) {
                return Err(format!("`{name}` is not supported."));
            }
            if name == "$id" && depth > 0 {
                return Err("`$id` is supported at the top only.".into());
            }
            if name != "$ref" && !DROPPED.contains(&name.as_str()) {
                out.insert(name.clone(), self.keyword(name, value, depth + 1)?);
            }
        }
        match fields.get("$ref") {
            Some(reference) => {
                let target = self.follow(reference, depth)?;
                Ok(self.joined(target, out))
            }
            None => Ok(Value::Object(out)),
        }
    }

    fn keyword(&mut self, name: &str, value: &'a Value, depth: usize) -> Result<Value, String> {
        match value {
            Value::Array(list) if LISTS.contains(&name) => {
                list.iter().map(|schema| self.schema(schema, depth)).collect()
            }
            Value::Object(_) | Value::Bool(_) if ONE.contains(&name) => self.schema(value, depth),
            Value::Object(named) if NAMED.contains(&name) => {
                self.properties += named.len();
                if self.properties > MOST_PROPERTIES {
                    return Err(format!(
                        "Must have at most {MOST_PROPERTIES} properties, its references followed."
                    ));
                }
                let entry = |(name, schema): (&String, &'a Value)| {
                    self.charge(name.len())?;
                    // A dependency may also be a list of names.
                    let schema = if schema.is_array() { schema.clone() } else { self.schema(schema, depth)? };
                    Ok((name.clone(), schema))
                };
                named.iter().map(entry).collect()
            }
            other => {
                self.charge(other.to_string().len())?;
                Ok(other.clone())
            }
        }
    }

    fn follow(&mut self, reference: &'a Value, depth: usize) -> Result<Value, String> {
        let reference = reference.as_str().ok_or("`$ref` must be a text.")?;
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err("`$ref` must stay within the schema (`#/$defs/…`): nothing is fetched.".into());
        };
        if self.trail.contains(&reference) || pointer.is_empty() {
            return Err(format!("`$ref` must not go in circles: {}.", shorten(reference, PROBLEM_CHARS)));
        }
        let target = self.root.pointer(pointer);
        let target =
            target.ok_or_else(|| format!("`$ref` leads nowhere: {}.", shorten(reference, PROBLEM_CHARS)))?;
        self.trail.push(reference);
        let resolved = self.schema(target, depth + 1)?;
        self.trail.pop();
        Ok(resolved)
    }

    /// What was referred to, with what stands beside the reference. Draft 7 reads nothing beside it.
    fn joined(&self, target: Value, mut beside: Map<String, Value>) -> Value {
        if self.draft_7 || beside.keys().all(|name| ANNOTATIONS.contains(&name.as_str())) {
            return match target {
                Value::Object(mut fields) if !self.draft_7 => {
                    fields.extend(beside);
                    Value::Object(fields)
                }
                target => target,
            };
        }
        match beside.get_mut("allOf").and_then(Value::as_array_mut) {
            Some(all) => all.push(target),
            None => drop(beside.insert("allOf".into(), json!([target]))),
        }
        Value::Object(beside)
    }

    fn charge(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= LARGEST_RESOLVED {
            return Ok(());
        }
        Err(format!("Must have at most {LARGEST_RESOLVED} bytes once its references are followed."))
    }
}

/// The schema for one piece of a document: what the piece does not say is null. What callers require of
/// the whole is checked on the whole.
pub(super) fn for_pieces(schema: &Value) -> Value {
    let Value::Object(fields) = schema else {
        return schema.clone();
    };
    let mut out = fields.clone();
    for whole in ["required", "minItems", "minProperties", "contains", "minContains", "dependentRequired"] {
        out.remove(whole);
    }
    for (name, value) in &mut out {
        match (name.as_str(), &mut *value) {
            ("properties" | "patternProperties", Value::Object(named)) => {
                named.values_mut().for_each(|schema| *schema = or_null(for_pieces(schema)));
            }
            ("items" | "prefixItems", Value::Array(list)) => {
                list.iter_mut().for_each(|schema| *schema = or_null(for_pieces(schema)));
            }
            ("items", schema) => *schema = for_pieces(schema),
            ("additionalProperties", schema @ Value::Object(_)) => *schema = or_null(for_pieces(schema)),
            _ => {}
        }
    }
    Value::Object(out)
}

pub(super) fn or_null(mut schema: Value) -> Value {
    if accepts_null(&schema) {
        return schema;
    }
    let names_values = schema.get("enum").or(schema.get("const")).is_some();
    match schema.get_mut("type") {
        Some(kind @ Value::String(_)) if !names_values => {
            *kind = json!([kind.take(), "null"]);
            schema
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// Whether a schema lets a value be null, as far as its own keywords tell.
pub(super) fn accepts_null(schema: &Value) -> bool {
    let Value::Object(fields) = schema else {
        return schema != &Value::Bool(false);
    };
    fields.iter().all(|(name, value)| match (name.as_str(), value) {
        ("type", Value::Array(kinds)) => kinds.iter().any(|kind| kind == "null"),
        ("type", kind) => kind == "null",
        ("enum", Value::Array(values)) => values.contains(&Value::Null),
        ("const", value) => value.is_null(),
        ("anyOf" | "oneOf", Value::Array(list)) => list.iter().any(accepts_null),
        ("allOf", Value::Array(list)) => list.iter().all(accepts_null),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(schema: Value) -> String {
        check(&schema).unwrap_err()
    }

    #[test]
    fn schemas_of_both_drafts_are_taken() {
        let invoice = json!({"type": "object", "properties": {"total": {"$ref": "#/$defs/money"}},
            "$defs": {"money": {"type": "number"}}});
        assert_eq!(check(&invoice), Ok(()));
        assert_eq!(
            resolved(&invoice).unwrap(),
            json!({"type": "object", "properties": {"total": {"type": "number"}}})
        );
        let older = json!({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "string"}},
            "items": [{"$ref": "#/definitions/a", "minLength": 3}]});
        assert_eq!(check(&older), Ok(()));
        assert_eq!(resolved(&older).unwrap()["items"][0], json!({"type": "string"}));
        let newer =
            json!({"$defs": {"a": {"type": "string"}}, "items": {"$ref": "#/$defs/a", "minLength": 3}});
        assert_eq!(
            resolved(&newer).unwrap()["items"],
            json!({"minLength": 3, "allOf": [{"type": "string"}]})
        );
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for (schema, named) in [
            (json!("a text"), "an object"),
            (json!({"type": "strin"}), "/type"),
            (json!({"properties": 7}), "/properties"),
            (json!({"$schema": "http://example.org/mine"}), "$schema"),
            (json!({"pattern": "(?=look)around"}), "look-around"),
            (json!({"pattern": "(((a{1000}){1000}){1000})"}), "pattern"),
            (json!({"pattern": "("}), "pattern"),
        ] {
            let problem = refused(schema.clone());
            assert!(problem.contains(named), "{schema}: {problem}");
        }
    }

    #[test]
    fn references_to_the_outside_and_in_circles_are_refused() {
        for outside in ["https://example.org/schema.json", "other.json#/a", "file:///etc/passwd"] {
            assert!(refused(json!({"properties": {"a": {"$ref": outside}}})).contains("nothing is fetched"));
        }
        for circle in [
            json!({"properties": {"child": {"$ref": "#"}}}),
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"items": {"$ref": "#/$defs/a"}}}, "items": {"$ref": "#/$defs/a"}}),
        ] {
            assert!(refused(circle).contains("circles"));
        }
        assert!(refused(json!({"$ref": "#/$defs/none"})).contains("nowhere"));
        assert!(refused(json!({"$dynamicRef": "#x"})).contains("$dynamicRef"));
        assert!(refused(json!({"items": {"$id": "https://example.org/x"}})).contains("$id"));
    }

    #[test]
    fn large_deep_and_exploding_schemas_are_refused() {
        assert!(refused(json!({"description": "x".repeat(1_000_000)})).contains("65536"));
        let deep = (0..20).fold(json!({}), |inner, _| json!({"items": inner}));
        assert!(refused(deep).contains("16 levels"));
        let many: Map<_, _> = (0..501).map(|i| (format!("p{i}"), json!({}))).collect();
        assert!(refused(json!({"properties": many})).contains("500 properties"));
        let mut defs = Map::new();
        defs.insert("d0".into(), json!({"enum": ["x".repeat(1_000)]}));
        for i in 1..14 {
            let inner = json!({"$ref": format!("#/$defs/d{}", i - 1)});
            defs.insert(format!("d{i}"), json!({"allOf": [inner.clone(), inner.clone(), inner]}));
        }
        let bomb = refused(json!({"$defs": defs, "$ref": "#/$defs/d6"}));
        assert!(bomb.contains("262144") || bomb.contains("levels"), "{bomb}");
    }

    #[test]
    fn pieces_may_leave_out_what_the_whole_must_have() {
        let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {
            "a": {"type": "string"}, "b": {"enum": ["x"]}, "c": {"type": ["number", "null"]},
            "d": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["e"], "properties": {"e": {"type": "integer"}}}},
        }});
        assert_eq!(
            for_pieces(&schema),
            json!({"type": "object", "additionalProperties": false, "properties": {
                "a": {"type": ["string", "null"]}, "b": {"anyOf": [{"enum": ["x"]}, {"type": "null"}]}, "c": {"type": ["number", "null"]},
                "d": {"type": ["array", "null"], "items": {"type": "object", "properties": {"e": {"type": ["integer", "null"]}}}},
            }})
        );
    }
}
