//! Answers that are heard while they are written. The task here reads along in `text`.

use std::sync::{Arc, Mutex};

use quire_ai::{
    AiError, Caps, Delta, Engine, Request, RunContext,
    task::{Document, Draft, LocalJob, Overlap, Part, Prompt, Reduction, TaskType},
};
use quire_domain::FieldErrors;
use serde_json::{Value, json};

use super::counting::{Act, CAPS, Counting, Memory, pages};

/// Says everything again, or sums it up.
struct Echo {
    answers_at_length: bool,
}

static AT_LENGTH: Echo = Echo { answers_at_length: true };
static IN_SHORT: Echo = Echo { answers_at_length: false };

impl TaskType for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }
    fn title(&self) -> &'static str {
        "Echo"
    }
    fn description(&self) -> &'static str {
        "Says it again."
    }
    fn params_schema(&self) -> Value {
        json!({})
    }
    fn output_schema(&self) -> Value {
        json!({})
    }
    fn check_params(&self, _params: &Value) -> Result<Value, FieldErrors> {
        Ok(json!({}))
    }
    fn answer_locally(&self, _job: &LocalJob<'_>) -> Result<Draft, AiError> {
        Err(AiError::NoText)
    }
    fn prompt(&self) -> Prompt {
        Prompt { version: "echo/1", text: "Say it again." }
    }
    fn reply_schema(&self, _params: &Value) -> Value {
        json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}})
    }
    fn streamed(&self) -> Option<&'static str> {
        Some("text")
    }
    fn wish(&self, _params: &Value) -> String {
        "say it again.".into()
    }
    fn overlap(&self) -> Overlap {
        Overlap::None
    }
    fn answers_at_length(&self) -> bool {
        self.answers_at_length
    }
    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        let texts: Vec<_> = parts.iter().filter_map(|part| part.reply["text"].as_str()).collect();
        let text = texts.join("\n\n");
        Ok(if self.answers_at_length {
            Reduction::Done(json!({ "text": text }))
        } else {
            Reduction::Again(text)
        })
    }
    fn finish(&self, reply: Value, _document: &Document, _params: &Value) -> Result<Draft, AiError> {
        let result = reply["text"].as_str().unwrap_or_default().to_owned();
        Ok(Draft { data: reply, result, warnings: Vec::new() })
    }
}

fn request(task_type: &'static Echo, texts: &[String]) -> Request {
    let pages =
        crate::request("summarize", Value::Null, &texts.iter().map(String::as_str).collect::<Vec<_>>()).pages;
    Request { task_type, params: json!({}), filename: "a.txt".into(), pages }
}

/// A context, and what is heard: `|` for each beginning.
fn hearing() -> (RunContext, Arc<Mutex<String>>) {
    let heard = Arc::new(Mutex::new(String::new()));
    let hears = Arc::clone(&heard);
    let context = RunContext::default().with_deltas(move |delta| match delta {
        Delta::Begin => hears.lock().unwrap().push('|'),
        Delta::Text(text) => hears.lock().unwrap().push_str(&text),
    });
    (context, heard)
}

fn write(text: &str) -> Act {
    Act::Write(json!({ "text": text }).to_string().chars().map(String::from).collect())
}

/// The number of the first page in a call's text.
fn first_page(user: &str) -> &str {
    let (_, rest) = user.split_once("on page ").unwrap();
    rest.split(' ').next().unwrap()
}

#[tokio::test]
async fn one_call_is_heard_letter_by_letter_and_begins_anew_when_it_does() {
    let client = Counting::new(|number, _| match number {
        0 => Act::Fail("{\"text\": \"Fal".into(), AiError::Unavailable { provider: "openai" }),
        1 => Act::Cut("{\"text\": \"Cut".into()),
        2 => Act::Write(vec!["{\"text\": \"Wrong\"".into()]),
        _ => write("Gut\u{1F600} \"so\""),
    });
    let (context, heard) = hearing();
    let answer = client.engine().run(&request(&IN_SHORT, &["A text.".into()]), &context).await.unwrap();
    assert_eq!(answer.result, "Gut\u{1F600} \"so\"");
    assert_eq!(*heard.lock().unwrap(), "|Fal|Cut|Wrong|Gut\u{1F600} \"so\"");
}

#[tokio::test]
async fn of_several_pieces_only_the_last_level_is_heard() {
    let client =
        Counting::new(|_, call| if call.user.contains("on page") { write("part") } else { write("whole") });
    let (context, heard) = hearing();
    let answer = client.engine().run(&request(&IN_SHORT, &pages(9, 30)), &context).await.unwrap();
    assert_eq!(answer.result, "whole");
    assert_eq!(*heard.lock().unwrap(), "|whole");
}

#[tokio::test]
async fn an_answer_at_length_is_heard_in_order() {
    let client = Counting::new(|_, call| write(first_page(&call.user)));
    let (context, heard) = hearing();
    let answer = client.engine().run(&request(&AT_LENGTH, &pages(9, 10)), &context).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), format!("|{}", answer.result));
    let first: Vec<u32> = answer.result.split("\n\n").map(|page| page.parse().unwrap()).collect();
    assert!(first.len() > 3 && first.is_sorted(), "{first:?}");
}

#[tokio::test]
async fn halves_of_a_piece_are_heard_in_its_place() {
    let caps = Caps { max_output_tokens: 600, ..CAPS };
    let client = Counting::new(|_, call| {
        let is_long = call.user.contains("Sentence 1 ") && call.user.contains("Sentence 15 ");
        if is_long {
            Act::Fail(String::new(), AiError::ContextTooLong)
        } else {
            write(first_page(&call.user))
        }
    });
    let client = client.with_caps(caps);
    let (context, heard) = hearing();
    let answer = client.engine().run(&request(&AT_LENGTH, &pages(4, 20)), &context).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), format!("|{}", answer.result));
    let first: Vec<u32> = answer.result.split("\n\n").map(|page| page.parse().unwrap()).collect();
    assert!(first.len() > 4 && first.is_sorted(), "{first:?}");
}

#[tokio::test]
async fn kept_replies_are_heard_as_a_whole() {
    let client = Counting::new(|_, call| write(first_page(&call.user)));
    let memory = Arc::new(Memory::default());
    let asked = request(&AT_LENGTH, &pages(9, 10));
    for _ in 0..2 {
        let (context, heard) = hearing();
        let answer = client.engine().run(&asked, &context.with_replies(memory.clone())).await.unwrap();
        assert_eq!(*heard.lock().unwrap(), format!("|{}", answer.result));
    }
    assert_eq!(client.count(), memory.kept.lock().unwrap().len());
}
