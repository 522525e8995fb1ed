//! The two services as processes of their own, behind the real nginx.

use quire_testkit::{DEADLINE, HttpClient, Nginx, TestDatabase, wait_until};
use serde_json::Value;

use crate::{
    person::Person,
    program::{Place, Program, sibling},
    walkthrough,
};

const SECRET: &str = "the same secret for both services, and long enough";
/// Large enough for the samples, and small enough to be exceeded in a moment.
const MAX_UPLOAD_SIZE: usize = 2 * 1024 * 1024;

/// Everything as it is deployed, but for the containers.
struct Deployment {
    // In the order in which they are to end.
    nginx: Nginx,
    gateway: Program,
    processor: Program,
    client: HttpClient,
    place: Place,
    _database: TestDatabase,
}

impl Deployment {
    async fn start() -> Self {
        let (place, database) = (Place::new(), TestDatabase::new().await);
        let media = place.path().join("media");
        let size = MAX_UPLOAD_SIZE.to_string();
        let variables = [
            ("PORT", "0"),
            ("DATABASE_URL", database.url()),
            ("JWT_SECRET_KEY", SECRET),
            ("TRUSTED_PROXIES", "127.0.0.1"),
            ("MAX_UPLOAD_SIZE", &size),
            ("MEDIA_ROOT", media.to_str().unwrap()),
            ("LOG_FORMAT", "json"),
            ("WORKER_GRACE", "5"),
            // Much, for what is looked for in the logs.
            ("LOG_LEVEL", "debug"),
        ];
        let start = |name, variables: &[(&str, &str)]| {
            Program::spawn(place.command(sibling(name), variables), place.path(), name)
        };
        let mut processor = start("quire-processor", &variables);
        let processor_address = processor.listens().await;
        let processor_url = format!("http://{processor_address}");
        let variables = [&variables[..], &[("PROCESSOR_URL", processor_url.as_str())]].concat();
        let mut gateway = start("quire-gateway", &variables);
        let gateway_address = gateway.listens().await;
        let nginx = Nginx::start(gateway_address.parse().unwrap(), processor_address.parse().unwrap()).await;
        let client = HttpClient::new(nginx.url());
        wait_until("the services are ready", || async { client.get("/health/ready").await.status == 200 })
            .await;
        Self { nginx, gateway, processor, client, place, _database: database }
    }

    /// What all of them have logged.
    fn logs(&self) -> [(&'static str, String); 4] {
        [
            ("nginx's access log", self.nginx.access_log()),
            ("nginx's error log", self.nginx.error_log()),
            ("the gateway's log", self.gateway.log()),
            ("the processor's log", self.processor.log()),
        ]
    }
}

#[tokio::test]
async fn the_services_work_together_behind_nginx() {
    let deployment = Deployment::start().await;
    walkthrough::passes(&deployment.place, deployment.client.base_url()).await;
    walkthrough::doors_are_open(&deployment.place, deployment.client.base_url()).await;
    let ada = Person::register(&deployment.client, "ada").await;
    let task = ada.summarize().await;
    live_events_are_replayed(&ada, &task).await;
    too_large_a_file_is_told_by_the_service(&ada).await;
    secrets_stay_out_of_the_logs(&deployment, &ada).await;
    headers_are_there_once(&deployment.client, &ada).await;
    deployment.client.get("/metrics").await.assert_problem(403, "forbidden");
    let Deployment { mut gateway, mut processor, .. } = deployment;
    gateway.interrupt().await;
    processor.interrupt().await;
}

async fn live_events_are_replayed(ada: &Person, task: &Value) {
    let id = task["id"].as_str().or(task["task_id"].as_str()).unwrap();
    let mut socket = ada.socket("&after=0").await;
    for name in ["connected", "task_queued", "task_started", "task_completed"] {
        let event = socket.next_named(name, DEADLINE).await;
        if name != "connected" {
            assert_eq!(event["task_id"], id, "{event}");
        }
    }
    socket.send_text("ping").await;
    socket.next_named("ping", DEADLINE).await;
    socket.close().await;
}

async fn too_large_a_file_is_told_by_the_service(ada: &Person) {
    let problem = ada.submit(vec![b'x'; MAX_UPLOAD_SIZE + 1]).await;
    let problem = problem.assert_problem(413, "payload_too_large");
    // What nginx itself would say knows no limit.
    assert_eq!(problem["detail"], "The file is larger than the 2 MiB that are accepted.");
}

async fn secrets_stay_out_of_the_logs(deployment: &Deployment, ada: &Person) {
    let ticket = "ticket-that-nobody-gave-out";
    let refused = format!("/process/ws/{}?ticket={ticket}", ada.id);
    deployment.client.get(&refused).await;
    deployment.client.get(&format!("/process/tasks?token={}", ada.token)).await.assert_status(401);
    deployment.client.get(&format!("/no/such/page?token={}", ada.token)).await.assert_status(404);
    let (path, last) = (format!("/process/ws/{}", ada.id), "/no/such/page");
    wait_until("nginx has logged", || async {
        let log = deployment.nginx.access_log();
        log.contains(&path) && log.contains(last)
    })
    .await;
    wait_until("the gateway has logged", || async { deployment.gateway.log().contains(last) }).await;
    wait_until("the processor has logged", || async {
        deployment.processor.log().contains("/process/tasks")
    })
    .await;
    for (whose, log) in deployment.logs() {
        for secret in [ada.token.as_str(), ticket, SECRET, crate::person::PASSWORD] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "a secret is in {whose}");
        }
    }
}

async fn headers_are_there_once(client: &HttpClient, ada: &Person) {
    let answers = [
        ("a page", client.get("/").await),
        ("an answer of the gateway", ada.get("/auth/profile/").await),
        ("an answer of the processor", ada.get("/process/tasks").await),
        ("a problem", client.get("/auth/profile/").await),
        ("a problem of nginx", client.get("/metrics").await),
    ];
    for (what, answer) in answers {
        for name in ["x-request-id", "x-content-type-options", "referrer-policy", "x-frame-options"] {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            assert_eq!(values.len(), 1, "{name} of {what}: {values:?}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{what}");
    }
}
