//! Building functions with the real cargo, in a workspace made for the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::scratch;
use crate::api::{Code, Function};
use crate::iam::Policy;
use crate::lambda::{Build, BuildError, Runtimes};

#[tokio::test]
async fn every_function_gets_its_binary() {
    let project = Project::new("binaries");
    project.package("one", &["only"]);
    project.package("two", &["first", "second"]);
    let functions = [
        project.function("two", Some("second")),
        project.function("one", None),
        project.function("two", Some("second")),
    ];

    let programs = build(&functions).await.unwrap().programs;

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
    let project = Project::new("root_package");
    project.package("member", &["member"]);
    fs::write(
        project.0.join("Cargo.toml"),
        "[workspace]\nmembers = ['member']\n[package]\nname = 'root'\nedition = '2024'\n",
    )
    .unwrap();
    fs::create_dir_all(project.0.join("src")).unwrap();
    fs::write(project.0.join("src/lib.rs"), "").unwrap();

    let programs = build(&[project.function("member", None)]).await.unwrap().programs;

    assert!(programs[0].executable.is_file());
}

#[tokio::test]
async fn a_function_whose_binary_is_ambiguous_is_refused_with_the_choices() {
    let project = Project::new("choices");
    project.package("two", &["first", "second"]);
    let manifest = project.0.join("two/Cargo.toml");

    let error = build(&[project.function("two", None)]).await.unwrap_err();
    let manifest = manifest.display();
    assert_eq!(
        error.to_string(),
        format!(
            "template.yaml:3:5: function Two: {manifest} has the binaries first, second; \
             name the function's binary in Metadata.BuildProperties.Binary"
        )
    );

    let error = build(&[project.function("two", Some("third"))]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "template.yaml:3:5: function Two: Metadata.BuildProperties.Binary is third, but {manifest} has only the binaries \
             first, second"
        )
    );
}

#[tokio::test]
async fn a_code_uri_without_a_crate_is_refused() {
    let project = Project::new("no_crate");
    let error = build(&[project.function("nowhere", None)]).await.unwrap_err();
    assert!(matches!(&error, BuildError::NoManifest { function, .. } if function == "Nowhere"), "{error}");
    assert!(error.to_string().starts_with("template.yaml:3:5: function Nowhere: "), "{error}");
}

#[tokio::test]
async fn a_crate_without_a_binary_is_refused() {
    let project = Project::new("no_binary");
    project.package("library", &[]);
    fs::write(project.0.join("library/src/lib.rs"), "").unwrap();
    for named in [None, Some("library")] {
        let error = build(&[project.function("library", named)]).await.unwrap_err();
        assert!(error.to_string().contains("has no binary; add a src/main.rs, or point CodeUri"), "{error}");
    }
}

#[tokio::test]
async fn a_code_uri_that_is_a_workspace_is_refused_with_advice() {
    let project = Project::new("workspace");
    project.package("one", &["one"]);
    let error = build(&[project.function(".", None)]).await.unwrap_err();
    assert!(matches!(&error, BuildError::NoPackage { .. }), "{error}");
    let advice = "it describes a workspace, not a crate; name the function's binary in Metadata.BuildProperties.Binary, or point";
    assert!(error.to_string().contains(advice), "{error}");
}

#[tokio::test]
async fn a_code_uri_that_is_a_workspace_is_built_if_the_binary_is_named() {
    let project = Project::new("named");
    project.package("one", &["one"]);
    project.package("two", &["two"]);

    let programs = build(&[project.function(".", Some("two"))]).await.unwrap().programs;

    assert_eq!(programs[0].executable.file_stem().unwrap(), "two");
    let Code::Cargo { directory, .. } = &programs[0].function.code else { panic!() };
    assert!(directory.ends_with("two"), "{}", directory.display());
}

#[tokio::test]
async fn a_path_with_a_symbolic_link_is_built_too() {
    let project = Project::new("link");
    project.package("one", &["one"]);
    std::os::unix::fs::symlink("link", project.0.with_file_name("link_to_it")).ok();
    let mut function = project.function("one", None);
    function.code = Code::Cargo { directory: project.0.with_file_name("link_to_it").join("one"), binary: None };

    let programs = build(&[function]).await.unwrap().programs;

    assert!(programs[0].executable.is_file());
}

