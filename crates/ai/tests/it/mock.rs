//! The scripted model server, one process per test.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

/// A running server; ends with the value.
pub(crate) struct Mock {
    process: Child,
    url: String,
    _fixtures: tempfile::NamedTempFile,
}

impl Mock {
    /// Starts a server on a free port that answers by `fixtures`: the first match wins.
    pub(crate) fn start(fixtures: &[Value]) -> Self {
        let mut file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        write!(file, "{}", json!({ "fixtures": fixtures })).unwrap();
        let mut process = Command::new("node")
            .arg(command())
            .args(["--port", "0", "--host", "127.0.0.1", "--validate-on-load", "--fixtures"])
            .arg(file.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is needed for these tests; run: make test-tools");
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut seen = Vec::new();
        let url = output.lines().map_while(Result::ok).find_map(|line| {
            let url = line.split_once("listening on ").map(|(_, url)| url.trim().to_owned());
            seen.push(line);
            url
        });
        let url = url.unwrap_or_else(|| panic!("the scripted model server did not start: {seen:?}"));
        Self { process, url, _fixtures: file }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What to configure as `OPENAI_BASE_URL`.
    pub(crate) fn base_url(&self) -> String {
        format!("{}/v1", self.url)
    }

    /// The requests so far, as the server understood them.
    pub(crate) async fn journal(&self) -> Vec<Value> {
        let url = format!("{}/__aimock/journal", self.url);
        #[expect(clippy::disallowed_methods, reason = "a test's own client")]
        let client = reqwest::Client::new();
        let journal: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        let entries = journal.get("entries").unwrap_or(&journal);
        entries.as_array().unwrap().clone()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mock-ai");
    let command = tools.join("node_modules/@copilotkit/aimock/dist/cli.js");
    assert!(command.exists(), "the scripted model server is not installed; run: make test-tools");
    command
}

/// The words by which a task's prompt is known in the system message.
pub(crate) fn marker(task: &str) -> &'static str {
    match task {
        "summarize" => "You summarise documents",
        "extract_keywords" => "You find the keywords",
        "sentiment" => "You judge the sentiment",
        "translate" => "You translate documents",
        "qa" => "You answer questions",
        "extract_invoice" => "You read invoices",
        "ask" => "You answer a person's question",
        "classify" => "You classify documents",
        "extract" => "You take data out of a document",
        "extract_cv" => "You read CVs",
        _ => panic!("no such task: {task}"),
    }
}

/// Parameters that a task requires.
pub(crate) fn params(task: &str) -> Value {
    match task {
        "extract" => json!({"schema": {"type": "object", "properties": {"event": {"type": "string"}}}}),
        "ask" => json!({"question": "How many guests came to the summer party?"}),
        _ => Value::Null,
    }
}

/// A fixture: this task gets this content, with 321 tokens in and 12 out.
pub(crate) fn reply(task: &str, content: &str) -> Value {
    json!({
        "match": {"systemMessage": marker(task)},
        "response": {"content": content,
            "usage": {"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333}},
    })
}

/// A fixture: this task gets this error.
pub(crate) fn error(task: &str, status: u16, error: Value) -> Value {
    json!({"match": {"systemMessage": marker(task)}, "response": {"error": error, "status": status}})
}

/// The fixture for the `n`th matching request only, from 0.
pub(crate) fn nth(n: u32, mut fixture: Value) -> Value {
    fixture["match"]["sequenceIndex"] = n.into();
    fixture
}

/// A good reply to each task.
pub(crate) fn good(task: &str) -> String {
    let reply = match task {
        "summarize" => json!({"sentences": ["One.", "Two.", "Three."]}),
        "extract_keywords" => {
            let keywords: Vec<_> = (0..12)
                .map(|i| json!({"term": format!("term {i}"), "relevance": 1.0 - f64::from(i) / 20.0}))
                .collect();
            json!({ "keywords": keywords })
        }
        "sentiment" => {
            json!({"label": "positive", "reason": "Praise.", "indicators": ["a great success"]})
        }
        "translate" => {
            json!({"source_language": "en", "mode": "translated", "text": "Das Fest war ein Erfolg.", "changes": []})
        }
        "qa" => json!({
            "question": "How was it?", "answer": "A success.", "evidence": "a great success",
            "follow_ups": ["Who came?", "When was it?", "Who paid?"],
        }),
        "extract_invoice" => json!({
            "is_invoice": true, "number": null, "invoice_date": null, "due_date": null, "seller": null, "buyer": {"value": "the club", "quote": "party of the club"},
            "seller_vat_id": null, "iban": null, "currency": null, "net_total": null, "tax_total": null,
            "gross_total": null, "taxes": [], "positions": [],
        }),
        "extract" => json!({
            "data": {"event": "summer party"}, "quotes": [{"path": "/event", "quote": "The summer party of the club"}],
        }),
        "classify" => json!({"label": "article", "reason": "News.", "quotes": ["a great success"]}),
        "ask" => json!({"answer": "Two hundred guests.", "quotes": ["Two hundred guests came"]}),
        "extract_cv" => json!({
            "is_cv": true, "name": null, "headline": null, "linkedin": null, "github": null, "address": null, "city": null,
            "postal_code": null, "country": null, "birthday": null, "nationality": null, "emails": [], "phones": [],
            "urls": [], "skills": [], "work_experience": [], "education": [], "languages": [],
        }),
        _ => panic!("no such task: {task}"),
    };
    reply.to_string()
}

/// A text that the good replies fit.
pub(crate) const TEXT: &str =
    "The summer party of the club was a great success. Two hundred guests came to the garden.";
