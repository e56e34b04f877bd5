//! README.md's "Your own API", done as it says.

use rustix::process::Signal;
use tokio::process::Command;

use crate::support::{Client, OwnApi, as_from_a_shell, end, gateway, serving, signal};

#[tokio::test]
async fn an_api_of_ones_own_is_three_files_in_an_empty_folder() {
    let api = OwnApi::new("own_api");
    let (mut gateway, url) = serving(gateway(&["--port", "0"]).current_dir(api.folder())).await;
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    api.chat_with(&mut client).await;
    signal(&gateway, Signal::INT);
    assert_eq!(end(&mut gateway).await.code(), Some(0));
}

#[tokio::test]
async fn its_tests_start_the_gateway_themselves() {
    let api = OwnApi::with_tests("own_tests");
    let mut cargo = Command::new(env!("CARGO"));
    let output = as_from_a_shell(cargo.arg("test").current_dir(api.folder())).output().await.unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(stdout.contains("counts_down_and_closes_idle_connections ... ok"), "{stderr}{stdout}");
}
