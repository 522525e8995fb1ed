//! Somebody who uses Quire.

use quire_testkit::{Answer, EventSocket, HttpClient, fixture, wait_for};
use reqwest::{Method, multipart};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) token: String,
    client: HttpClient,
}

impl Person {
    pub(crate) async fn register(client: &HttpClient, name: &str) -> Self {
        let form = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        Self::of(client, &client.post("/auth/register/", &form).await.expect_status(201))
    }

    pub(crate) async fn log_in(client: &HttpClient, name: &str, password: &str) -> Self {
        Self::of(client, &log_in(client, name, password).await.expect_status(200))
    }

    fn of(client: &HttpClient, answer: &Answer) -> Self {
        let body: Value = answer.json();
        let token = body["access"].as_str().unwrap().to_owned();
        Self { id: body["user"]["id"].as_i64().unwrap(), client: client.with_token(&token), token }
    }

    /// The same person with the same token, at a server that may have been restarted.
    pub(crate) fn at(&self, client: &HttpClient) -> Self {
        Self { id: self.id, token: self.token.clone(), client: client.with_token(&self.token) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client.get(path).await
    }

    /// Hands a file in.
    pub(crate) async fn submit(&self, file: Vec<u8>) -> Answer {
        self.post_form(self.form(file)).await
    }

    /// A form that asks for a summary.
    pub(crate) fn form(&self, file: Vec<u8>) -> multipart::Form {
        let file = multipart::Part::bytes(file).file_name("a.pdf").mime_str("application/pdf").unwrap();
        multipart::Form::new().text("task_type", "summarize").part("file", file)
    }

    pub(crate) async fn post_form(&self, form: multipart::Form) -> Answer {
        self.client.call(Method::POST, "/auth/files/submit/").multipart(form).send().await
    }

    /// Hands a document in and waits for the answer; gives the task.
    pub(crate) async fn summarize(&self) -> Value {
        let accepted = self.submit(fixture("pdf/pdflatex-4-pages.pdf")).await.expect_status(202);
        let accepted: Value = accepted.json();
        let path = format!("/auth/files/tasks/{}/", accepted["task_id"].as_str().unwrap());
        wait_for("the task is done", || async {
            let task: Value = self.get(&path).await.expect_status(200).json();
            assert_ne!(task["status"], "failed", "{task}");
            (task["status"] == "completed").then_some(task)
        })
        .await
    }

    pub(crate) async fn socket(&self, query: &str) -> EventSocket {
        let (base, id, token) = (self.client.base_url(), self.id, &self.token);
        EventSocket::connect(&format!("{base}/process/ws/{id}?token={token}{query}")).await.unwrap()
    }
}

pub(crate) async fn log_in(client: &HttpClient, name: &str, password: &str) -> Answer {
    client.post("/auth/login/", &json!({"username": name, "password": password})).await
}
