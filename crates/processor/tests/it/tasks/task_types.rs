//! What the system says it can do.

use quire_ai::testing::ScriptedEngine;
use quire_domain::failure::{Failure, FailureCode};
use serde_json::Value;

use crate::support::Setup;

async fn task_types(setup: Setup) -> Vec<Value> {
    let quire = setup.start().await;
    let user = quire.user("ada").await;
    user.client.get("/process/task-types").await.expect_status(200).json()
}

#[tokio::test]
async fn task_types_come_with_schemas_and_availability() {
    let types = task_types(Setup::new().await.configured_engines()).await;
    let available: Vec<_> =
        types.iter().map(|t| (t["name"].as_str().unwrap(), t["available"].as_bool().unwrap())).collect();
    assert_eq!(
        available,
        [
            ("summarize", true),
            ("extract_keywords", true),
            ("sentiment", true),
            ("translate", false),
            ("qa", true),
            ("extract_cv", true),
            ("extract_invoice", true),
            ("classify", true),
            ("extract", false),
            ("ask", true),
            ("read", true),
            ("split_pdf", true)
        ]
    );
    for task_type in &types {
        for schema in ["params_schema", "output_schema"] {
            assert_eq!(task_type[schema]["type"], "object", "{task_type}");
        }
        for text in ["title", "description"] {
            assert!(!task_type[text].as_str().unwrap().is_empty(), "{task_type}");
        }
        let is_available = task_type["available"] == true;
        assert_eq!(task_type["unavailable_because"].is_null(), is_available, "{task_type}");
        let is_answered = task_type["prompt_version"].is_string();
        assert_eq!(task_type["default_provider"] == "local", is_answered, "{task_type}");
        assert_eq!(
            task_type["params_schema"]["properties"]["provider"].is_object(),
            is_answered,
            "{task_type}"
        );
    }
    let shown: Vec<_> =
        types.iter().filter(|known| known["name"] == "translate" || known["name"] == "read").collect();
    insta::assert_json_snapshot!(shown, {
        "[].description" => "[sentence]",
        "[].output_schema" => "[schema]",
        "[].params_schema.properties.target_language" => "[schema]",
        "[].unavailable_because" => insta::dynamic_redaction(|reason, _| {
            if reason.as_str().is_some() { "[sentence]".into() } else { reason }
        }),
        "[].prompt_version" => insta::dynamic_redaction(|version, _| {
            match version.as_str().map(|version| version.split_once('/')) {
                Some(Some((name, number))) if number.parse::<u32>().is_ok() => format!("{name}/[number]").into(),
                _ => version,
            }
        }),
    });
}

#[tokio::test]
async fn availability_is_that_of_the_provider() {
    let failure = Failure::new(FailureCode::TaskUnsupported, "Not here.");
    let refusing = task_types(Setup::new().await.engine(ScriptedEngine::refusing(failure))).await;
    let available: Vec<_> = refusing.iter().filter(|t| t["available"] == true).map(|t| &t["name"]).collect();
    assert_eq!(available, ["read", "split_pdf"], "they need no provider");
    let able = task_types(Setup::new().await).await;
    let names: Vec<_> = able.iter().filter(|t| t["available"] == true).map(|t| &t["name"]).collect();
    assert!(names.contains(&&Value::from("summarize")), "{names:?}");
}
