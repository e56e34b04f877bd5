//! `websocket-gateway new`: what it makes works as it is, and what it can't make it says.

use std::fs;

use rustix::process::Signal;
use tokio::process::Command;

use crate::support::{Client, OwnProject, as_from_a_shell, end, gateway, in_time, root, serving, signal};

/// What `new` prints, and on standard error.
async fn new(project: &OwnProject, arguments: &[&str], code: i32) -> (String, String) {
    let arguments = [&["new"], arguments].concat();
    let output = in_time("new", gateway(&arguments).current_dir(project.folder()).output()).await.unwrap();
    let [printed, said] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(code), "{printed}{said}");
    (printed, said)
}

#[tokio::test]
async fn a_new_project_passes_its_test_and_serves_a_client() {
    let project = OwnProject::new("new");
    let (printed, _) = new(&project, &["chat"], 0).await;
    assert!(printed.contains("cd chat && "), "{printed}");
    let project = project.made_in("chat");
    project.share_what_is_built();

    let cargo = async |arguments: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        let output = as_from_a_shell(cargo.args(arguments).current_dir(project.folder())).output().await.unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success(), "{stdout}{stderr}");
        stdout
    };
    assert!(cargo(&["test"]).await.contains("tests::the_client_is_greeted ... ok"));
    cargo(&["fmt", "--check"]).await;

    let (mut gateway, url) = serving(gateway(&["--port", "0"]).current_dir(project.folder())).await;
    assert!(url.ends_with("/prod"), "{url}");
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    for line in chat(&project.read("README.md")).lines() {
        match line.split_at(2) {
            ("> ", said) => client.send(said).await,
            ("< ", heard) => assert_eq!(client.hear().await, heard),
            _ => panic!("a line of a chat starts with `> ` or `< `: {line}"),
        }
    }
    client.send("hi").await;
    assert!(client.hear().await.contains("The message is not JSON"));
    signal(&gateway, Signal::INT);
    assert_eq!(end(&mut gateway).await.code(), Some(0));
}

/// What a client says and hears, in the project's own README.
fn chat(readme: &str) -> &str {
    let (_, rest) = readme.split_once("```text\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[tokio::test]
async fn its_sample_events_are_answered() {
    let project = OwnProject::new("new_events");
    new(&project, &["sample", "--crate-path", root().to_str().unwrap()], 0).await;
    let project = project.made_in("sample");
    project.share_what_is_built();
    let output = gateway(&["replay", "events"]).current_dir(project.folder()).output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.contains("Hello, Ada!"), "{printed}");
}

#[tokio::test]
async fn what_can_t_be_made_is_2_and_nothing_is_touched() {
    let project = OwnProject::new("new_wrong");
    project.write("full/notes.txt", "mine");
    project.write("file", "mine");
    for (arguments, said) in [
        (&["2chat"][..], "a letter, then letters, digits, - and _"),
        (&["build"], "choose another"),
        (&["full"], "full is not empty"),
        (&["file"], "file is there and is not a folder"),
        (&["chat", "--crate-path", "nowhere"], "nowhere: this is neither the folder of the crate lambda-websocket"),
        (&[], "<NAME>"),
    ] {
        let (printed, stderr) = new(&project, arguments, 2).await;
        assert!(printed.is_empty() && stderr.contains(said), "{arguments:?}: {printed}{stderr}");
    }
    let left: Vec<_> = fs::read_dir(project.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!([project.read("full/notes.txt"), project.read("file")], ["mine", "mine"]);

    // A folder that is there already is filled if it is empty.
    fs::create_dir(project.folder().join("empty")).unwrap();
    new(&project, &["empty"], 0).await;
    assert!(project.read("empty/Cargo.toml").contains("name = \"empty\""));
}
