//! `extract`: the caller's own JSON schema, filled from the text.

mod caller_schema;
mod tree;

use quire_domain::{
    FieldErrors,
    failure::{Failure, FailureCode},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clean::clean,
    error::AiError,
    local::{needs_model, round},
    params::Params,
    quote::Check,
    schema::Shape,
    task::{Checked, Document, Draft, LocalJob, Overlap, Part, Prompt, Reduction, TaskType, Warning, decode},
};

use self::tree::{Field, Quote, Tree};

pub(crate) struct Extract;

/// What a model said of one piece.
#[derive(Deserialize)]
struct Reply {
    data: Value,
    quotes: Vec<Quote>,
}

/// The replies for all pieces.
#[derive(Deserialize)]
#[serde(untagged)]
enum Replies {
    Many { parts: Vec<Reply> },
    One(Reply),
}

const INSTRUCTIONS_CHARS: usize = 2_000;

impl TaskType for Extract {
    fn name(&self) -> &'static str {
        "extract"
    }

    fn title(&self) -> &'static str {
        "Data by your schema"
    }

    fn description(&self) -> &'static str {
        "Fills your own JSON schema from the document, with the passage that shows each value. Needs a language \
         model: the local provider refuses."
    }

    fn params_schema(&self) -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["schema"],
            "properties": {
                "schema": {
                    "type": "object",
                    "description": format!(
                        "JSON Schema (draft 2020-12 or 7) of the data that you want, at most {} bytes. References \
                         stay within it (`#/$defs/…`) and do not go in circles.",
                        caller_schema::LARGEST
                    ),
                    "examples": [{"type": "object", "properties": {"total": {"type": "number"}}}],
                },
                "instructions": {
                    "type": "string", "maxLength": INSTRUCTIONS_CHARS,
                    "description": "What else to know, such as what a property means.",
                },
            },
        })
    }

    fn output_schema(&self) -> Value {
        let mut field = Checked::evidence_properties();
        field["path"] = json!({"type": "string", "description": "JSON pointer into `data`."});
        field["value"] = json!({"type": ["string", "number", "boolean"]});
        json!({
            "type": "object", "additionalProperties": false, "required": ["data", "fields", "confidence"],
            "properties": {
                "data": {"description": "Of your schema."},
                "fields": {"type": "array", "description": "Each value with its evidence.", "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["path", "value", "quote", "page", "check", "confidence"],
                    "properties": field,
                }},
                "confidence": {"type": "number", "minimum": 0, "maximum": 1,
                    "description": "Computed: the mean of the fields'."},
            },
        })
    }

    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors> {
        let mut read = Params::new(params);
        let schema = read.structure("schema");
        let instructions = read.text("instructions", INSTRUCTIONS_CHARS).map(clean);
        match &schema {
            Some(schema) => match caller_schema::check(schema) {
                Ok(()) => {}
                Err(problem) => read.reject("schema", problem),
            },
            None => read.reject("schema", "Must be given."),
        }
        read.finish(json!({"schema": schema, "instructions": instructions}))
    }

    fn local_support(&self, _params: &Value) -> Result<(), Failure> {
        Err(needs_model("Filling a schema of your own"))
    }

    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError> {
        Err(self.local_support(job.params).map_or_else(AiError::Unsupported, |()| AiError::BadOutput))
    }

    fn prompt(&self) -> Prompt {
        Prompt { version: "extract/1", text: include_str!("prompts/extract.md") }
    }

    fn reply_schema(&self, params: &Value) -> Value {
        let schema = schema(params);
        let mut reply = json!({
            "type": "object", "additionalProperties": false, "required": ["data", "quotes"],
            "properties": {
                "data": caller_schema::or_null(caller_schema::for_pieces(&schema)),
                "quotes": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false, "required": ["path", "quote"],
                    "properties": {"path": {"type": "string"}, "quote": {"type": "string"}},
                }},
            },
        });
        if let (Some(dialect), Some(fields)) = (schema.get("$schema"), reply.as_object_mut()) {
            fields.insert("$schema".into(), dialect.clone());
        }
        reply
    }

    fn has_strict_schema(&self) -> bool {
        false
    }

    fn wish(&self, params: &Value) -> String {
        let wish = "fill `data` from the text, with a quote for each value.";
        match params.get("instructions").and_then(Value::as_str) {
            // As a JSON string, so that its end cannot be forged.
            Some(instructions) => {
                format!("{wish} The caller says of the values: {}", Value::from(instructions))
            }
            None => wish.into(),
        }
    }

    fn overlap(&self) -> Overlap {
        Overlap::Twentieth
    }

    /// The pieces are merged when their quotes are checked: values that stand in the document come first.
    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        let parts: Vec<_> = parts.into_iter().map(|part| part.reply).collect();
        Ok(Reduction::Done(json!({"parts": parts})))
    }

    fn finish(&self, reply: Value, document: &Document, params: &Value) -> Result<Draft, AiError> {
        let parts = match decode(reply)? {
            Replies::Many { parts } => parts,
            Replies::One(reply) => vec![reply],
        };
        let trees = parts.into_iter().map(|part| Tree::read(part.data, part.quotes, document.pages()));
        let schema = schema(params);
        let mut tree = match trees.reduce(Tree::merge).ok_or(AiError::BadOutput)? {
            Tree::Nothing => Tree::empty(&schema),
            tree => tree,
        };
        let left_out = tree.fit(&schema);
        let data = tree.data();
        let misfits = Shape::new(&schema)?.misfits(&data);
        if !misfits.is_empty() {
            return Err(misfit(&misfits));
        }
        Ok(draft(data, &tree.fields(), left_out))
    }
}

