//! Passwords: argon2id, on as many threads as the machine has cores and no more.

use std::{
    fmt,
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use quire_domain::{Error, ErrorCode, Result, random};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// The length of a salt, in bytes (RFC 9106, section 3.1, recommends 16).
const SALT_BYTES: usize = 16;

/// How long a caller waits for its turn. Who has waited longer is told to come back: the
/// queue is then longer than any person waits.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// How much work one password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes that could be computed in parallel.
    pub lanes: u32,
}

impl PasswordCost {
    /// 19 MiB, 2 passes, 1 lane (OWASP Password Storage Cheat Sheet).
    pub const RECOMMENDED: Self = Self { memory_kib: 19 * 1024, iterations: 2, lanes: 1 };
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self::RECOMMENDED
    }
}

/// Hashes and verifies passwords. Cheap to clone; clones share the bound on threads.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    argon: Argon2<'static>,
    /// The hash of a password that nobody has, verified where there is no account, so that
    /// both cases take the same time.
    dummy: String,
    turns: Arc<Semaphore>,
    verifications: AtomicU64,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("params", self.0.argon.params()).finish_non_exhaustive()
    }
}

impl Passwords {
    /// A hasher of that cost. Computes one hash at once.
    ///
    /// # Errors
    /// When argon2 does not take the cost.
    pub fn new(cost: PasswordCost) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.lanes, None)
            .map_err(|e| Error::internal("the cost of a password is out of range").with_source(e))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobodys = URL_SAFE_NO_PAD.encode(random::bytes::<32>()?);
        let dummy = hash(&argon, &nobodys)?;
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self(Arc::new(Inner {
            argon,
            dummy,
            turns: Arc::new(Semaphore::new(cores)),
            verifications: AtomicU64::new(0),
        })))
    }

    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] when too many wait.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.compute(move |inner| hash(&inner.argon, password.expose_secret())).await
    }

    /// Whether this is the password. Without a hash, because there is no such account, the
    /// same work is done, and the answer is `false`.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] when too many wait.
    pub async fn verify(&self, password: SecretString, phc: Option<String>) -> Result<bool> {
        self.compute(move |inner| {
            let known = phc.is_some();
            let phc = phc.unwrap_or_else(|| inner.dummy.clone());
            inner.verifications.fetch_add(1, Ordering::Relaxed);
            match inner.argon.verify_password(password.expose_secret().as_bytes(), phc.as_str()) {
                Ok(()) => Ok(known),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(Error::internal("verifying a password").with_source(error)),
            }
        })
        .await
    }

    /// How many verifications were computed so far, those for nobody included.
    pub fn verifications(&self) -> u64 {
        self.0.verifications.load(Ordering::Relaxed)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.0.turns.clone().acquire_owned())
            .await
            .map_err(|_| overloaded())?
            .map_err(|e| Error::internal("waiting for a turn to hash").with_source(e))?;
        let inner = self.0.clone();
        tokio::task::spawn_blocking(move || {
            // Goes with the work: a caller that hangs up does not make room for another.
            let _turn = turn;
            work(&inner)
        })
        .await
        .map_err(|e| Error::internal("hashing was interrupted").with_source(e))?
    }
}

fn hash(argon: &Argon2<'_>, password: &str) -> Result<String> {
    let salt = random::bytes::<SALT_BYTES>()?;
    argon
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|e| Error::internal("hashing a password").with_source(e))
}

fn overloaded() -> Error {
    Error::new(
        ErrorCode::Overloaded,
        "Too many people are signing in at this moment. Please try again shortly.",
    )
    .with_retry_after(TURN_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, iterations: 1, lanes: 1 };

    #[tokio::test]
    async fn a_hash_is_a_phc_string_and_verifies_its_password_only() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let phc = passwords.hash("correct horse".into()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{phc}");
        assert!(passwords.verify("correct horse".into(), Some(phc.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".into(), Some(phc.clone())).await.unwrap());
        assert_ne!(passwords.hash("correct horse".into()).await.unwrap(), phc);
    }

    #[tokio::test]
    async fn for_nobody_the_same_work_is_done_and_the_answer_is_no() {
        let passwords = Passwords::new(CHEAP).unwrap();
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
        assert_eq!(passwords.verifications(), 1);
        assert!(passwords.0.dummy.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    }

    #[tokio::test]
    async fn hashes_of_another_cost_still_verify() {
        let phc = Passwords::new(CHEAP).unwrap().hash("correct horse".into()).await.unwrap();
        let dearer = Passwords::new(PasswordCost { memory_kib: 16, ..CHEAP }).unwrap();
        assert!(dearer.verify("correct horse".into(), Some(phc)).await.unwrap());
    }

    #[tokio::test]
    async fn a_broken_hash_is_a_fault_of_ours() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let error = passwords.verify("x".into(), Some("nonsense".into())).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_told_to_come_back() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let cores = u32::try_from(passwords.0.turns.available_permits()).unwrap();
        let _all = passwords.0.turns.clone().acquire_many_owned(cores).await.unwrap();
        let error = passwords.hash("correct horse".into()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Overloaded);
        assert_eq!(error.retry_after, Some(TURN_TIMEOUT));
    }

    #[test]
    fn the_recommended_cost_is_taken() {
        assert!(Passwords::new(PasswordCost::RECOMMENDED).is_ok());
        assert!(Passwords::new(PasswordCost { memory_kib: 0, ..CHEAP }).is_err());
    }
}
