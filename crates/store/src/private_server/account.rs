//! Which operating system account runs the server: PostgreSQL refuses to be root.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::StartError;

/// An unprivileged account that a root process hands the server to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// The account to drop to, or `None` when this process is not root and needs none.
    ///
    /// Files that an unprivileged account owns already stay with it, so that one `sudo`
    /// does not lock their owner out.
    pub(super) fn for_server(data_dir: &Metadata) -> Result<Option<Self>, StartError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        if data_dir.uid() != 0 {
            let name = name_of(&passwd, data_dir.uid());
            return Ok(Some(Self { name, uid: data_dir.uid(), gid: data_dir.gid() }));
        }
        let found = ["postgres", "nobody"].iter().find_map(|name| by_name(&passwd, name));
        found.map(Some).ok_or(StartError::NoAccount)
    }

    /// Checks that the account may pass through every directory above `path`.
    pub(super) fn check_reaches(&self, path: &Path) -> Result<(), StartError> {
        for directory in path.ancestors().skip(1) {
            let metadata = fs::metadata(directory).map_err(StartError::file(directory))?;
            if !self.may_enter(&metadata) {
                let directory = directory.to_owned();
                return Err(StartError::Unreachable { account: self.name.clone(), directory });
            }
        }
        Ok(())
    }

    fn may_enter(&self, directory: &Metadata) -> bool {
        let execute = if directory.uid() == self.uid {
            0o100
        } else if directory.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        directory.mode() & execute != 0
    }
}

/// The fields of `/etc/passwd` are `name:password:uid:gid:comment:home:shell`.
fn by_name(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut ids = line.split(':').skip(2).map(str::parse);
    let (Some(Ok(uid)), Some(Ok(gid))) = (ids.next(), ids.next()) else {
        return None;
    };
    Some(Account { name: name.to_owned(), uid, gid })
}

fn name_of(passwd: &str, uid: u32) -> String {
    let wanted = uid.to_string();
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(&wanted));
    line.and_then(|line| line.split(':').next()).map_or_else(|| format!("user {uid}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn accounts_are_read_from_the_password_file() {
        let postgres = Account { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(by_name(PASSWD, "postgres"), Some(postgres));
        assert_eq!(by_name(PASSWD, "postgre"), None);
        assert_eq!(by_name("nobody:*:-2:-2::/:/bin/false", "nobody"), None);
        assert_eq!(name_of(PASSWD, 101), "postgres");
        assert_eq!(name_of(PASSWD, 4711), "user 4711");
    }

    #[test]
    fn a_closed_directory_above_is_named() {
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account { name: "stranger".to_owned(), uid: 4_000_000, gid: 4_000_000 };
        let error = stranger.check_reaches(&closed.path().join("data")).unwrap_err();
        assert!(matches!(error, StartError::Unreachable { directory, .. } if directory == closed.path()));

        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o711)).unwrap();
        stranger.check_reaches(&closed.path().join("data")).unwrap();
    }
}