#[tokio::test]
async fn a_function_that_is_not_here_is_not_built() {
    let project = Project::new("not_here");
    let java = Function {
        code: Code::NotHere { why: "its runtime is `java21`".to_owned() },
        ..project.function("nowhere", None)
    };
    let build = build(&[java]).await.unwrap();
    let why = "its runtime is `java21`; start it elsewhere, and pass --lambda-endpoint URL to call it there";
    assert_eq!(build.not_here, [("Nowhere".to_owned(), why.to_owned())]);
    assert!(build.programs.is_empty());
}

#[tokio::test]
async fn a_broken_manifest_and_broken_code_are_told_apart() {
    let project = Project::new("broken");
    project.package("one", &["one"]);
    fs::write(project.0.join("one/src/bin/one.rs"), "not rust").unwrap();
    let error = build(&[project.function("one", None)]).await.unwrap_err();
    assert!(matches!(error, BuildError::Failed { .. }), "{error}");

    fs::write(project.0.join("one/Cargo.toml"), "not toml").unwrap();
    let error = build(&[project.function("one", None)]).await.unwrap_err();
    assert!(matches!(error, BuildError::InvalidManifest { .. }), "{error}");
}

/// The build script depends on the same variables as ring's.
#[tokio::test]
async fn what_a_build_from_the_shell_has_built_is_not_built_again() {
    let project = Project::new("shell");
    project.package("one", &["one"]);
    let script = r#"
        use std::io::Write;

        fn main() {
            println!("cargo::rerun-if-env-changed=CARGO_MANIFEST_DIR");
            println!("cargo::rerun-if-env-changed=CARGO_PKG_NAME");
            let log = std::fs::OpenOptions::new().create(true).append(true).open("runs");
            writeln!(log.unwrap(), "once").unwrap();
        }
    "#;
    fs::write(project.0.join("one/build.rs"), script).unwrap();
    let mut shell = Command::new(env!("CARGO"));
    shell.args(["build", "--quiet"]).current_dir(&project.0);
    assert!(shell.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME").status().unwrap().success());

    build(&[project.function("one", None)]).await.unwrap();
    assert_eq!(fs::read_to_string(project.0.join("one/runs")).unwrap(), "once\n");
}

async fn build(functions: &[Function]) -> Result<Build, BuildError> {
    crate::lambda::build(functions, |_| true, false, &Runtimes::default()).await
}

/// A workspace on the disk.
pub(crate) struct Project(pub(crate) PathBuf);

impl Project {
    pub(crate) fn new(test: &str) -> Self {
        let root = scratch("build").join(test);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("Cargo.toml"), "[workspace]\nmembers = ['*']\nexclude = ['target']\nresolver = '3'\n")
            .unwrap();
        Self(root.canonicalize().unwrap())
    }

    /// Adds a package with these binaries, whose directory has its name.
    pub(crate) fn package(&self, name: &str, binaries: &[&str]) {
        self.write_package(name, &format!("[package]\nname = '{name}'\nedition = '2024'\n"), binaries);
    }

    /// Adds a package that does not belong to the workspace.
    pub(crate) fn package_of_its_own(&self, directory: &str, binaries: &[&str]) {
        self.write_package(directory, "[workspace]\n[package]\nname = 'alone'\nedition = '2024'\n", binaries);
    }

    fn write_package(&self, directory: &str, manifest: &str, binaries: &[&str]) {
        let sources = self.0.join(directory).join("src/bin");
        fs::create_dir_all(&sources).unwrap();
        fs::write(self.0.join(directory).join("Cargo.toml"), manifest).unwrap();
        for binary in binaries {
            fs::write(sources.join(format!("{binary}.rs")), "fn main() {}").unwrap();
        }
    }

    pub(crate) fn function(&self, directory: &str, binary: Option<&str>) -> Function {
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
