//! What the person at the terminal reads when everything runs: where to go next.

use std::{net::SocketAddr, path::Path};

/// Prints it. Goes to standard output; the log goes to standard error.
#[expect(clippy::print_stdout, reason = "the person who started the program reads it")]
pub(crate) fn print(address: SocketAddr, data: &Path, own_database: bool) {
    println!("{}", text(address, data, own_database));
}

fn text(address: SocketAddr, data: &Path, own_database: bool) -> String {
    let at = format!("http://{address}");
    let database = if own_database { "a private PostgreSQL in it" } else { "the configured PostgreSQL" };
    format!(
        "
  Quire is running at {at}

    Start here       {at}/            what to do first, with a walk-through
    Try the API      {at}/docs        Swagger UI
    Read the API     {at}/redoc
    Health           {at}/health

  Data: {} (documents and secret, {database})
  Stop with Ctrl-C; the data stay. `quire --help` lists all settings.
",
        data.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_one_screen_and_names_the_real_port() {
        let text = text("127.0.0.1:9123".parse().unwrap(), Path::new("/data"), true);
        assert!(text.lines().count() <= 24 && text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains("http://127.0.0.1:9123/docs"), "{text}");
    }
}
