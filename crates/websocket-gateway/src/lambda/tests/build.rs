//! Building functions with the real cargo, in a workspace made for the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::scratch;
use crate::api::{Code, Function};
use crate::iam::Policy;
use crate::lambda::{BuildError, build};

#[tokio::test]
async fn every_function_gets_its_binary() {
    let workspace = Workspace::new("binaries");
    workspace.package("one", &["only"]);
    workspace.package("two", &["first", "second"]);
    let functions = [
        workspace.function("two", Some("second")),
        workspace.function("one", None),
        workspace.function("two", Some("second")),
    ];

    let programs = build(&functions, false).await.unwrap();

    let names = programs.iter().map(|program| program.executable.file_stem().unwrap().to_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["second", "only", "second"]);
    let binaries = programs.iter().map(|program| program.function.binary().unwrap());
    assert_eq!(binaries.collect::<Vec<_>>(), ["second", "only", "second"]);
    assert!(programs.iter().all(|program| program.executable.is_absolute() && program.executable.is_file()));
    let not_asked_for = programs[0].executable.with_file_name("first");
    assert!(!not_asked_for.exists());
}

#[tokio::test]
async fn a_crate_that_cargo_build_leaves_out_by_default_is_built_too() {
    let workspace = Workspace::new("root_package");
    workspace.package("member", &["member"]);
    fs::write(
        workspace.0.join("Cargo.toml"),
        "[workspace]\nmembers = ['member']\n[package]\nname = 'root'\nedition = '2024'\n",
    )
    .unwrap();
    fs::create_dir_all(workspace.0.join("src")).unwrap();
    fs::write(workspace.0.join("src/lib.rs"), "").unwrap();

    let programs = build(&[workspace.function("member", None)], false).await.unwrap();

    assert!(programs[0].executable.is_file());
}

#[tokio::test]
async fn a_function_without_one_clear_binary_is_refused_with_the_choices() {
    let workspace = Workspace::new("choices");
    workspace.package("two", &["first", "second"]);
    let manifest = workspace.0.join("two/Cargo.toml");

    let error = build(&[workspace.function("two", None)], false).await.unwrap_err();
    let choices = format!("{} has the binaries first, second", manifest.display());
    assert_eq!(
        error.to_string(),
        format!(
            "template.yaml:3:5: function Two: {choices}; name the function's binary in Metadata.BuildProperties.Binary"
        )
    );

    let error = build(&[workspace.function("two", Some("third"))], false).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("template.yaml:3:5: function Two: Metadata.BuildProperties.Binary is third, but {choices}")
    );
}

#[tokio::test]
async fn a_code_uri_without_a_crate_is_refused() {
    let workspace = Workspace::new("no_crate");
    let error = build(&[workspace.function("nowhere", None)], false).await.unwrap_err();
    assert!(matches!(&error, BuildError::NoManifest { function, .. } if function == "Nowhere"), "{error}");
    assert!(error.to_string().starts_with("template.yaml:3:5: function Nowhere: "), "{error}");
}

#[tokio::test]
async fn a_function_that_is_not_here_is_not_built() {
    let workspace = Workspace::new("not_here");
    let nodejs =
        Function { code: Code::NotHere { why: "it is a song".to_owned() }, ..workspace.function("nowhere", None) };
    assert!(build(&[nodejs], false).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_broken_manifest_and_broken_code_are_told_apart() {
    let workspace = Workspace::new("broken");
    workspace.package("one", &["one"]);
    fs::write(workspace.0.join("one/src/bin/one.rs"), "not rust").unwrap();
    let error = build(&[workspace.function("one", None)], false).await.unwrap_err();
    assert!(matches!(error, BuildError::Failed { .. }), "{error}");

    fs::write(workspace.0.join("one/Cargo.toml"), "not toml").unwrap();
    let error = build(&[workspace.function("one", None)], false).await.unwrap_err();
    assert!(matches!(error, BuildError::InvalidManifest { .. }), "{error}");
}

/// As ring does it.
#[tokio::test]
async fn what_a_build_from_the_shell_has_built_is_not_built_again() {
    let workspace = Workspace::new("shell");
    workspace.package("one", &["one"]);
    let script = r#"
        use std::io::Write;

        fn main() {
            println!("cargo::rerun-if-env-changed=CARGO_MANIFEST_DIR");
            println!("cargo::rerun-if-env-changed=CARGO_PKG_NAME");
            let log = std::fs::OpenOptions::new().create(true).append(true).open("runs");
            writeln!(log.unwrap(), "once").unwrap();
        }
    "#;
    fs::write(workspace.0.join("one/build.rs"), script).unwrap();
    let mut shell = Command::new(env!("CARGO"));
    shell.args(["build", "--quiet"]).current_dir(&workspace.0);
    assert!(shell.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME").status().unwrap().success());

    build(&[workspace.function("one", None)], false).await.unwrap();
    assert_eq!(fs::read_to_string(workspace.0.join("one/runs")).unwrap(), "once\n");
}

struct Workspace(PathBuf);

impl Workspace {
    fn new(test: &str) -> Self {
        let root = scratch("build").join(test);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("Cargo.toml"), "[workspace]\nmembers = ['*']\nexclude = ['target']\nresolver = '3'\n")
            .unwrap();
        Self(root.canonicalize().unwrap())
    }

    fn package(&self, name: &str, binaries: &[&str]) {
        let sources = self.0.join(name).join("src/bin");
        fs::create_dir_all(&sources).unwrap();
        let manifest = format!("[package]\nname = '{name}'\nedition = '2024'\n");
        fs::write(self.0.join(name).join("Cargo.toml"), manifest).unwrap();
        for binary in binaries {
            fs::write(sources.join(format!("{binary}.rs")), "fn main() {}").unwrap();
        }
    }

    fn function(&self, directory: &str, binary: Option<&str>) -> Function {
        let mut logical_id = directory.to_owned();
        logical_id[..1].make_ascii_uppercase();
        Function {
            name: logical_id.clone(),
            logical_id,
            arn: String::new(),
            defined_at: "template.yaml:3:5".to_owned(),
            code: Code::Cargo { directory: self.0.join(directory), binary: binary.map(str::to_owned) },
            environment: BTreeMap::new(),
            timeout: Duration::from_secs(3),
            memory_size: 128,
            reserved_concurrency: None,
            policy: Policy::default(),
        }
    }
}
