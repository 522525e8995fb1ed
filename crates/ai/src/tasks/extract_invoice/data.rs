//! What is published of an invoice.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::{
    clean::{fold_whitespace, shorten},
    local::{
        invoice::{Invoice, Number, Position, Tax, Value as Found, currency},
        round,
    },
    quote::{Check, Checked, Pages},
    task::{Draft, Warning},
};

const TEXT_CHARS: usize = 300;
/// Sums may differ by this much, in ten-thousandths: by two cents, for rounding.
const TOLERANCE: i64 = 200;

/// JSON schema of the data.
pub(super) fn schema() -> Value {
    let fields = [
        ("number", "The number of the invoice."),
        ("invoice_date", "When it was issued, YYYY-MM-DD."),
        ("due_date", "Until when it is to be paid, YYYY-MM-DD."),
        ("seller", "The name of who sells."),
        ("buyer", "The name of who buys."),
        ("seller_vat_id", "The seller's VAT id, without spaces."),
        ("iban", "The account to pay to, without spaces; its check digits are right."),
        ("currency", "ISO 4217."),
        ("net_total", "Before taxes, a decimal number."),
        ("tax_total", "All taxes, a decimal number."),
        ("gross_total", "What has to be paid, a decimal number."),
    ];
    let mut properties = Map::new();
    properties.insert("is_invoice".into(), json!({"type": "boolean"}));
    for (name, description) in fields {
        let mut schema = Checked::schema(description);
        schema["type"] = json!(["object", "null"]);
        properties.insert(name.into(), schema);
    }
    let number = json!({"type": ["string", "null"], "description": "A decimal number."});
    let tax = record(json!({"rate": {"type": ["string", "null"], "description": "In percent."}, "amount": number}));
    let position = record(json!({
        "description": {"type": "string"}, "quantity": number, "unit": {"type": ["string", "null"]},
        "unit_price": number, "tax_rate": {"type": ["string", "null"], "description": "In percent."}, "amount": number,
    }));
    properties.insert("taxes".into(), json!({"type": "array", "items": tax}));
    properties.insert("positions".into(), json!({"type": "array", "items": position}));
    properties.insert("sums_agree".into(), json!({"type": ["boolean", "null"], "description":
        "Whether net and taxes make up the total; null when one of them is not there."}));
    properties.insert("confidence".into(), json!({"type": "number", "minimum": 0, "maximum": 1, "description":
        "The mean of all fields, positions and taxes."}));
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

/// A record with a quote as a whole.
fn record(mut properties: Value) -> Value {
    let evidence = Checked::evidence_properties();
    if let (Some(own), Some(evidence)) = (properties.as_object_mut(), evidence.as_object()) {
        own.extend(evidence.clone());
    }
    let required: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

/// Checks what was found against the pages and publishes it.
pub(super) fn draft(pages: &Pages, found: Invoice) -> Draft {
    let mut checker = Checker { pages, confidences: Vec::new(), unverified: 0, invalid: 0 };
    let is_invoice = found.is_invoice;
    let number = checker.field(found.number, text);
    let invoice_date = checker.field(found.invoice_date, date);
    let due_date = checker.field(found.due_date, date);
    let (seller, buyer) = (checker.field(found.seller, text), checker.field(found.buyer, text));
    let (vat_id, iban) = (checker.field(found.seller_vat_id, joined), checker.field(found.iban, joined));
    let currency = checker.field(found.currency, |code| currency(code).map(str::to_owned));
    let net = checker.field(found.net_total, amount);
    let tax = checker.field(found.tax_total, amount);
    let gross = checker.field(found.gross_total, amount);
    let taxes: Vec<_> = found.taxes.into_iter().filter_map(|tax| checker.tax(tax)).collect();
    let positions: Vec<_> = found.positions.into_iter().map(|position| checker.position(position)).collect();
    let sums_agree = sums_agree(net.as_ref(), tax.as_ref(), gross.as_ref());
    let warnings = checker.warnings(is_invoice, sums_agree);
    let result = if is_invoice {
        let lines = [
            ("Invoice", &number), ("Date", &invoice_date), ("Due", &due_date), ("Seller", &seller), ("Buyer", &buyer),
            ("Net", &net), ("Tax", &tax), ("Total", &gross), ("Currency", &currency),
        ];
        let shown = lines.iter().filter_map(|(name, field)| Some(format!("{name}: {}", field.as_ref()?.value)));
        let rows = positions.iter().map(|position: &Value| shown_position(position));
        shown.chain(rows).collect::<Vec<_>>().join("\n")
    } else {
        "This is no invoice.".to_owned()
    };
    let confidence = checker.confidence();
    let data = json!({
        "is_invoice": is_invoice, "number": number, "invoice_date": invoice_date, "due_date": due_date,
        "seller": seller, "buyer": buyer, "seller_vat_id": vat_id, "iban": iban, "currency": currency,
        "net_total": net, "tax_total": tax, "gross_total": gross, "taxes": taxes, "positions": positions,
        "sums_agree": sums_agree, "confidence": confidence,
    });
    Draft { data, result, warnings }
}

fn shown_position(position: &Value) -> String {
    let part = |name: &str| position[name].as_str().unwrap_or_default();
    let quantity = if part("quantity").is_empty() { String::new() } else { format!("{} × ", part("quantity")) };
    format!("- {quantity}{}: {}", part("description"), part("amount"))
}

struct Checker<'a> {
    pages: &'a Pages,
    confidences: Vec<f64>,
    unverified: usize,
    invalid: usize,
}

impl Checker<'_> {
    /// A field in its published form; one whose value has no such form goes.
    fn field(&mut self, found: Option<Found>, form: impl Fn(&str) -> Option<String>) -> Option<Checked> {
        let found = found?;
        let Some(value) = form(&found.value) else {
            self.invalid += 1;
            return None;
        };
        Some(self.check(value, &found.quote))
    }

    fn check(&mut self, value: String, quote: &str) -> Checked {
        let checked = Checked::new(self.pages, value, Some(quote));
        self.confidences.push(checked.confidence);
        self.unverified += usize::from(checked.check == Check::Unverified);
        checked
    }

    fn tax(&mut self, tax: Tax) -> Option<Value> {
        let amount = amount(&tax.amount)?;
        let evidence = self.check(amount.clone(), &tax.quote);
        Some(with_evidence(json!({"rate": tax.rate.as_deref().and_then(self::amount), "amount": amount}), &evidence))
    }

    fn position(&mut self, position: Position) -> Value {
        let description = shorten(&fold_whitespace(&position.description), TEXT_CHARS);
        let evidence = self.check(description.clone(), &position.quote);
        let number = |number: Option<String>| number.as_deref().and_then(amount);
        let unit = position.unit.map(|unit| shorten(&fold_whitespace(&unit), TEXT_CHARS)).filter(|unit| !unit.is_empty());
        let record = json!({
            "description": description, "quantity": number(position.quantity), "unit": unit,
            "unit_price": number(position.unit_price), "tax_rate": number(position.tax_rate),
            "amount": number(position.amount),
        });
        with_evidence(record, &evidence)
    }

    fn confidence(&self) -> f64 {
        let count = f64::from(u32::try_from(self.confidences.len()).unwrap_or(u32::MAX));
        if self.confidences.is_empty() { 0.0 } else { round(self.confidences.iter().sum::<f64>() / count, 2) }
    }

    fn warnings(&self, is_invoice: bool, sums_agree: Option<bool>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if !is_invoice {
            warnings.push(Warning::new("not_an_invoice", "The document does not look like an invoice."));
        }
        if self.invalid > 0 {
            warnings.push(Warning::new("value_invalid", "Values that are no date, amount or currency were left out."));
        }
        if self.unverified > 0 {
            warnings.push(Warning::new("quote_not_found", "For some values the passage was not found in the document."));
        }
        if sums_agree == Some(false) {
            warnings.push(Warning::new("sums_differ", "Net and taxes do not make up the total."));
        }
        warnings
    }
}

fn with_evidence(mut record: Value, evidence: &Checked) -> Value {
    record["quote"] = json!(evidence.quote);
    record["page"] = json!(evidence.page);
    record["check"] = json!(evidence.check);
    record["confidence"] = json!(evidence.confidence);
    record
}

fn sums_agree(net: Option<&Checked>, tax: Option<&Checked>, gross: Option<&Checked>) -> Option<bool> {
    let units = |field: Option<&Checked>| Number::parse(&field?.value).map(Number::units);
    let (net, tax, gross) = (units(net)?, units(tax)?, units(gross)?);
    Some((net + tax - gross).abs() <= TOLERANCE)
}

fn text(value: &str) -> Option<String> {
    Some(shorten(&fold_whitespace(value), TEXT_CHARS)).filter(|text| !text.is_empty())
}

fn joined(value: &str) -> Option<String> {
    text(value).map(|text| text.split_whitespace().collect())
}

fn date(value: &str) -> Option<String> {
    NaiveDate::parse_from_str(value.trim(), "%Y-%m-%d").ok().map(|date| date.to_string())
}

fn amount(value: &str) -> Option<String> {
    Number::parse(value).map(|number| number.to_string())
}
