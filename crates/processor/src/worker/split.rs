//! The task that splits a document.

use std::io;

use quire_domain::{
    DocumentId, FieldErrors, UserId,
    document::storage_key,
    failure::{Failure, FailureCode},
    ids::uuid_v7,
};
use quire_extract::{
    Split,
    options::{Part, Password, SplitOptions},
    split::part_name,
};
use quire_store::{
    documents::Document,
    parts::{self, NewPart},
    queue::{Claim, Completion},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::{WorkerParts, stop::Stop, undisturbed};
use crate::{
    intake::storage_failed,
    parts::part_id,
    task_type::{ReadingParams, SplitParams},
    unclaimed::UnclaimedBlob,
};

/// Bytes that are copied at a time.
const CHUNK: usize = 256 << 10;

/// Splits the document, stores the parts, and says what they are.
pub(super) async fn split(
    parts: &WorkerParts,
    claim: &Claim,
    document: &Document,
    reading: &ReadingParams,
    params: &Value,
) -> Result<Completion, Stop> {
    let params = SplitParams::parse(params).map_err(misunderstood)?;
    let file = parts.blobs.local_file(&document.storage_key).await.map_err(storage_failed)?;
    let options =
        SplitOptions { password: reading.password.clone().map(Password::new), plan: params.plan.clone() };
    let Split { parts: made, file } = match parts.reader.split(&file.path, &options).await {
        Ok(split) => split,
        Err(error) => return Err(super::ingest::verdict(error).map_or_else(|stop| stop, Stop::Fail)),
    };
    let (mut stored, mut blobs) = (Vec::new(), Vec::new());
    let mut output = tokio::fs::File::from_std(file);
    for (number, part) in (1..).zip(&made) {
        let filename = part_name(&params.prefix, &document.filename, &params.suffix, number);
        let key = storage_key(claim.user_id(), uuid_v7(parts.clock.now()), &filename);
        let blob = UnclaimedBlob::new(parts.blobs.clone(), key);
        let new = new_part(claim, number, part, filename, &blob);
        stored.push(store(parts, &mut output, part, new).await?);
        blobs.push(blob);
    }
    let keeping = keep(parts.clone(), claim.user_id(), document.id(), stored, blobs);
    let stored = undisturbed(keeping).await?;
    Ok(completion(claim, &made, &stored))
}

/// Makes documents of the parts. The bytes go of those that are not needed: an earlier attempt stored
/// the part, or the whole has been deleted.
async fn keep(
    worker: WorkerParts,
    owner: UserId,
    whole: DocumentId,
    stored: Vec<NewPart>,
    blobs: Vec<UnclaimedBlob>,
) -> quire_domain::Result<Vec<NewPart>> {
    let mut connection = worker.pool.get().await?;
    // From here on the database decides. As long as it is not known what it did, the bytes stay.
    blobs.into_iter().for_each(UnclaimedBlob::keep);
    let kept = parts::insert(&mut connection, owner, whole, &stored).await?;
    for part in stored.iter().filter(|part| !kept.contains(&part.id)) {
        drop(UnclaimedBlob::new(worker.blobs.clone(), part.storage_key.clone()));
    }
    Ok(stored)
}

/// Parameters were checked when the task was submitted.
fn misunderstood(_: FieldErrors) -> Stop {
    Stop::Fail(Failure::new(
        FailureCode::TaskUnsupported,
        "This version does not understand how the document is to be split.",
    ))
}

/// A part as a document. Its bytes are not known yet. Each attempt has a blob of its own, so that one
/// that was taken for lost clears away nothing of another.
fn new_part(claim: &Claim, number: usize, part: &Part, filename: String, blob: &UnclaimedBlob) -> NewPart {
    NewPart {
        id: part_id(claim.id(), number),
        storage_key: blob.key().to_owned(),
        filename,
        // Pages of the database are counted from 1.
        pages: part.pages.iter().filter_map(|page| i32::try_from(page + 1).ok()).collect(),
        size: i64::try_from(part.length).unwrap_or(i64::MAX),
        sha256: [0; 32],
        metadata: json!({"pages": part.pages.len(), "title": part.title, "encrypted": false}),
    }
}

/// Copies the bytes of a part into storage.
async fn store(
    parts: &WorkerParts,
    output: &mut tokio::fs::File,
    part: &Part,
    mut new: NewPart,
) -> Result<NewPart, Stop> {
    let unreadable = |error: io::Error| storage_failed(error.into());
    output.seek(io::SeekFrom::Start(part.offset)).await.map_err(unreadable)?;
    let mut rest = output.take(part.length);
    let mut writer = parts.blobs.create(&new.storage_key).await.map_err(storage_failed)?;
    let mut hasher = Sha256::new();
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        if rest.read_buf(&mut chunk).await.map_err(unreadable)? == 0 {
            break;
        }
        hasher.update(&chunk);
        writer.write(chunk.into()).await.map_err(storage_failed)?;
    }
    writer.finish().await.map_err(storage_failed)?;
    new.sha256 = hasher.finalize().into();
    Ok(new)
}

fn completion(claim: &Claim, made: &[Part], stored: &[NewPart]) -> Completion {
    let views: Vec<Value> = made
        .iter()
        .zip(stored)
        .map(|(part, stored)| {
            json!({
                "document_id": stored.id.to_string(), "filename": stored.filename, "pages": part.pages,
                "size": stored.size, "title": part.title,
            })
        })
        .collect();
    let names: Vec<_> =
        stored.iter().map(|part| format!("{} ({})", part.filename, counted(part.pages.len()))).collect();
    Completion {
        result: format!("{} parts:\n{}", stored.len(), names.join("\n")),
        output: json!({"schema_version": 1, "task": claim.task_type, "warnings": [], "data": {"parts": views}}),
        warnings: json!([]),
        provider: "local".to_owned(),
        model: "split".to_owned(),
        input_tokens: None,
        output_tokens: None,
        cost: None,
        answer_key: None,
    }
}

fn counted(pages: usize) -> String {
    if pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") }
}
