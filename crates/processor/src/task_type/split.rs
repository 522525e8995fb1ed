//! The task type `split_pdf`: what it takes and what it gives.

use quire_domain::FieldErrors;
use quire_extract::options::SplitPlan;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const NAME: &str = "split_pdf";
pub(super) const TITLE: &str = "Split PDF";
pub(super) const DESCRIPTION: &str = "Splits a PDF document into several, by lists of pages, every so many pages, \
    by size or by bookmarks. Each part becomes a document of its own.";

/// The longest prefix or suffix, in characters.
const AFFIX_MAX: usize = 60;

/// The most numbers of pages that may be listed.
const LISTED_MAX: usize = 1_000_000;

const WAYS: &str = "Name one way to split: `file_map`, `ranges`, `every`, `max_size` or `by_bookmarks`.";

/// How a document is to be split, and what the parts are to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitParams {
    pub(crate) plan: SplitPlan,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
}

/// The parameters as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    file_map: Option<Vec<PageList>>,
    /// Where clients of older systems put `file_map`.
    split_params: Option<Nested>,
    ranges: Option<String>,
    every: Option<u32>,
    max_size: Option<u64>,
    #[serde(default)]
    by_bookmarks: bool,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    suffix: String,
}

#[derive(Deserialize)]
struct Nested {
    file_map: Vec<PageList>,
}

#[derive(Deserialize)]
struct PageList {
    pages: Vec<u32>,
}

impl SplitParams {
    /// Reads the parameters of a task.
    ///
    /// # Errors
    /// What is wrong, by field name.
    pub(crate) fn parse(params: &Value) -> Result<Self, FieldErrors> {
        let written: Written = serde_path_to_error::deserialize(unquoted(params)).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { "params".to_owned() } else { format!("params.{path}") };
            wrong(&field, sentence(error.inner()))
        })?;
        let Written { prefix, suffix, .. } = &written;
        for (name, affix) in [("prefix", prefix), ("suffix", suffix)] {
            if affix.chars().count() > AFFIX_MAX {
                return Err(wrong(
                    &format!("params.{name}"),
                    format!("Must have at most {AFFIX_MAX} characters."),
                ));
            }
        }
        let (prefix, suffix) = (prefix.clone(), suffix.clone());
        Ok(Self { plan: written.plan()?, prefix, suffix })
    }
}

impl Written {
    fn plan(self) -> Result<SplitPlan, FieldErrors> {
        let file_map = self.file_map.or(self.split_params.map(|nested| nested.file_map));
        let mut ways = Vec::new();
        if let Some(lists) = file_map {
            ways.push(("file_map", SplitPlan::Pages(lists.into_iter().map(|list| list.pages).collect())));
        }
        if let Some(ranges) = &self.ranges {
            ways.push(("ranges", SplitPlan::Pages(parse_ranges(ranges)?)));
        }
        ways.extend(self.every.map(|pages| ("every", SplitPlan::Every(pages))));
        ways.extend(self.max_size.map(|bytes| ("max_size", SplitPlan::MaxSize(bytes))));
        ways.extend(self.by_bookmarks.then_some(("by_bookmarks", SplitPlan::Bookmarks)));
        match (ways.pop(), ways.pop()) {
            (Some((name, plan)), None) => check_by_itself(name, plan),
            (None, _) => Err(wrong("params", WAYS)),
            (Some((name, _)), Some(_)) => Err(wrong(&format!("params.{name}"), WAYS)),
        }
    }
}

/// What can be said without the document: no document has as many pages as this.
fn check_by_itself(name: &str, plan: SplitPlan) -> Result<SplitPlan, FieldErrors> {
    if let SplitPlan::Pages(lists) = &plan
        && lists.iter().map(Vec::len).sum::<usize>() > LISTED_MAX
    {
        return Err(wrong(&format!("params.{name}"), format!("At most {LISTED_MAX} pages can be listed.")));
    }
    match plan.check(u32::MAX) {
        Ok(()) => Ok(plan),
        // Parts of so few pages are only too many for a document that nobody has.
        Err(_) if matches!(plan, SplitPlan::Every(1..)) => Ok(plan),
        Err(error) => Err(wrong(&format!("params.{name}"), error.to_string())),
    }
}

/// Fields of a form are text: numbers, truth values, lists and objects in it are what they say.
fn unquoted(params: &Value) -> Value {
    let mut params = params.clone();
    for name in ["file_map", "split_params", "every", "max_size", "by_bookmarks"] {
        if let Some(value) = params.get_mut(name)
            && let Some(parsed) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
        {
            *value = parsed;
        }
    }
    params
}

/// Ranges as people write them for a printer, from 1: `1-3,5`. Each is a part.
fn parse_ranges(ranges: &str) -> Result<Vec<Vec<u32>>, FieldErrors> {
    let mut listed = 0;
    let mut lists = Vec::new();
    for range in ranges.split(',').map(str::trim) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|page| *page > 0);
        let (Some(first), Some(last)) = (number(first), number(last)) else { return Err(not_ranges()) };
        listed += (last as usize + 1).saturating_sub(first as usize);
        if first > last || listed > LISTED_MAX {
            return Err(not_ranges());
        }
        lists.push((first - 1..last).collect());
    }
    Ok(lists)
}

