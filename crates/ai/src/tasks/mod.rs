//! What can be done with a text. A task type is a file here and a line in the list below.

use crate::task::TaskType;

macro_rules! task_types {
    ($($module:ident::$Type:ident,)*) => {
        $(mod $module;)*

        pub(crate) static ALL: &[&dyn TaskType] = &[$(&$module::$Type,)*];
    };
}

task_types! {
    summarize::Summarize,
    extract_keywords::ExtractKeywords,
    sentiment::Sentiment,
    translate::Translate,
    qa::Qa,
    extract_cv::ExtractCv,
    extract_invoice::ExtractInvoice,
    classify::Classify,
    extract::Extract,
    ask::Ask,
}

#[cfg(test)]
mod testing {
    //! What the tests of all task types need.

    use serde_json::Value;

    use crate::{
        Answer, Engine, LocalEngine, PageText, Request, RunContext,
        error::AiError,
        registry,
        schema::Shape,
        task::{Document, Draft, TaskType},
    };

    pub(super) fn document(pages: &[&str]) -> Document {
        Document::read(&self::pages(pages)).unwrap()
    }

    fn pages(texts: &[&str]) -> Vec<PageText> {
        (1..).zip(texts).map(|(number, text)| PageText { number, text: (*text).into() }).collect()
    }

    /// The local engine's answer, whose data was checked against the published schema.
    pub(super) fn locally(task: &str, params: Value, texts: &[&str]) -> Result<Answer, AiError> {
        let task_type = registry::find(task).unwrap();
        let params = task_type.check_params(&params).unwrap();
        let request = Request { task_type, params, filename: "a.txt".into(), pages: pages(texts) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(LocalEngine.run(&request, &RunContext::default()))?;
        check(task_type, &answer.output["data"]);
        Ok(answer)
    }

    /// What a task makes of a model's reply; both are checked against their schemas.
    pub(super) fn finished(task: &str, reply: Value, params: Value, document: &Document) -> Draft {
        let task_type = registry::find(task).unwrap();
        let params = task_type.check_params(&params).unwrap();
        let reply = Shape::new(&task_type.reply_schema(&params)).unwrap().read(&reply.to_string()).unwrap();
        let draft = task_type.finish(reply, document, &params).unwrap();
        check(task_type, &draft.data);
        draft
    }

    fn check(task_type: &dyn TaskType, data: &Value) {
        let problems = Shape::new(&task_type.output_schema()).unwrap().read(&data.to_string());
        assert!(problems.is_ok(), "{}: {problems:?}", task_type.name());
    }
}
