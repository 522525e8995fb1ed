//! `quire doctor`: is everything there, and does storage agree with the database?

use std::{sync::Arc, time::Duration};

use clap::Args;
use quire_domain::{
    clock::{SharedClock, SystemClock},
    error::chain,
    ports::blobs::ListedBlob,
};
use quire_processor::{
    inventory::{Counted, Finding, GRACE, Inventory},
    open_storage, signed_links,
};
use quire_store::{Pool, PoolOptions};
use quire_web::config::Environment;

use crate::{database::Database, say, up::Plan};

/// What to look for, and what to do about it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Delete blobs that no document names.
    #[arg(long)]
    delete_orphans: bool,
    /// Seconds that a blob must be old to count as forgotten: the row of a younger one may still
    /// be on its way.
    #[arg(long, default_value_t = GRACE.as_secs())]
    grace: u64,
}

/// Looks, and says what was found.
///
/// # Errors
/// When something was found that should not be, or could not be looked at.
pub(crate) async fn examine(environment: Environment, arguments: Arguments) -> Result<(), String> {
    let plan = Plan::read(environment.clone())?;
    let database = Database::for_admin(&environment, || Ok(plan.home.clone())).await?;
    let examined = hold_against(&plan, &database.url, &arguments).await;
    database.close().await.and(examined)
}

async fn hold_against(plan: &Plan, url: &str, arguments: &Arguments) -> Result<(), String> {
    let clock: SharedClock = Arc::new(SystemClock);
    let pool = Pool::new(PoolOptions { size: 2, ..PoolOptions::new(url, "quire-doctor") });
    let pool = pool.map_err(|e| chain(&e))?;
    say("The database answers, and its schema is up to date.");
    let links = signed_links(&plan.processor.tokens, &clock);
    let storage = open_storage(&plan.processor.storage, &clock, &links);
    let blobs = storage.await.map_err(|e| chain(&e))?;
    blobs.check().await.map_err(|e| format!("storage cannot be used: {}", chain(&e)))?;
    say("Storage answers.");

    let inventory = Inventory::new(pool, blobs, clock);
    let mut findings = Findings { keep_orphans: arguments.delete_orphans, ..Findings::default() };
    let grace = Duration::from_secs(arguments.grace);
    let counted = inventory.check(grace, |finding| findings.tell(finding)).await.map_err(|e| chain(&e))?;
    for orphan in &findings.kept {
        inventory.delete_orphan(orphan).await.map_err(|e| chain(&e))?;
    }
    findings.verdict(counted)
}

/// What was found.
#[derive(Default)]
struct Findings {
    orphans: u64,
    lost: u64,
    /// Whether orphans are to be deleted, and so have to be remembered.
    keep_orphans: bool,
    kept: Vec<ListedBlob>,
}

impl Findings {
    fn tell(&mut self, finding: Finding) {
        match finding {
            Finding::Orphan(blob) => {
                say(&format!("No document names the blob {} ({} bytes).", blob.key, blob.size));
                self.orphans += 1;
                if self.keep_orphans {
                    self.kept.push(blob);
                }
            }
            Finding::Lost { document_id, storage_key } => {
                say(&format!(
                    "The bytes of document {document_id} are gone: there is no blob {storage_key}."
                ));
                self.lost += 1;
            }
        }
    }

    fn verdict(&self, Counted { blobs, documents }: Counted) -> Result<(), String> {
        say(&format!("Looked at {blobs} blobs and {documents} documents."));
        let orphans = if self.keep_orphans { 0 } else { self.orphans };
        if self.keep_orphans {
            say(&format!("Deleted {} blobs.", self.kept.len()));
        }
        match (orphans, self.lost) {
            (0, 0) => {
                say("Nothing is wrong.");
                Ok(())
            }
            (0, lost) => Err(format!(
                "{lost} documents have lost their bytes; upload the same files again, or delete them"
            )),
            (orphans, 0) => {
                Err(format!("{orphans} blobs are named by no document; --delete-orphans deletes them"))
            }
            (orphans, lost) => Err(format!(
                "{orphans} blobs are named by no document, and {lost} documents have lost their bytes"
            )),
        }
    }
}
