//! `extract_invoice`: what an invoice says, each value with the passage that shows it.

mod data;
mod reply;

use quire_domain::FieldErrors;
use serde_json::{Value, json};

use crate::{
    error::AiError,
    local::invoice,
    params::Params,
    task::{Document, Draft, LocalJob, Overlap, Part, Prompt, Reduction, TaskType},
};

pub(crate) struct ExtractInvoice;

impl TaskType for ExtractInvoice {
    fn name(&self) -> &'static str {
        "extract_invoice"
    }

    fn title(&self) -> &'static str {
        "Invoice"
    }

    fn description(&self) -> &'static str {
        "Reads an invoice: number, dates, seller and buyer, positions, totals, taxes and currency, each with the \
         passage that shows it. The local provider knows the words of invoices in seven languages."
    }

    fn params_schema(&self) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": {}})
    }

    fn output_schema(&self) -> Value {
        data::schema()
    }

    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors> {
        Params::new(params).finish(json!({}))
    }

    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError> {
        let found = invoice::read(job.document.pages());
        job.context.check()?;
        Ok(data::draft(job.document.pages(), found))
    }

    fn prompt(&self) -> Prompt {
        Prompt { version: "extract_invoice/1", text: include_str!("../prompts/extract_invoice.md") }
    }

    fn reply_schema(&self, _params: &Value) -> Value {
        reply::schema()
    }

    fn wish(&self, _params: &Value) -> String {
        "read the invoice in the text, each value with the words that show it.".into()
    }

    fn overlap(&self) -> Overlap {
        Overlap::None
    }

    /// Each value from the first piece that has one, totals from the last; positions in order.
    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        reply::join(parts).map(Reduction::Done)
    }

    fn finish(&self, reply: Value, document: &Document, _params: &Value) -> Result<Draft, AiError> {
        Ok(data::draft(document.pages(), reply::read(reply)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::testing::{document, finished, locally};

    const INVOICE: &str = "Holzwerk Brandt GmbH\nLindenallee 12\n24103 Kiel\n\nRechnungsnummer RE-2026-0418\n\
        Rechnungsdatum 03.03.2026\nKunde\nPraxis Dr. Voss\n\nBezeichnung\tMenge\tEinzelpreis\tGesamtpreis\n\
        Wandregal\t3\t315,50 €\t946,50 €\nNettobetrag\t946,50 €\nzzgl. 19 % USt.\t179,84 €\nRechnungsbetrag\t1.126,34 €";

    fn field(value: &str, quote: &str) -> Value {
        json!({"value": value, "quote": quote})
    }

    fn reply() -> Value {
        json!({
            "is_invoice": true, "number": field("RE-2026-0418", "Rechnungsnummer RE-2026-0418"),
            "invoice_date": field("2026-03-03", "Rechnungsdatum 03.03.2026"), "due_date": null,
            "seller": field("Holzwerk Brandt GmbH", "Holzwerk Brandt GmbH"), "buyer": field("Praxis Dr. Voss", "Praxis Dr. Voss"),
            "seller_vat_id": null, "iban": field("DE00 0000", "IBAN DE00 0000"), "currency": field("eur", "946,50 €"),
            "net_total": field("946.50", "Nettobetrag 946,50 €"), "tax_total": field("179.84", "zzgl. 19 % USt. 179,84 €"),
            "gross_total": field("1126.34", "Rechnungsbetrag 1.126,34 €"),
            "taxes": [{"rate": "19", "amount": "179.84", "quote": "zzgl. 19 % USt. 179,84 €"}],
            "positions": [{"description": "Wandregal", "quantity": "3", "unit": null, "unit_price": "315.50",
                "tax_rate": null, "amount": "946.50", "quote": "Wandregal 3 315,50 €"}],
        })
    }

    #[test]
    fn rules_and_a_model_give_the_same_form() {
        let local = locally("extract_invoice", Value::Null, &[INVOICE]).unwrap().output["data"].take();
        let model = finished("extract_invoice", reply(), Value::Null, &document(&[INVOICE])).data;
        for field in ["number", "invoice_date", "seller", "buyer", "currency", "net_total", "tax_total", "gross_total"] {
            assert_eq!(local[field]["value"], model[field]["value"], "{field}");
            assert_eq!(local[field]["check"], "verified", "{field}");
        }
        assert_eq!(local["positions"][0]["amount"], model["positions"][0]["amount"]);
        assert_eq!(local["sums_agree"], true);
        assert_eq!(model["sums_agree"], true);
    }

    #[test]
    fn what_a_model_invents_is_unverified_and_what_is_no_number_goes() {
        let mut reply = reply();
        reply["gross_total"] = field("2000.00", "Rechnungsbetrag 2.000,00 €");
        reply["invoice_date"] = field("yesterday", "gestern");
        let draft = finished("extract_invoice", reply, Value::Null, &document(&[INVOICE]));
        assert_eq!(draft.data["gross_total"]["check"], "unverified");
        assert_eq!(draft.data["gross_total"]["confidence"], 0.0);
        assert_eq!(draft.data["invoice_date"], Value::Null);
        assert_eq!(draft.data["sums_agree"], false);
        let codes: Vec<_> = draft.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, ["value_invalid", "quote_not_found", "sums_differ"]);
    }

    #[test]
    fn a_text_that_is_no_invoice_says_so() {
        let answer = locally("extract_invoice", Value::Null, &["Dear Ann, the garden is in bloom. Yours, Tom"]).unwrap();
        assert_eq!(answer.output["data"]["is_invoice"], false);
        assert_eq!(answer.warnings[0].code, "not_an_invoice");
    }

    #[test]
    fn pieces_of_a_long_invoice_are_joined() {
        let part = |reply: Value| Part { reply, chars: 10 };
        let mut second = reply();
        second["number"] = field("OTHER", "x");
        second["gross_total"] = field("5.00", "y");
        let Reduction::Done(joined) = ExtractInvoice.reduce(vec![part(reply()), part(second)], &Value::Null).unwrap() else {
            panic!()
        };
        assert_eq!(joined["number"]["value"], "RE-2026-0418");
        assert_eq!(joined["gross_total"]["value"], "5.00");
        assert_eq!(joined["positions"].as_array().unwrap().len(), 2);
        assert_eq!(joined["taxes"].as_array().unwrap().len(), 1);
    }
}