fn not_ranges() -> FieldErrors {
    wrong("params.ranges", "Write pages and ranges of pages, the first is 1, such as `1-3,5,7-9`.")
}

/// What serde says, as a sentence.
fn sentence(error: &serde_json::Error) -> String {
    let words = error.to_string();
    // Where in the text it is means nothing: the field is named.
    let words = words.split(" at line ").next().unwrap_or_default();
    let mut characters = words.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

fn wrong(field: &str, message: impl Into<String>) -> FieldErrors {
    let mut errors = FieldErrors::default();
    errors.add(field, message);
    errors
}

pub(super) fn params_schema() -> Value {
    let file_map = json!({
        "type": "array", "minItems": 1,
        "items": {"type": "object", "required": ["pages"], "properties": {
            "pages": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
        }},
    });
    let described = |mut schema: Value, description: &str| {
        schema["description"] = description.into();
        schema
    };
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "file_map": described(file_map.clone(), "The pages of each part, in order; the first page is 0."),
            "split_params": {"type": "object", "properties": {"file_map": file_map},
                "description": "Another place for `file_map`."},
            "ranges": {"type": "string", "examples": ["1-3,5"],
                "description": "A part for each range; the first page is 1."},
            "every": {"type": "integer", "minimum": 1, "description": "Parts of so many pages."},
            "max_size": {"type": "integer", "minimum": 1,
                "description": "Parts of at most so many bytes; a page that alone is larger is a part."},
            "by_bookmarks": {"type": "boolean", "description": "A part for each bookmark of the first level."},
            "prefix": {"type": "string", "maxLength": AFFIX_MAX, "default": "",
                "description": "File names are `prefix_root_suffix_index.pdf`; what is empty is left out."},
            "suffix": {"type": "string", "maxLength": AFFIX_MAX, "default": ""},
        },
    })
}

pub(super) fn output_schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["parts"],
        "properties": {"parts": {"type": "array", "items": {
            "type": "object", "additionalProperties": false,
            "required": ["document_id", "filename", "pages", "size", "title"],
            "properties": {
                "document_id": {"type": "string", "format": "uuid"},
                "filename": {"type": "string"},
                "pages": {"type": "array", "items": {"type": "integer"},
                    "description": "Of the whole; the first page is 0."},
                "size": {"type": "integer", "description": "In bytes."},
                "title": {"type": ["string", "null"], "description": "The bookmark it is named after."},
            },
        }}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(params: Value) -> Result<SplitPlan, String> {
        match SplitParams::parse(&params) {
            Ok(params) => Ok(params.plan),
            Err(errors) => Err(errors.0.into_keys().next().unwrap()),
        }
    }

    #[test]
    fn every_way_is_understood() {
        let lists = SplitPlan::Pages(vec![vec![0, 1], vec![4]]);
        let file_map = json!([{"pages": [0, 1]}, {"pages": [4]}]);
        for (params, wanted) in [
            (json!({"file_map": file_map}), lists.clone()),
            (json!({"split_params": {"file_map": file_map}}), lists.clone()),
            (json!({"file_map": file_map.to_string()}), lists.clone()),
            (json!({"ranges": " 1-2, 5"}), lists),
            (json!({"every": 10}), SplitPlan::Every(10)),
            (json!({"every": "10", "prefix": "a"}), SplitPlan::Every(10)),
            (json!({"max_size": 1_000_000}), SplitPlan::MaxSize(1_000_000)),
            (json!({"by_bookmarks": true}), SplitPlan::Bookmarks),
        ] {
            assert_eq!(plan(params.clone()).as_ref(), Ok(&wanted), "{params}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (params, field) in [
            (json!({}), "params"),
            (json!({"every": 2, "by_bookmarks": true}), "params.by_bookmarks"),
            (json!({"every": 0}), "params.every"),
            (json!({"every": -1}), "params.every"),
            (json!({"max_size": "much"}), "params.max_size"),
            (json!({"file_map": []}), "params.file_map"),
            (json!({"file_map": [{"pages": []}]}), "params.file_map"),
            (json!({"file_map": [{"pages": [0]}, {"pages": ["x"]}]}), "params.file_map[1].pages[0]"),
            (json!({"ranges": "0-3"}), "params.ranges"),
            (json!({"ranges": "5-3"}), "params.ranges"),
            (json!({"ranges": "1-4294967295"}), "params.ranges"),
            (json!({"ranges": "1,"}), "params.ranges"),
            (json!({"every": 1, "prefix": "x".repeat(61)}), "params.prefix"),
            (json!({"every": 1, "strange": 1}), "params.strange"),
            (json!([]), "params"),
        ] {
            assert_eq!(plan(params.clone()), Err(field.to_owned()), "{params}");
        }
    }
}
