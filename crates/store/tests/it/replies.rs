//! Replies and answers that are kept.

use quire_domain::{TaskId, UserId};
use quire_store::{
    answers,
    queue::{self, Claim, Completion, Ending},
    replies::{self, KeptReply},
};
use serde_json::{Value, json};

use crate::support::{Submission, at, claim_one, completion, database, unique, user};

fn reply(text: &str) -> KeptReply {
    KeptReply {
        reply: json!({"text": text}),
        input_tokens: 10,
        cached_input_tokens: 2,
        output_tokens: 5,
        reasoning_tokens: 1,
    }
}

#[tokio::test]
async fn a_reply_is_kept_for_its_user_alone_and_the_first_one_stays() {
    let (_database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let submission = Submission::of(ada);
    submission.send(&mut connection).await.unwrap();
    for text in ["first", "second"] {
        replies::keep(&mut connection, ada, submission.document, &[1; 32], &reply(text)).await.unwrap();
    }
    let found = replies::find(&mut connection, ada, &[1; 32]).await.unwrap();
    assert_eq!(found, Some(reply("first")));
    assert_eq!(replies::find(&mut connection, ada, &[2; 32]).await.unwrap(), None);
    assert_eq!(replies::find(&mut connection, bob, &[1; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn replies_go_with_their_document_and_with_time() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let (gone, stays) = (Submission::of(ada), Submission::of(ada));
    for (submission, key) in [(&gone, 1), (&stays, 2), (&stays, 3)] {
        if key < 3 {
            submission.send(&mut connection).await.unwrap();
        }
        replies::keep(&mut connection, ada, submission.document, &[key; 32], &reply("a")).await.unwrap();
    }
    database.execute(&format!("delete from documents where id = '{}'", gone.document)).await;
    assert_eq!(replies::find(&mut connection, ada, &[1; 32]).await.unwrap(), None);
    // When a document goes while its task is being done, there is nothing to keep.
    replies::keep(&mut connection, ada, gone.document, &[1; 32], &reply("late")).await.unwrap();
    assert_eq!(replies::find(&mut connection, ada, &[1; 32]).await.unwrap(), None);

    let old = at(0).to_rfc3339();
    let age = format!("update kept_replies set created_at = '{old}' where get_byte(key, 0) = 2");
    database.execute(&age).await;
    assert_eq!(replies::sweep_older_than(&mut connection, at(0), 10).await.unwrap(), 0);
    assert_eq!(replies::sweep_older_than(&mut connection, at(1), 10).await.unwrap(), 1);
    assert_eq!(replies::find(&mut connection, ada, &[2; 32]).await.unwrap(), None);
    assert_eq!(replies::find(&mut connection, ada, &[3; 32]).await.unwrap(), Some(reply("a")));
}

async fn complete(
    connection: &mut diesel_async::AsyncPgConnection,
    owner: UserId,
    result: &str,
    key: Option<[u8; 32]>,
) -> TaskId {
    Submission::of(owner).send(connection).await.unwrap();
    let claim: Claim = claim_one(connection, unique()).await;
    let Ending::Completed(completion) = completion() else { panic!("it is one") };
    let completion = Completion { result: result.into(), answer_key: key, ..*completion };
    assert!(queue::finish(connection, &claim, &Ending::Completed(Box::new(completion))).await.unwrap());
    claim.id()
}

#[tokio::test]
async fn an_answer_is_found_by_its_key_for_its_user_alone() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    assert_eq!(answers::find(&mut connection, ada, &[1; 32]).await.unwrap(), None);
    complete(&mut connection, ada, "without a key", None).await;
    complete(&mut connection, ada, "another", Some([2; 32])).await;
    complete(&mut connection, ada, "older", Some([1; 32])).await;
    let newest = complete(&mut connection, ada, "newer", Some([1; 32])).await;
    let found = answers::find(&mut connection, ada, &[1; 32]).await.unwrap().unwrap();
    assert_eq!((found.result.as_deref(), found.output), (Some("newer"), Some(json!({"summary": "Short."}))));
    assert_eq!((found.provider.as_deref(), found.input_tokens), (Some("local"), Some(12)));
    assert_eq!(answers::find(&mut connection, bob, &[1; 32]).await.unwrap(), None);

    database.execute(&format!("delete from tasks where id = '{newest}'")).await;
    let found = answers::find(&mut connection, ada, &[1; 32]).await.unwrap().unwrap();
    assert_eq!(found.result.as_deref(), Some("older"));
}

/// What waits for a provider that is busy is told of once, also when it is looked at again and again.
#[tokio::test]
async fn waiting_for_a_provider_is_told_once() {
    use quire_domain::failure::{Failure, FailureCode};
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let submission = Submission::of(ada);
    submission.send(&mut connection).await.unwrap();
    let busy = Failure::new(FailureCode::ProviderBusy, "The provider is busy.");
    for _ in 0..3 {
        let claim = claim_one(&mut connection, unique()).await;
        let wait = Ending::Wait(busy.clone(), std::time::Duration::ZERO);
        assert!(queue::finish(&mut connection, &claim, &wait).await.unwrap());
    }
    let told = crate::support::events(&database, submission.task).await;
    assert_eq!(told, ["task_queued", "task_started", "task_queued"]);
    let row = crate::support::row(&database, submission.task).await;
    assert_eq!((row["attempt"].as_i64(), &row["error_code"]), (Some(0), &json!("provider_busy")));
    assert_ne!(row["error_message"], Value::Null);
}
