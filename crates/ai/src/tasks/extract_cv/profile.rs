//! The data of a CV as text for people.

use serde_json::Value;

/// The profile: who, how to reach, then the sections that have something in them.
pub(super) fn text(data: &Value) -> String {
    if data["is_cv"] == false {
        return "The document does not look like a CV.".into();
    }
    let mut blocks = vec![person(data)];
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            blocks.push(format!("{title}\n{}", lines.join("\n")));
        }
    };
    section("Work experience", list(data, "work_experience").map(|job| entry(job, ["title", "company"])).collect());
    section("Education", list(data, "education").map(|study| entry(study, ["degree", "institution"])).collect());
    let skills: Vec<_> = list(data, "skills").filter_map(|skill| skill["value"].as_str()).collect();
    section("Skills", if skills.is_empty() { Vec::new() } else { vec![skills.join(", ")] });
    section("Languages", list(data, "languages").map(language).collect());
    blocks.retain(|block| !block.is_empty());
    if blocks.is_empty() { "Nothing was found in this CV.".into() } else { blocks.join("\n\n") }
}

fn person(data: &Value) -> String {
    let value = |name: &str| data[name]["value"].as_str();
    let town: Vec<_> = ["postal_code", "city"].into_iter().filter_map(value).collect();
    let town = Some(town.join(" ")).filter(|town| !town.is_empty());
    let address: Vec<_> =
        [value("address"), town.as_deref(), value("country")].into_iter().flatten().collect();
    let phones = list(data, "phones").filter_map(|phone| phone["e164"].as_str().or(phone["value"].as_str()));
    let values = |name| list(data, name).filter_map(|item| item["value"].as_str());
    let links = [value("linkedin"), value("github")].into_iter().flatten();
    let contact: Vec<_> = values("emails").chain(phones).chain(links).chain(values("urls")).collect();
    let born = value("birthday").map(|date| format!("Born {date}"));
    let lines = [
        value("name").map(str::to_owned),
        value("headline").map(str::to_owned),
        Some(address.join(", ")),
        Some(contact.join(" · ")),
        born,
        value("nationality").map(|nationality| format!("Nationality: {nationality}")),
    ];
    lines.into_iter().flatten().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// "2019-03 – today: Engineer, Fox Ltd (London)"
fn entry(entry: &Value, names: [&str; 2]) -> String {
    let text = |name: &str| entry[name].as_str();
    let end = text("end").or_else(|| (entry["is_current"] == true).then_some("today"));
    let times: Vec<_> = [text("start"), end].into_iter().flatten().collect();
    let names: Vec<_> = names.into_iter().filter_map(text).collect();
    let mut line = names.join(", ");
    if let Some(location) = text("location") {
        line.push_str(&format!(" ({location})"));
    }
    if times.is_empty() { line } else { format!("{}: {line}", times.join(" – ")) }
}

fn language(spoken: &Value) -> String {
    let name = spoken["value"].as_str().unwrap_or_default();
    spoken["level"].as_str().map_or_else(|| name.to_owned(), |level| format!("{name} ({level})"))
}

fn list<'a>(data: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    data[name].as_array().into_iter().flatten()
}
