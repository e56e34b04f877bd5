//! Functions that are executables, as Go and C++ make them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::languages::{Folder, function, start};
use super::processes::probe_executable;
use crate::api::{Place, Runtime};
use crate::lambda::{Runtimes, build};

const EXECUTABLE: Runtime = Runtime::Executable;

/// A folder with a function that was built elsewhere.
fn built(test: &str, name: &str) -> Folder {
    let folder = Folder::new(test);
    fs::copy(probe_executable(), folder.path().join(name)).unwrap();
    folder
}

#[tokio::test]
async fn a_bootstrap_runs_as_it_is() {
    let folder = built("bootstrap", "bootstrap");
    let function = start(folder.function(EXECUTABLE, "hello.world")).await.unwrap();
    assert_eq!(function.invoke(json!({ "do": "echo" })).await.unwrap(), json!({ "do": "echo" }));
    let environment = function.invoke(json!({ "do": "environment" })).await.unwrap();
    assert_eq!(environment["_HANDLER"], "hello.world");
    assert_eq!(environment["LAMBDA_TASK_ROOT"], json!(folder.path()));
    function.end().await;
}

#[tokio::test]
async fn for_go_the_handler_names_the_executable() {
    let folder = built("go", "main");
    let function = start(folder.function(EXECUTABLE, "main")).await.unwrap();
    assert_eq!(function.invoke(json!({ "do": "echo" })).await.unwrap(), json!({ "do": "echo" }));
    function.end().await;
}

#[tokio::test]
async fn an_archive_is_unpacked() {
    let folder = built("zip", "bootstrap");
    let archive = folder.path().join("function.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&archive).unwrap());
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    std::io::copy(&mut fs::File::open(folder.path().join("bootstrap")).unwrap(), &mut zip).unwrap();
    zip.finish().unwrap();
    let function = start(function(EXECUTABLE, "", Place::Archive(archive))).await.unwrap();
    assert_eq!(function.invoke(json!({ "do": "echo" })).await.unwrap(), json!({ "do": "echo" }));
    function.end().await;
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let folder = built("not_executable", "bootstrap").file("no.zip", "not an archive");
    fs::set_permissions(folder.path().join("bootstrap"), fs::Permissions::from_mode(0o644)).unwrap();
    let sam_build = |output: &str| Place::SamBuild { output: folder.path().join(output), sources: folder.path() };
    fs::create_dir_all(folder.path().join("old/Function")).unwrap();
    fs::write(folder.path().join("old/template.yaml"), "").unwrap();
    let source = fs::File::create(folder.path().join("main.go")).unwrap();
    source.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60)).unwrap();
    for (place, why) in [
        (Place::Directory(folder.path()), "is not executable; run `chmod +x "),
        (Place::Directory(Folder::new("empty").path()), "build the function first"),
        (Place::Directory(folder.path().join("none")), "there is no folder "),
        (Place::Archive(folder.path().join("no.zip")), "can't unpack "),
        (Place::Archive(folder.path().join("none.zip")), "can't unpack "),
        (sam_build("none/Function"), "by `sam build`; run that first"),
        (sam_build("old/Function"), "main.go has changed since `sam build`; run that again"),
    ] {
        let build = build(&[function(EXECUTABLE, "", place)], |_| true, false, &Runtimes::default()).await.unwrap();
        let [(_, found)] = build.not_here.as_slice() else { panic!("{why}") };
        assert!(found.contains(why), "{found} instead of {why}");
    }
}
