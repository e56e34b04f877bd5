//! TLS for this run, and the files by which functions trust it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fmt};

use super::{Options, StartError, roots};
use crate::guard::AllowedHosts;
use crate::ids;
use crate::wire::tls::{Authority, CertificateError, Certificates, Tls};

/// The certificate of the run's authority alone, for programs that trust it beside the system's.
const AUTHORITY: &str = "authority.pem";

/// The system's root certificates and the run's, for programs that trust one file instead of the system's.
const BUNDLE: &str = "bundle.pem";

/// What reads [`AUTHORITY`].
const ADDS: [&str; 1] = ["NODE_EXTRA_CA_CERTS"];

/// What reads [`BUNDLE`].
const REPLACES: [&str; 3] = ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];

/// The files of a gateway that runs. They are removed when this is dropped.
pub(super) struct Trust {
    /// `None` if they could not be written.
    directory: Option<PathBuf>,
    authority: String,
    tls: Tls,
}

/// Makes an authority for the gateway at `address`, and writes its certificate to where functions find it. Its key stays in memory, and is
/// gone when it has signed the gateway's certificate.
pub(super) fn start(address: SocketAddr, hosts: &AllowedHosts, options: &Options) -> Result<Option<Trust>, StartError> {
    let error = |error: CertificateError| StartError::Tls(error.into());
    let authority = Authority::new(names(address, hosts)).map_err(error)?;
    let pem = authority.pem.clone();
    let mut certificates = Certificates::new(address.ip(), authority);
    if let Some((certificate, key)) = &options.certificate {
        certificates = certificates.prefer(certificate, key).map_err(|error| StartError::Certificate(error.into()))?;
    }
    let tls = Tls::new(certificates).map_err(error)?;
    let parent = parent();
    let directory = write(&parent, address, &pem).inspect_err(|error| {
        tracing::warn!(
            "functions won't trust the gateway's certificate, so that posts to https://{address} fail: it can't be written to {}: {error}",
            parent.display()
        );
    });
    Ok(Some(Trust { directory: directory.ok(), authority: pem, tls }))
}

impl Trust {
    pub(super) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// The certificate of the run's authority, as PEM.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The variables by which functions trust the gateway.
    pub(super) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        self.directory.iter().flat_map(|directory| environment(directory))
    }
}

impl Drop for Trust {
    fn drop(&mut self) {
        if let Some(directory) = &self.directory
            && let Err(error) = fs::remove_dir_all(directory)
        {
            tracing::debug!("can't remove {}: {error}", directory.display());
        }
    }
}

/// The path, and nothing of the keys.
impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// The variables by which functions trust the gateway that runs at `address`. `None` if there is none, or not yet.
pub(super) fn of_running(address: SocketAddr) -> Option<impl Iterator<Item = (String, String)>> {
    let written = |directory: &PathBuf| fs::metadata(directory.join(BUNDLE)).and_then(|file| file.modified());
    let running = directories(&parent(), address).filter_map(|directory| Some((written(&directory).ok()?, directory)));
    running.max().map(|(_, directory): (SystemTime, _)| environment(&directory))
}

fn environment(directory: &Path) -> impl Iterator<Item = (String, String)> + use<> {
    let [authority, bundle] = [AUTHORITY, BUNDLE].map(|file| directory.join(file).to_string_lossy().into_owned());
    let adds = ADDS.map(|name| (name.to_owned(), authority.clone()));
    adds.into_iter().chain(REPLACES.map(|name| (name.to_owned(), bundle.clone())))
}

/// By which the gateway may be called.
fn names(address: SocketAddr, hosts: &AllowedHosts) -> Vec<String> {
    let own = ["localhost", "*.localhost", "127.0.0.1", "::1"].map(str::to_owned);
    own.into_iter().chain([address.ip().to_string()]).chain(hosts.names()).collect()
}

/// A directory of this user's. Whoever may write there could make functions trust another authority.
fn parent() -> PathBuf {
    match env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|directory| directory.is_absolute()) {
        Some(directory) => directory.join("websocket-gateway"),
        None => env::temp_dir().join(format!("websocket-gateway-{}", user())),
    }
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The directory of each gateway at an address: one, unless others were killed before they could remove theirs.
fn directories(parent: &Path, address: SocketAddr) -> impl Iterator<Item = PathBuf> + use<> {
    let start = start_of_name(address);
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(&start)).map(|entry| entry.path())
}

fn start_of_name(address: SocketAddr) -> String {
    // Some variables take lists that are separated by colons.
    format!("{}.", address.to_string().replace(':', "-"))
}

fn write(parent: &Path, address: SocketAddr, authority: &str) -> io::Result<PathBuf> {
    let private = |directory: &Path| DirBuilder::new().mode(0o700).create(directory);
    match private(parent) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    let found = fs::symlink_metadata(parent)?;
    if !found.is_dir() || found.uid() != user() || found.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "others may write there; remove it, or set XDG_RUNTIME_DIR to a directory of your own",
        ));
    }
    // This gateway has the address now, so that those of others are left over.
    for left_over in directories(parent, address) {
        fs::remove_dir_all(left_over)?;
    }
    // A name of its own: a gateway that ends does not remove the files of the next one at its address.
    let directory = parent.join(format!("{}{}", start_of_name(address), ids::uuid()));
    private(&directory)?;
    let file = |name: &str, text: &str| {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(directory.join(name));
        file.and_then(|mut file| file.write_all(text.as_bytes()))
    };
    let written = file(AUTHORITY, authority).and_then(|()| file(BUNDLE, &(roots::of_the_system() + authority)));
    if let Err(error) = written {
        let _ = fs::remove_dir_all(&directory);
        return Err(error);
    }
    Ok(directory)
}
