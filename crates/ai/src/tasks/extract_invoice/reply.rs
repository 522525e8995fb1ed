//! What a model answers about an invoice.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    error::AiError,
    local::invoice::{self, Invoice},
    task::{Part, decode},
};

/// Fields whose value is in the head of an invoice.
const HEAD: [&str; 8] =
    ["number", "invoice_date", "due_date", "seller", "buyer", "seller_vat_id", "iban", "currency"];
/// Fields whose value is at its end.
const TOTALS: [&str; 3] = ["net_total", "tax_total", "gross_total"];

#[derive(Deserialize)]
struct Field {
    value: String,
    quote: String,
}

#[derive(Serialize, Deserialize, PartialEq, Clone)]
struct Tax {
    rate: Option<String>,
    amount: String,
    quote: String,
}

#[derive(Deserialize)]
struct Position {
    description: String,
    quantity: Option<String>,
    unit: Option<String>,
    unit_price: Option<String>,
    tax_rate: Option<String>,
    amount: Option<String>,
    quote: String,
}

#[derive(Deserialize)]
struct Reply {
    is_invoice: bool,
    number: Option<Field>,
    invoice_date: Option<Field>,
    due_date: Option<Field>,
    seller: Option<Field>,
    buyer: Option<Field>,
    seller_vat_id: Option<Field>,
    iban: Option<Field>,
    currency: Option<Field>,
    net_total: Option<Field>,
    tax_total: Option<Field>,
    gross_total: Option<Field>,
    taxes: Vec<Tax>,
    positions: Vec<Position>,
}

fn record(fields: &[(&str, Value)]) -> Value {
    let required: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

/// The schema of a reply.
pub(super) fn schema() -> Value {
    let (text, maybe) = (json!({"type": "string"}), json!({"type": ["string", "null"]}));
    let mut field = record(&[("value", text.clone()), ("quote", text.clone())]);
    field["type"] = json!(["object", "null"]);
    let tax = record(&[("rate", maybe.clone()), ("amount", text.clone()), ("quote", text.clone())]);
    let position = record(&[
        ("description", text.clone()),
        ("quantity", maybe.clone()),
        ("unit", maybe.clone()),
        ("unit_price", maybe.clone()),
        ("tax_rate", maybe.clone()),
        ("amount", maybe),
        ("quote", text),
    ]);
    let mut fields = vec![("is_invoice", json!({"type": "boolean"}))];
    fields.extend(HEAD.iter().chain(&TOTALS).map(|name| (*name, field.clone())));
    fields.push(("taxes", json!({"type": "array", "items": tax})));
    fields.push(("positions", json!({"type": "array", "items": position})));
    record(&fields)
}

/// A reply as an invoice.
pub(super) fn read(reply: Value) -> Result<Invoice, AiError> {
    let reply: Reply = decode(reply)?;
    if !reply.is_invoice {
        return Ok(Invoice::default());
    }
    let value = |field: Option<Field>| {
        let field = field.filter(|field| !field.value.trim().is_empty())?;
        Some(invoice::Value { value: field.value.trim().to_owned(), quote: field.quote })
    };
    let tax = |tax: Tax| invoice::Tax { rate: tax.rate, amount: tax.amount, quote: tax.quote };
    let position = |position: Position| invoice::Position {
        description: position.description,
        quantity: position.quantity,
        unit: position.unit,
        unit_price: position.unit_price,
        tax_rate: position.tax_rate,
        amount: position.amount,
        quote: position.quote,
    };
    Ok(Invoice {
        is_invoice: true,
        number: value(reply.number),
        invoice_date: value(reply.invoice_date),
        due_date: value(reply.due_date),
        seller: value(reply.seller),
        buyer: value(reply.buyer),
        seller_vat_id: value(reply.seller_vat_id),
        iban: value(reply.iban),
        currency: value(reply.currency),
        net_total: value(reply.net_total),
        tax_total: value(reply.tax_total),
        gross_total: value(reply.gross_total),
        taxes: reply.taxes.into_iter().map(tax).collect(),
        positions: reply.positions.into_iter().map(position).collect(),
    })
}

/// Joins the replies to the pieces of one invoice.
pub(super) fn join(parts: Vec<Part>) -> Result<Value, AiError> {
    let replies: Vec<Value> = parts.into_iter().map(|part| part.reply).filter(|reply| reply["is_invoice"] == true).collect();
    let field = |name: &str, from_end: bool| {
        let mut given = replies.iter().map(|reply| &reply[name]).filter(|field| !field.is_null());
        let chosen = if from_end { given.next_back() } else { given.next() };
        chosen.cloned().unwrap_or(Value::Null)
    };
    let mut joined = Map::from_iter([("is_invoice".to_owned(), Value::Bool(!replies.is_empty()))]);
    joined.extend(HEAD.iter().map(|name| ((*name).to_owned(), field(name, false))));
    joined.extend(TOTALS.iter().map(|name| ((*name).to_owned(), field(name, true))));
    let mut taxes: Vec<Tax> = Vec::new();
    for reply in &replies {
        for tax in decode::<Vec<Tax>>(reply["taxes"].clone())? {
            if !taxes.iter().any(|known| (&known.rate, &known.amount) == (&tax.rate, &tax.amount)) {
                taxes.push(tax);
            }
        }
    }
    let positions = replies.iter().filter_map(|reply| reply["positions"].as_array()).flatten().cloned().collect();
    joined.insert("taxes".into(), serde_json::to_value(taxes).map_err(|_| AiError::BadOutput)?);
    joined.insert("positions".into(), Value::Array(positions));
    Ok(Value::Object(joined))
}
