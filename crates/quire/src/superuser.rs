//! `quire createsuperuser`: an account that may do everything.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use clap::Args;
use quire_domain::{
    FieldErrors,
    error::chain,
    user::{Role, check_email, check_password, check_username},
};
use quire_gateway::{PasswordCost, Passwords};
use quire_store::{
    Pool, PoolOptions, audit,
    users::{self, NewUser},
};
use quire_web::config::{Environment, Reader};
use secrecy::{ExposeSecret, SecretString};

use crate::{database::Database, say, up::open_home};

/// Who to make. What is missing is asked for.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// The user name.
    #[arg(long)]
    username: Option<String>,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

/// Makes the account.
///
/// # Errors
/// A message for the person at the terminal.
pub(crate) async fn create(environment: &Environment, arguments: Arguments) -> Result<(), String> {
    let who = Who::ask(arguments)?;
    who.check()?;
    let home = || open_home(&mut Reader::new(environment));
    let database = Database::for_admin(environment, home).await?;
    let made = insert(&database.url, &who).await;
    database.close().await.and(made)
}

async fn insert(url: &str, who: &Who) -> Result<(), String> {
    let passwords = Passwords::new(PasswordCost::RECOMMENDED).map_err(|e| chain(&e))?;
    let hash = passwords.hash(who.password.clone()).await.map_err(|e| chain(&e))?;
    let pool =
        Pool::new(PoolOptions { size: 1, ..PoolOptions::new(url, "quire-admin") }).map_err(|e| chain(&e))?;
    let mut connection = pool.get().await.map_err(|e| chain(&e))?;
    let new = NewUser {
        username: &who.username,
        email: &who.email,
        password_hash: &hash,
        first_name: "",
        last_name: "",
        phone: "",
        birthdate: None,
        role: Role::Superuser,
    };
    let user = users::create(&mut connection, &new).await.map_err(|e| e.detail.into_owned())?;
    audit::record(&mut connection, None, Some(user.id()), audit::Action::SuperuserCreated)
        .await
        .map_err(|e| chain(&e))?;
    say(&format!("The superuser {} was created.", user.username));
    Ok(())
}

struct Who {
    email: String,
    username: String,
    password: SecretString,
}

impl Who {
    fn ask(arguments: Arguments) -> Result<Self, String> {
        let email = given_or_asked(arguments.email, "E-mail", "--email")?;
        let username = given_or_asked(arguments.username, "User name", "--username")?;
        let password = if arguments.password_stdin { password_from_stdin()? } else { asked_password()? };
        Ok(Self { email, username, password: password.into() })
    }

    fn check(&self) -> Result<(), String> {
        let mut errors = FieldErrors::default();
        check_username(&self.username, &mut errors);
        check_email(&self.email, &mut errors);
        check_password("password", self.password.expose_secret(), &self.username, &self.email, &mut errors);
        let messages: Vec<_> = errors.0.into_values().flatten().collect();
        if messages.is_empty() { Ok(()) } else { Err(messages.join(" ")) }
    }
}

fn given_or_asked(given: Option<String>, question: &str, flag: &str) -> Result<String, String> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !stdin().is_terminal() {
        return Err(format!("there is no terminal to ask at; give {flag}"));
    }
    let asked = || -> std::io::Result<String> {
        write!(stdout(), "{question}: ")?;
        stdout().flush()?;
        let mut line = String::new();
        stdin().lock().read_line(&mut line)?;
        Ok(line.trim().to_owned())
    };
    asked().map_err(|e| e.to_string())
}

fn password_from_stdin() -> Result<String, String> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line).map_err(|e| e.to_string())?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn asked_password() -> Result<String, String> {
    if !stdin().is_terminal() {
        return Err("there is no terminal to ask at; give --password-stdin".to_owned());
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map_err(|e| e.to_string());
    let (first, second) = (ask("Password: ")?, ask("Password again: ")?);
    if first == second { Ok(first) } else { Err("the passwords differ".to_owned()) }
}