/// The caller's schema without references; it was checked when it came.
fn schema(params: &Value) -> Value {
    params.get("schema").and_then(|schema| caller_schema::resolved(schema).ok()).unwrap_or(Value::Bool(true))
}

/// Names the places where the data does not have the caller's shape.
fn misfit(places: &[String]) -> AiError {
    let places: Vec<_> = places
        .iter()
        .map(|place| if place.is_empty() { "its top".to_owned() } else { format!("`{place}`") })
        .collect();
    AiError::Misfit(Failure::new(
        FailureCode::AnswerInvalid,
        format!(
            "What the document says does not fill your schema, at {}. Let what documents may leave out be optional \
             or null.",
            places.join(", ")
        ),
    ))
}

fn draft(data: Value, fields: &[Field], left_out: usize) -> Draft {
    let unverified = fields.iter().filter(|field| field.checked.check == Check::Unverified).count();
    let mut warnings = Vec::new();
    if fields.is_empty() {
        warnings
            .push(Warning::new("nothing_found", "The document says nothing of what the schema asks for."));
    }
    if unverified > 0 {
        let message = format!("{unverified} of {} values were not found in the document.", fields.len());
        warnings.push(Warning::new("quote_not_found", message));
    }
    if left_out > 0 {
        let message =
            format!("{left_out} members of lists were left out, because `maxItems` allows no more.");
        warnings.push(Warning::new("items_left_out", message));
    }
    let line = |field: &Field| {
        let place = field.checked.page.map_or("not found".to_owned(), |page| format!("page {page}"));
        format!("{}: {} ({place})", field.path, field.checked.value)
    };
    let lines: Vec<_> = fields.iter().map(line).collect();
    let sum: f64 = fields.iter().map(|field| field.checked.confidence).sum();
    let mean = sum / f64::from(u32::try_from(fields.len().max(1)).unwrap_or(u32::MAX));
    Draft {
        result: if lines.is_empty() { "The document says nothing of it.".into() } else { lines.join("\n") },
        data: json!({
            "data": data, "fields": fields.iter().map(Field::publish).collect::<Vec<_>>(),
            "confidence": round(mean, 2),
        }),
        warnings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::testing::{document, finished, locally};

    const INVOICE: [&str; 2] =
        ["Invoice 17 of ACME Ltd. Total 1.250,00 EUR.", "Bolts 4 pieces. Nuts 9 pieces."];

    fn params() -> Value {
        json!({"schema": {
            "type": "object", "required": ["seller"], "additionalProperties": false,
            "properties": {
                "seller": {"type": "string"}, "total": {"type": "number"}, "due": {"type": "string"},
                "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
            },
            "$defs": {"item": {"type": "object", "properties": {"name": {"type": "string"}}}},
        }})
    }

    fn part(data: Value, quotes: Value) -> Value {
        json!({"data": data, "quotes": quotes})
    }

    #[test]
    fn every_value_carries_its_evidence() {
        let reply = part(
            json!({"seller": "ACME Ltd", "total": 1250, "due": null, "items": [{"name": "Bolts"}]}),
            json!([{"path": "/total", "quote": "Total 1.250,00 EUR"}, {"path": "/items/0", "quote": "Bolts 4 pieces"}]),
        );
        let draft = finished("extract", reply, params(), &document(&INVOICE));
        assert_eq!(
            draft.data["data"],
            json!({"seller": "ACME Ltd", "total": 1250, "items": [{"name": "Bolts"}]})
        );
        assert_eq!(draft.data["confidence"], 1.0);
        assert_eq!(
            draft.result,
            "/items/0/name: Bolts (page 2)\n/seller: ACME Ltd (page 1)\n/total: 1250 (page 1)"
        );
        assert!(draft.warnings.is_empty());
    }

    #[test]
    fn invented_values_are_marked() {
        let reply = part(json!({"seller": "Globex"}), json!([{"path": "/seller", "quote": "Globex sells"}]));
        let draft = finished("extract", reply, params(), &document(&INVOICE));
        assert_eq!(
            (&draft.data["confidence"], &draft.data["fields"][0]["check"]),
            (&json!(0.0), &json!("unverified"))
        );
        assert_eq!(draft.warnings[0].code, "quote_not_found");
    }

    #[test]
    fn pieces_are_merged_and_checked_again() {
        let pieces = vec![
            Part { reply: part(json!({"items": [{"name": "Bolts"}]}), json!([])), chars: 9 },
            Part {
                reply: part(
                    json!({"seller": "ACME Ltd", "items": [{"name": "Bolts"}, {"name": "Nuts"}]}),
                    json!([]),
                ),
                chars: 9,
            },
        ];
        let Reduction::Done(reply) = Extract.reduce(pieces, &Value::Null).unwrap() else { panic!() };
        let params = Extract.check_params(&params()).unwrap();
        let draft = Extract.finish(reply, &document(&INVOICE), &params).unwrap();
        assert_eq!(
            draft.data["data"],
            json!({"seller": "ACME Ltd", "items": [{"name": "Bolts"}, {"name": "Nuts"}]})
        );
    }

    #[test]
    fn what_the_whole_must_have_is_named() {
        let params = Extract.check_params(&params()).unwrap();
        let reply = part(json!({"total": 1250}), json!([]));
        let failure = Extract.finish(reply, &document(&INVOICE), &params).unwrap_err().failure();
        assert_eq!(failure.code, FailureCode::AnswerInvalid);
        assert!(
            failure.message.contains("`/seller`") && !failure.message.contains("1250"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn nothing_found_is_said() {
        let schema = json!({"schema": {"type": "object", "properties": {"total": {"type": "number"}}}});
        for data in [Value::Null, json!({"total": null})] {
            let draft = finished("extract", part(data, json!([])), schema.clone(), &document(&INVOICE));
            assert_eq!((&draft.data["data"], &draft.data["confidence"]), (&json!({}), &json!(0.0)));
            assert_eq!(draft.warnings[0].code, "nothing_found");
        }
    }

    #[test]
    fn schemas_and_instructions_are_checked_at_once() {
        for wrong in [
            json!({}),
            json!({"schema": 7}),
            json!({"schema": {"type": "strin"}}),
            json!({"schema": {"$ref": "https://example.org"}}),
        ] {
            assert!(Extract.check_params(&wrong).unwrap_err().0.contains_key("params.schema"), "{wrong}");
        }
        let long = json!({"schema": {}, "instructions": "x".repeat(2_001)});
        assert!(Extract.check_params(&long).unwrap_err().0.contains_key("params.instructions"));
        let huge = json!({"schema": {"enum": vec!["x"; 250_000]}});
        assert!(Extract.check_params(&huge).unwrap_err().0["params.schema"][0].contains("65536"));
        let text = json!({"schema": params()["schema"].to_string()});
        assert_eq!(
            Extract.check_params(&text).unwrap()["schema"],
            params()["schema"],
            "as a field of a form"
        );
        let wish = Extract.wish(&json!({"instructions": "The \"total\" is net."}));
        assert!(wish.ends_with(r#""The \"total\" is net.""#), "{wish}");
    }

    #[test]
    fn the_local_engine_says_what_to_configure() {
        let failure = locally("extract", params(), &INVOICE).unwrap_err().failure();
        assert!(failure.message.contains("needs a language model: set AI_PROVIDER"), "{}", failure.message);
    }
}
