//! What is measured.

pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod queue;
pub(crate) mod search;
pub(crate) mod start;
pub(crate) mod submit;
pub(crate) mod upload;

use std::path::Path;

use clap::Parser;

use crate::{Result, workplace::Workplace};

/// A submission that is much like what people send: a curriculum vitae of one page, 111 KB.
const DOCUMENT: &str = "cv-sb2nov-resume.pdf";

/// The sample document, from the source tree.
fn document() -> Result<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/extract/tests/fixtures/pdf");
    let path = fixtures.join(DOCUMENT);
    std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// All options at their defaults.
fn defaults<T: clap::Args>() -> Result<T> {
    #[derive(Parser)]
    struct Defaults<T: clap::Args> {
        #[command(flatten)]
        options: T,
    }
    Ok(Defaults::<T>::try_parse_from(["defaults"])?.options)
}

/// The default set.
pub(crate) async fn all(workplace: &Workplace) -> Result<()> {
    start::run(workplace, &defaults()?).await?;
    submit::run(workplace, &defaults()?).await?;
    events::run(workplace, &defaults()?).await?;
    queue::run(workplace, &defaults()?).await?;
    upload::run(workplace, &defaults()?).await
}
