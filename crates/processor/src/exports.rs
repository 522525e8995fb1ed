//! Results of tasks as files: documents to read on, and data to work on.

use std::{num::NonZero, sync::Arc};

use quire_domain::{
    Error, ErrorCode, Result, TaskId, UserId,
    task::{Task, TaskStatus},
};
use quire_export::{Report, to_docx, to_markdown, to_pdf};
use serde_json::Value;
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{task_type::TaskType, tasks::Tasks};

/// As what people can have a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentFormat {
    /// A Word document.
    Docx,
    /// A PDF document.
    Pdf,
    /// Markdown.
    Markdown,
}

impl DocumentFormat {
    /// Its name, which is the extension of its files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Pdf => "pdf",
            Self::Markdown => "md",
        }
    }

    /// The media type of its files.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Docx => quire_extract::media_type::DOCX,
            Self::Pdf => quire_extract::media_type::PDF,
            // RFC 7763
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    fn write(self, report: &Report) -> Result<Vec<u8>> {
        match self {
            Self::Docx => to_docx(report).map_err(failed),
            Self::Pdf => to_pdf(report).map_err(failed),
            Self::Markdown => Ok(to_markdown(report).into_bytes()),
        }
    }
}

/// As what a result can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A report on it.
    Document(DocumentFormat),
    /// The answer for people, as plain text.
    Text,
    /// The answer for programs.
    Json,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: &[Self] = &[
        Self::Document(DocumentFormat::Docx),
        Self::Document(DocumentFormat::Pdf),
        Self::Document(DocumentFormat::Markdown),
        Self::Text,
        Self::Json,
    ];

    /// Its name, which is the extension of its files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document(format) => format.as_str(),
            Self::Text => "txt",
            Self::Json => "json",
        }
    }

    /// The format with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name)
    }

    /// The media type of its files.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Document(format) => format.media_type(),
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// A result as a file.
#[derive(Debug)]
pub struct Exported {
    /// The task it is the result of.
    pub task: Task,
    /// All of the file.
    pub bytes: Vec<u8>,
}

/// The use case of exporting. Cheap to clone.
#[derive(Clone)]
pub struct Exports {
    tasks: Tasks,
    /// Writing takes a processor core.
    cores: Arc<Semaphore>,
}

impl Exports {
    /// Of the results of these tasks.
    pub fn new(tasks: Tasks) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { tasks, cores: Arc::new(Semaphore::new(cores)) }
    }

    /// The result of a completed task as a file.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] when the task is not completed.
    pub async fn export_task(&self, owner: UserId, id: TaskId, format: ExportFormat) -> Result<Exported> {
        let task = self.tasks.get_task(owner, id).await?;
        if task.status != TaskStatus::Completed {
            let detail =
                format!("The task is {}; only the result of a completed one can be exported.", task.status);
            return Err(Error::new(ErrorCode::WrongState, detail));
        }
        self.work(move || {
            let bytes = write(&task, format)?;
            Ok(Exported { task, bytes })
        })
        .await
    }

    /// A report as a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn write_report(&self, report: Report, format: DocumentFormat) -> Result<Vec<u8>> {
        self.work(move || format.write(&report)).await
    }

    /// Does what takes a core for a while.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _core = self.cores.acquire().await.map_err(failed)?;
        spawn_blocking(work).await.map_err(failed)?
    }
}

fn write(task: &Task, format: ExportFormat) -> Result<Vec<u8>> {
    match format {
        ExportFormat::Document(format) => format.write(&report(task)),
        ExportFormat::Text => {
            Ok(format!("{}\n", task.result.as_deref().unwrap_or_default().trim_end()).into())
        }
        ExportFormat::Json => serde_json::to_vec_pretty(&task.output).map_err(failed),
    }
}

fn report(task: &Task) -> Report {
    let known = TaskType::find(&task.task_type);
    let title = known.map_or(task.task_type.as_str(), |known| known.title());
    let date = task.finished_at.map(|at| at.format("%Y-%m-%d").to_string());
    let subtitle: Vec<_> = [task.filename.clone()].into_iter().chain(date).collect();
    // The envelope around the data is for programs.
    let data = task.output.as_ref().and_then(|output| output.get("data")).unwrap_or(&Value::Null);
    Report::from_result(title, &subtitle, task.result.as_deref(), data)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("writing a result as a file").with_source(error)
}
