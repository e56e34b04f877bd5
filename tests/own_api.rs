//! README.md's "Your own API", done as it says.

use rustix::process::Signal;

use crate::support::{Client, OwnApi, end, gateway, serving, signal};

#[tokio::test]
async fn an_api_of_ones_own_is_three_files_in_an_empty_folder() {
    let api = OwnApi::new("own_api");
    let (mut gateway, url) = serving(gateway(&["--port", "0"]).current_dir(api.folder())).await;
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    for (said, heard) in OwnApi::chat() {
        client.send(said).await;
        for frame in heard {
            assert_eq!(client.hear().await, frame);
        }
    }
    signal(&gateway, Signal::INT);
    assert_eq!(end(&mut gateway).await.code(), Some(0));
}
