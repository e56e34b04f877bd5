//! What `cdk synth` writes is served as it stands: the template, and the assets beside it.

use super::languages::{ask, has};
use crate::support::{Client, options, start};

#[tokio::test]
async fn the_assets_beside_a_synthesised_template_run() {
    let gateway = start(options("tests/templates/cdk.out/Chat.template.json")).await;
    let mut client = Client::connect(&gateway, "").await;
    for (program, message, answer) in [
        ("node", r#"{"action":"node"}"#, "Node.js from Chat-Connections: "),
        ("python3", r#"{"action":"python"}"#, "Python: "),
    ] {
        if has(program) {
            assert_eq!(ask(&mut client, message).await, format!("{answer}{message}"));
        }
    }
    gateway.stop().await;
}
