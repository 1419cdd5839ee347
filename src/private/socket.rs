//! Owner's socket: a Unix socket in the data folder, through which the gateway's own user reaches the gateway of this
//! folder.

use std::{
    fs::{self, File},
    io,
    os::{
        fd::AsRawFd,
        unix::{
            fs::{FileTypeExt, MetadataExt, PermissionsExt},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{net::UnixStream, time::Instant};

use crate::private;

pub use crate::private::SOCKET as NAME;

/// The longest path of a Unix socket; macOS allows four bytes less than Linux.
const LONGEST: usize = 103;
/// Deadline for the answer of a gateway that holds the folder and may be starting.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// A path of the socket that is short enough for the system.
#[derive(Debug)]
pub struct Address {
    path: PathBuf,
    /// The data folder, which a path by its descriptor needs open.
    _folder: Option<File>,
}

impl Address {
    pub fn of(data: &Path) -> io::Result<Self> {
        let path = data.join(NAME);
        if path.as_os_str().len() <= LONGEST {
            return Ok(Self { path, _folder: None });
        }
        // Linux has a short path for an open folder.
        let folder = File::open(data)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
        Ok(Self { path, _folder: Some(folder) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A bound socket. Dropping it removes its file, unless another process has replaced the file.
#[derive(Debug)]
pub struct Bound {
    address: Address,
    inode: u64,
}

impl Drop for Bound {
    fn drop(&mut self) {
        let path = self.address.path();
        if fs::symlink_metadata(path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Binds the socket. The caller must hold the folder's lock: an existing socket is that of a process that died.
pub fn bind(data: &Path) -> io::Result<(UnixListener, Bound)> {
    let address = Address::of(data)?;
    let path = address.path();
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() || found.is_symlink() => fs::remove_file(path)?,
        Ok(_) => {
            let fault = "something that is no socket lies in its place; move it away";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, fault));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (),
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let inode = fs::symlink_metadata(path)?.ino();
    Ok((listener, Bound { address, inode }))
}

/// Connects to the gateway that holds the folder; none when there is none. The listener must belong to root or to
/// the user of the data folder.
pub async fn find(data: &Path, is_held: impl Fn() -> bool) -> io::Result<Option<Address>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if !is_held() {
            return Ok(None);
        }
        let address = Address::of(data)?;
        match UnixStream::connect(address.path()).await {
            Ok(stream) => {
                let (server, owner) = (stream.peer_cred()?.uid(), fs::metadata(data)?.uid());
                if private::is_owner(server) || server == owner {
                    return Ok(Some(address));
                }
                let fault = format!("user {server} listens there, who does not own the folder");
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, fault));
            }
            Err(error) if deadline <= Instant::now() => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_another_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let path = data.join(NAME);
        drop(UnixListener::bind(&path).unwrap());
        let (_listener, bound) = bind(data).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(find(data, || true).await.unwrap().is_some());
        assert!(find(data, || false).await.unwrap().is_none());
        drop(bound);
        assert!(!path.exists());
        fs::write(&path, "precious").unwrap();
        assert!(bind(data).unwrap_err().to_string().contains("no socket"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_socket_of_a_later_gateway_outlives_the_earlier() {
        let folder = tempfile::tempdir().unwrap();
        let (_first, earlier) = bind(folder.path()).unwrap();
        let (_second, _later) = bind(folder.path()).unwrap();
        drop(earlier);
        assert!(find(folder.path(), || true).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_long_path_works_where_the_system_names_open_folders() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("long".repeat(40));
        private::make_folder(&data).unwrap();
        if !Path::new("/proc/self/fd").exists() {
            return;
        }
        let (_listener, bound) = bind(&data).unwrap();
        assert!(data.join(NAME).exists());
        assert!(find(&data, || true).await.unwrap().is_some());
        drop(bound);
        assert!(!data.join(NAME).exists());
    }
}
