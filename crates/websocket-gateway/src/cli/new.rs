//! `new`: makes a project in Rust.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use clap::Args;

use super::{WRONG_INPUT, starter, terminal};

#[derive(Args, Debug)]
pub(crate) struct New {
    /// The name of the project's package, and of its folder, which must be empty if it is there
    #[arg(value_name = "NAME", value_parser = package_name)]
    name: String,
    /// The folder of the crate `lambda-websocket`, or of a clone of its repository
    /// [default: the clone that the current folder is in, or else the one that this program was built from]
    #[arg(long, value_name = "DIR")]
    crate_path: Option<PathBuf>,
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
enum NewError {
    #[error("{} is there and is not a folder; choose another name", .0.display())]
    NotAFolder(PathBuf),
    #[error("the folder {} is not empty; choose another name", .0.display())]
    NotEmpty(PathBuf),
    #[error(
        "--crate-path {}: this is neither the folder of the crate lambda-websocket nor a clone of its repository",
        .0.display()
    )]
    NotTheCrate(PathBuf),
    #[error(
        "the project would be in Rust and depend on the crate lambda-websocket, which is not published yet and can't be found; clone its \
         repository, and say where that is: --crate-path DIR"
    )]
    NoCrate,
    #[error(
        "the path {} can't stand in Cargo.toml, because it contains a quotation mark, a backslash or something that is \
         not text; move the crate",
        .0.display()
    )]
    NotPlain(PathBuf),
    #[error("can't make {}: {}", .0.display(), .1)]
    NotMade(PathBuf, io::Error),
}

impl New {
    pub(crate) fn make(&self) -> ExitCode {
        match self.try_make() {
            Ok(crate_path) => {
                terminal::say(&made(&self.name, &crate_path, &this_program()));
                ExitCode::SUCCESS
            }
            Err(error) => {
                terminal::show_error(&error);
                if matches!(error, NewError::NotMade(..)) { ExitCode::FAILURE } else { ExitCode::from(WRONG_INPUT) }
            }
        }
    }

    /// The path of the crate that the project depends on.
    fn try_make(&self) -> Result<String, NewError> {
        let folder = Path::new(&self.name);
        check_free(folder)?;
        let here = env::current_dir().unwrap_or_default();
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR"));
        let crate_path = in_manifest(find_crate(self.crate_path.as_deref(), &here, built_from)?)?;
        for (path, text) in starter::files(&self.name, &crate_path) {
            let path = folder.join(path);
            write(&path, &text).map_err(|error| NewError::NotMade(path, error))?;
        }
        Ok(crate_path)
    }
}

fn check_free(folder: &Path) -> Result<(), NewError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(NewError::NotEmpty(folder.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(NewError::NotAFolder(folder.to_owned())),
        Err(error) => Err(NewError::NotMade(folder.to_owned(), error)),
    }
}

fn find_crate(asked: Option<&Path>, here: &Path, built_from: &Path) -> Result<PathBuf, NewError> {
    match asked {
        Some(folder) => crate_in(folder).ok_or_else(|| NewError::NotTheCrate(folder.to_owned())),
        None => here.ancestors().chain(built_from.ancestors()).find_map(crate_in).ok_or(NewError::NoCrate),
    }
}

/// The absolute path of the crate, if the folder is its own or that of a clone.
fn crate_in(folder: &Path) -> Option<PathBuf> {
    let is_the_crate = |folder: &PathBuf| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|manifest| manifest.lines().any(|line| line == r#"name = "lambda-websocket""#))
    };
    [folder.to_owned(), folder.join("crates/lambda-websocket")].into_iter().find(is_the_crate)?.canonicalize().ok()
}

/// The path as it stands in the manifest, between quotation marks.
fn in_manifest(path: PathBuf) -> Result<String, NewError> {
    let is_plain =
        |path: &str| !path.contains(|character: char| matches!(character, '"' | '\\') || character.is_control());
    match path.to_str() {
        Some(text) if is_plain(text) => Ok(text.to_owned()),
        _ => Err(NewError::NotPlain(path)),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Names of folders that cargo makes, and of the crate that the project depends on: such a project would not build.
const TAKEN: [&str; 5] = ["build", "deps", "examples", "incremental", "lambda-websocket"];

fn package_name(text: &str) -> Result<String, String> {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) || !text.chars().all(is_allowed) {
        return Err("write a letter, then letters, digits, - and _".to_owned());
    }
    if TAKEN.contains(&text) {
        return Err("cargo can't build a package of this name; choose another".to_owned());
    }
    Ok(text.to_owned())
}

/// How this program can be run again: by its name if it was found by that, otherwise by its path.
fn this_program() -> String {
    let name = env::args().next().unwrap_or_default();
    let path = env::current_exe().ok().filter(|_| name.contains('/'));
    path.map_or(name, |path| path.display().to_string())
}

fn made(name: &str, crate_path: &str, program: &str) -> String {
    format!(
        "Made {name}, which depends on {crate_path}\n\nServe it:\n    cd {name} && {program}\nTest it:\n    \
         cd {name} && cargo test"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_cargo_can_build() {
        for good in ["chat", "my-chat_2", "Chat", "c"] {
            assert_eq!(package_name(good).as_deref(), Ok(good));
        }
        for bad in ["", "2chat", "-chat", "_chat", "my chat", "a/b", "..", "caf\u{e9}", "a{{crate_path}}"] {
            assert!(package_name(bad).unwrap_err().contains("write a letter"), "{bad}");
        }
        for taken in TAKEN {
            assert!(package_name(taken).unwrap_err().contains("choose another"), "{taken}");
        }
    }

    #[test]
    fn the_crate_is_that_of_the_clone_around_here_or_of_the_one_that_built_this() {
        let folder = env::temp_dir().join(format!("websocket-gateway.new.{}", std::process::id()));
        let [here, built_from] = ["here", "built_from"].map(|clone| {
            let manifest = folder.join(clone).join("crates/lambda-websocket/Cargo.toml");
            write(&manifest, "[package]\nname = \"lambda-websocket\"\n").unwrap();
            folder.join(clone).canonicalize().unwrap()
        });
        let (inside, elsewhere) = (here.join("crates"), Path::new("/"));
        let of = |clone: &Path| clone.join("crates/lambda-websocket");

        assert_eq!(find_crate(None, &here, &built_from).unwrap(), of(&here));
        assert_eq!(find_crate(None, &inside, &built_from).unwrap(), of(&here));
        assert_eq!(find_crate(None, elsewhere, &built_from).unwrap(), of(&built_from));
        assert!(matches!(find_crate(None, elsewhere, elsewhere), Err(NewError::NoCrate)));
        assert_eq!(find_crate(Some(&here), elsewhere, &built_from).unwrap(), of(&here));
        assert_eq!(find_crate(Some(&of(&here)), elsewhere, &built_from).unwrap(), of(&here));
        assert!(matches!(find_crate(Some(&inside), &here, &built_from), Err(NewError::NotTheCrate(_))));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_path_that_would_break_the_manifest_is_refused() {
        assert_eq!(in_manifest("/Ada's code".into()).unwrap(), "/Ada's code");
        for bad in ["/a\"b", "/a\\b", "/a\nb"] {
            assert!(in_manifest(bad.into()).unwrap_err().to_string().contains("move the crate"), "{bad}");
        }
    }
}
