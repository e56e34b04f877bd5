//! The section `rooms`: a backend in one file, with its template and a chat.

use crate::support::{Client, OwnProject, Section, options, root, start};

#[tokio::test]
async fn a_room_knows_who_is_in_it_who_comes_and_who_leaves() {
    let section = Section::named("rooms");
    let project = OwnProject::new("rooms");
    let core = root().canonicalize().unwrap().join("crates/lambda-websocket");
    let manifest = format!(
        "[package]\nname = 'rooms'\nedition = '2024'\n[dependencies]\nlambda-websocket = {{ path = '{}' }}\n\
         serde = {{ version = '1', features = ['derive'] }}\ntokio = {{ version = '1', features = ['macros', 'rt'] }}\n",
        core.display()
    );
    project.write("Cargo.toml", &manifest);
    let program = section.code_after("`src/main.rs`");
    assert!(program.lines().count() < 60, "it is too long for a first example");
    project.write("src/main.rs", program);
    project.write("template.yaml", section.code_after("`template.yaml`"));
    project.share_what_is_built();

    let gateway = start(options(project.folder().join("template.yaml").to_str().unwrap())).await;
    let connect = async |name: &str| Client::connect(&gateway, &format!("?name={name}")).await;
    let mut ann = connect("Ann").await;
    let mut bob = None;
    for line in section.code_after("and hangs up").lines() {
        match line.split_at(2) {
            ("> ", said) => ann.send(said).await,
            ("< ", heard) => {
                // What Ann hears comes of what Bob does.
                if heard.starts_with(r#"{"came""#) {
                    let mut client = connect("Bob").await;
                    client.send(r#"{"action":"enter","room":"rust"}"#).await;
                    assert_eq!(client.hear_json().await["here"].as_array().unwrap().len(), 2);
                    client.send(r#"{"action":"say","room":"rust","text":"hello"}"#).await;
                    bob = Some(client);
                } else if heard.starts_with(r#"{"left""#) {
                    bob.take().unwrap().close(None).await;
                }
                assert_eq!(ann.hear().await, heard);
            }
            _ => panic!("a line of a chat starts with `> ` or `< `: {line}"),
        }
    }
    gateway.stop().await;
}
