//! The children of a service: some at work, some kept warm.

use std::{
    fs::File,
    io,
    path::{self, Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{
    outside::Child,
    protocol::{Answer, Greeting, Job, Reply},
};
use crate::{
    document::Extracted,
    error::{Excess, ExtractError},
    limits::Limits,
    options::{Part, ReadOptions, RenderOptions, Rendered, SplitOptions},
};

/// Reads documents in processes of their own, as many at a time as configured.
#[derive(Debug)]
pub struct ChildPool {
    program: PathBuf,
    limits: Limits,
    room: Semaphore,
    warm: Mutex<Vec<Child>>,
    /// Whether it was said what the kernel does not take away from children.
    warned: AtomicBool,
}

/// Room for one document: whoever has it need not wait for a child.
#[derive(Debug)]
pub struct Room<'a> {
    pool: &'a ChildPool,
    _permit: SemaphorePermit<'a>,
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Child")
    }
}

impl ChildPool {
    /// A pool whose children run `program`: one that calls [`super::run_if_child`] first in `main`.
    pub fn new(program: PathBuf, limits: Limits) -> Self {
        // Children start in another directory.
        let program = path::absolute(&program).unwrap_or(program);
        let room = Semaphore::new(limits.children.max(1) as usize);
        Self { program, limits, room, warm: Mutex::default(), warned: AtomicBool::new(false) }
    }

    /// A pool whose children run the program that is running. It has to call
    /// [`super::run_if_child`] first in `main`.
    pub fn of_this_program(limits: Limits) -> io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?, limits))
    }

    /// The limits of every child.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Room for one document, once there is some.
    ///
    /// # Errors
    ///
    /// [`ExtractError::Unavailable`].
    pub async fn room(&self) -> Result<Room<'_>, ExtractError> {
        let permit = self.room.acquire().await.map_err(|_| unavailable("the pool is closed"))?;
        Ok(Room { pool: self, _permit: permit })
    }

    /// Reads the document at `path`. Dropping the future kills the child.
    ///
    /// # Errors
    ///
    /// The verdict on the document, or [`ExtractError::Unavailable`] if there is none.
    pub async fn read(&self, path: &Path, options: &ReadOptions) -> Result<Extracted, ExtractError> {
        self.room().await?.read(path, options).await
    }

    /// Makes a picture of a page of the document at `path`, and writes it to `output`.
    ///
    /// # Errors
    ///
    /// As [`Self::read`], and [`ExtractError::NoSuchPage`].
    pub async fn render(
        &self,
        path: &Path,
        options: &RenderOptions,
        output: &File,
    ) -> Result<Rendered, ExtractError> {
        self.room().await?.render(path, options, output).await
    }

    /// Splits the PDF document at `path`, and writes the parts to `output`, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Self::render`].
    pub async fn split(
        &self,
        path: &Path,
        options: &SplitOptions,
        output: &File,
    ) -> Result<Vec<Part>, ExtractError> {
        match self.room().await?.run(&Job::Split(options.clone()), path, Some(output)).await? {
            Answer::Parts(parts) => Ok(parts),
            answer => Err(senseless(&answer)),
        }
    }

    /// Asks a child, and keeps it for the next time if it is good for that.
    async fn ask(
        &self,
        mut child: Child,
        job: &Job,
        document: &File,
        output: Option<&File>,
    ) -> Result<Answer, ExtractError> {
        let asked = async {
            if !child.is_warm {
                self.warn_once(child.greeting().await?);
            }
            child.ask(job, document, output).await
        };
        let Reply { answer, retires } =
            timeout(self.limits.wall, asked).await.unwrap_or(Err(ExtractError::TooComplex(Excess::Time)))?;
        if !retires {
            self.warm.lock().unwrap_or_else(PoisonError::into_inner).push(child);
        }
        match answer {
            Answer::Verdict(verdict) => Err(verdict),
            answer => Ok(answer),
        }
    }

    /// The child that was at work last, if one is waiting and alive.
    fn warm_child(&self) -> Option<Child> {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| warm.pop()).find_map(|mut child| child.is_alive().then_some(child))
    }

    fn warn_once(&self, Greeting { files, network }: Greeting) {
        let is_confined = files && network;
        if !is_confined && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                confined.files = files,
                confined.network = network,
                "the kernel does not keep document readers from all they do not need; \
                 limits on time, memory and output hold"
            );
        }
    }
}

impl Room<'_> {
    /// As [`ChildPool::read`].
    ///
    /// # Errors
    ///
    /// See there.
    pub async fn read(&self, path: &Path, options: &ReadOptions) -> Result<Extracted, ExtractError> {
        match self.run(&Job::Read(options.clone()), path, None).await? {
            Answer::Document(document) => Ok(*document),
            answer => Err(senseless(&answer)),
        }
    }

    /// As [`ChildPool::render`].
    ///
    /// # Errors
    ///
    /// See there.
    pub async fn render(
        &self,
        path: &Path,
        options: &RenderOptions,
        output: &File,
    ) -> Result<Rendered, ExtractError> {
        match self.run(&Job::Render(options.clone()), path, Some(output)).await? {
            Answer::Picture(picture) => Ok(picture),
            answer => Err(senseless(&answer)),
        }
    }

    async fn run(&self, job: &Job, path: &Path, output: Option<&File>) -> Result<Answer, ExtractError> {
        let document = tokio::fs::File::open(path).await.map_err(ExtractError::Unavailable)?;
        let size = document.metadata().await.map_err(ExtractError::Unavailable)?.len();
        if size > self.pool.limits.input {
            return Err(ExtractError::TooComplex(Excess::Input));
        }
        let document = document.into_std().await;
        if let Some(child) = self.pool.warm_child() {
            match self.pool.ask(child, job, &document, output).await {
                // What it had read before may have brought it to this: let a fresh one try.
                Err(ExtractError::TooComplex(Excess::Crash) | ExtractError::Unavailable(_)) => {
                    start_again(&document, output).map_err(ExtractError::Unavailable)?;
                }
                answer => return answer,
            }
        }
        let child = Child::start(&self.pool.program, &self.pool.limits).map_err(ExtractError::Unavailable)?;
        self.pool.ask(child, job, &document, output).await
    }
}

/// Makes files ready to be read and written from their beginning once more.
fn start_again(mut document: &File, output: Option<&File>) -> io::Result<()> {
    use std::io::Seek;

    document.rewind()?;
    if let Some(mut output) = output {
        output.rewind()?;
        output.set_len(0)?;
    }
    Ok(())
}

fn senseless(_: &Answer) -> ExtractError {
    unavailable("the document reader answered something else")
}

fn unavailable(reason: &str) -> ExtractError {
    ExtractError::Unavailable(io::Error::other(reason.to_owned()))
}
