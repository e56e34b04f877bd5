//! The section `add-a-route`, done as it says.

use serde_json::Value;
use websocket_gateway::Options;

use crate::support::{OwnProject, Section, gateway, root};

#[tokio::test]
async fn a_route_is_a_binary_an_entry_in_the_template_and_a_sample_event() {
    let section = Section::named("add-a-route");
    let project = example("add_a_route");

    let binary = "crates/routes/src/bin/time.rs";
    project.write(binary, section.code_after(&format!("`{binary}`")));
    project.edit(
        "template.yaml",
        "\n      Routes:\n",
        &format!("\n      Routes:\n{}", section.code_after("`WebSocketApi/Properties/Routes`")),
    );
    project.edit(
        "template.yaml",
        "\nResources:\n",
        &format!("\nResources:\n{}", section.code_after("under `Resources`")),
    );
    let event = root().join("events/default.json");
    let mut event: Value = serde_json::from_slice(&std::fs::read(event).unwrap()).unwrap();
    event["requestContext"]["routeKey"] = "time".into();
    project.write("events/time.json", &event.to_string());

    let loaded = Options::default().template(project.folder().join("template.yaml")).read_template().unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(loaded.api.routes["time"].route_response);
    let mut replay = gateway(&["replay", "events/time.json", "--json"]);
    // It compiles, so there is no limit.
    let output = replay.current_dir(project.folder()).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["answer"]["body"], event["requestContext"]["requestTimeEpoch"].to_string(), "{record}");
}

/// A copy of the example. Its functions do nothing, so that only the new one takes time to compile.
fn example(test: &str) -> OwnProject {
    let project = OwnProject::new(test);
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let clone = root().canonicalize().unwrap();
    let manifest = read("Cargo.toml").replace("path = \"", &format!("path = \"{}/", clone.display()));
    let (before, after) = manifest.split_once("members = [").unwrap();
    let (_, after) = after.split_once(']').unwrap();
    project.write("Cargo.toml", &format!("{before}members = [\"crates/routes\"]{after}"));
    project.write("template.yaml", &read("template.yaml"));
    project.write("crates/routes/Cargo.toml", &read("crates/routes/Cargo.toml"));
    for entry in std::fs::read_dir(root().join("crates/routes/src/bin")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        project.write(&format!("crates/routes/src/bin/{name}.rs"), "fn main() {}");
    }
    project.share_what_is_built();
    project
}
