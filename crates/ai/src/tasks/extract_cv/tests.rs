use serde_json::{Value, json};

use super::*;
use crate::tasks::testing::{document, finished, locally};

const CV: [&str; 2] = [
    "Ada Beispiel\nIngenieurin\nRosenweg 3, 53111 Bonn, Deutschland\nada@example.org | 0228 123456 | github.com/ada-b\n\
     Geboren am 3. Mai 1990\n\nBerufserfahrung\n\n03/2019 – heute\tIngenieurin\nFuchs GmbH, Bonn\n• Brücken",
    "Sprachen\nDeutsch (Muttersprache), Englisch (C1)\n\nKenntnisse\nRust, SQL",
];

fn reply() -> Value {
    let fields = Fields { is_cv: true, ..Fields::default() };
    serde_json::to_value(fields).unwrap()
}

fn quoted(value: &str, quote: &str) -> Value {
    json!({"value": value, "quote": quote})
}

#[test]
fn a_cv_is_read_by_rules() {
    let answer = locally("extract_cv", Value::Null, &CV).unwrap();
    let data = &answer.output["data"];
    assert_eq!(data["emails"][0]["value"], "ada@example.org");
    assert_eq!(data["phones"][0]["e164"], "+49228123456");
    assert_eq!(data["github"]["value"], "https://github.com/ada-b");
    assert_eq!((&data["birthday"]["value"], &data["birthday"]["confidence"]), (&json!("1990-05-03"), &json!(1.0)));
    assert_eq!((&data["skills"][1]["value"], &data["skills"][1]["page"]), (&json!("SQL"), &json!(2)));
    assert_eq!(data["confidence"], 1.0);
    assert!(answer.warnings.is_empty());
    insta::assert_snapshot!(answer.result);
}

#[test]
fn what_is_no_cv_is_said_to_be_none() {
    let text = "Invoice 42\nFuchs GmbH, Rosenweg 3, 53111 Bonn\nTotal: 42 euros, due on 3 May 2024. info@example.org";
    let answer = locally("extract_cv", Value::Null, &[text]).unwrap();
    assert_eq!((&answer.output["data"]["is_cv"], &answer.output["data"]["emails"]), (&json!(false), &json!([])));
    assert_eq!(answer.warnings[0].code, "not_a_cv");
}

#[test]
fn what_is_longer_than_a_cv_is_not_cut_in_silence() {
    let long = format!("{}\n\n{}", CV[0], "Und noch eine Zeile.\n".repeat(4_000));
    let answer = locally("extract_cv", Value::Null, &[&long]).unwrap();
    assert_eq!(answer.output["data"]["name"]["value"], "Ada Beispiel");
    assert_eq!(answer.warnings.last().map(|warning| warning.code.as_str()), Some("text_left_out"));
}

#[test]
fn what_a_model_invents_is_left_out() {
    let mut reply = reply();
    reply["name"] = quoted("Ada Beispiel", "Ada Beispiel");
    reply["emails"] = json!([quoted("ada@example.com", "ada@example.org"), quoted("ada@example.org", "ada@example.org")]);
    reply["phones"] = json!([quoted("0228 999999", "0228 123456"), quoted("+49 228 123456", "0228 123456")]);
    reply["linkedin"] = quoted("https://linkedin.com/in/ada", "Ada Beispiel");
    reply["city"] = quoted("Köln", "53111 Bonn");
    reply["birthday"] = quoted("1990-05-04", "Geboren am 3. Mai 1990");
    reply["work_experience"] = json!([
        {"title": "Ingenieurin", "company": "Wolf AG", "location": null, "start": "2019-13", "end": null,
         "is_current": true, "description": null, "quote": "Ingenieurin Fuchs GmbH"},
        {"title": "Chefin", "company": "Hase KG", "location": null, "start": "2001", "end": null, "is_current": false,
         "description": null, "quote": "Chefin, Hase KG"},
    ]);
    let draft = finished("extract_cv", reply, Value::Null, &document(&CV));
    let data = &draft.data;
    assert_eq!(data["emails"].as_array().unwrap().len(), 1);
    assert_eq!(data["phones"].as_array().unwrap().len(), 1);
    assert_eq!(data["phones"][0]["e164"], "+49228123456");
    assert_eq!((&data["linkedin"], &data["city"], &data["birthday"]), (&Value::Null, &Value::Null, &Value::Null));
    let jobs = data["work_experience"].as_array().unwrap();
    assert_eq!((jobs.len(), &jobs[0]["company"], &jobs[0]["start"]), (1, &Value::Null, &Value::Null));
    assert_eq!(jobs[0]["title"], "Ingenieurin");
    let codes: Vec<_> = draft.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["value_not_found", "invalid_date"]);
}

#[test]
fn levels_of_a_model_are_brought_into_the_same_words() {
    let mut reply = reply();
    reply["languages"] = json!([
        {"value": "Deutsch", "level": "Muttersprache", "quote": "Deutsch (Muttersprache)"},
        {"value": "Englisch", "level": "recht ordentlich", "quote": "Englisch (C1)"},
    ]);
    let data = finished("extract_cv", reply, Value::Null, &document(&CV)).data;
    assert_eq!((&data["languages"][0]["level"], &data["languages"][1]["level"]), (&json!("native"), &json!("recht ordentlich")));
}

#[test]
fn a_country_says_how_numbers_are_dialled() {
    let text = [CV[0].replace(", Deutschland", "").as_str(), CV[1]].map(str::to_owned);
    let text: Vec<_> = text.iter().map(String::as_str).collect();
    let data = locally("extract_cv", json!({"country": "at"}), &text).unwrap().output["data"].take();
    assert_eq!(data["phones"][0]["e164"], "+43228123456");
    for wrong in [json!({"country": "XX"}), json!({"country": "DEU"}), json!({"land": "DE"})] {
        assert!(ExtractCv.check_params(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn hostile_texts_neither_break_nor_stall_the_rules() {
    let long = "word ".repeat(1_000_000);
    let ranges = "2012 – 2016 ".repeat(20_000);
    let digits = "0123456789 ".repeat(20_000);
    let lines = "2012 – 2016\nFox\n".repeat(20_000);
    let letters = format!("Skills\n{}", "a,".repeat(100_000));
    let noise: String = (0..50_000_u32).filter_map(|i| char::from_u32(i.wrapping_mul(2_654_435_761) % 0x11_0000)).collect();
    for text in [long.as_str(), &ranges, &digits, &lines, &letters, &noise, "سيرة ذاتية 2019 – 2021 😀", "x"] {
        let answer = locally("extract_cv", Value::Null, &[text]).unwrap();
        assert!(answer.output["data"]["skills"].as_array().unwrap().len() <= 100);
    }
}
