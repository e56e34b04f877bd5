use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Condvar, Mutex};
use std::task::Poll;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt, stream};
use lambda_websocket::{Broadcast, ConnectionId, Connections, Delivery, MAX_PAYLOAD_BYTES, PostError, Recipient, Text};

use crate::function::calls;
use crate::server::{Answer, Request};

/// Broadcasts `hello` to connections whose ids begin with the status that their posts get.
async fn broadcast(url: String, ids: &[&str]) -> Result<Broadcast, PostError> {
    let ids = ids.iter().map(|id| Ok::<_, std::io::Error>(id.parse::<ConnectionId>().unwrap()));
    Connections::at(url).broadcast(stream::iter(ids), &Text::from("hello")).await
}

fn status_in_the_id(request: &Request) -> Answer {
    let (_, id) = request.line.rsplit_once('/').unwrap();
    (id[..3].parse().unwrap(), "")
}

#[test]
fn all_get_the_message_though_some_are_gone_and_some_fail() {
    let function = async |url| {
        let report = broadcast(url, &["200a", "410a", "403a", "200b", "410b"]).await.unwrap();
        assert_eq!(report.sent, 2);
        let gone: BTreeSet<_> = report.gone.iter().map(ConnectionId::as_str).collect();
        assert_eq!((gone, report.gone.len()), (BTreeSet::from(["410a", "410b"]), 2));
        let [(id, PostError::Forbidden)] = &report.failed[..] else { panic!("{:?}", report.failed) };
        assert_eq!(id.as_str(), "403a");
    };
    let test = "broadcast::all_get_the_message_though_some_are_gone_and_some_fail";
    let Some(requests) = calls(test, status_in_the_id, function) else { return };
    assert!(requests.iter().all(|request| request.body == "hello" && request.target.is_none()), "{requests:?}");
    let lines: BTreeSet<_> = requests.iter().map(|request| request.line.as_str()).collect();
    let ids = ["200a", "410a", "403a", "200b", "410b"];
    let expected = ids.map(|id| format!("POST /@connections/{id}"));
    assert_eq!((lines, requests.len()), (expected.iter().map(String::as_str).collect(), 5));
}

#[test]
fn it_is_an_error_if_the_message_reached_no_connection_and_some_post_failed() {
    let function = async |url: String| {
        let error = broadcast(url.clone(), &["410a", "403a"]).await.unwrap_err();
        assert!(matches!(error, PostError::Forbidden), "{error:?}");
        // That all have left is an everyday outcome.
        let report = broadcast(url.clone(), &["410a", "410b"]).await.unwrap();
        assert_eq!((report.sent, report.gone.len(), report.failed.len()), (0, 2, 0));
        let report = broadcast(url, &[]).await.unwrap();
        assert!(report.gone.is_empty());
    };
    calls(
        "broadcast::it_is_an_error_if_the_message_reached_no_connection_and_some_post_failed",
        status_in_the_id,
        function,
    );
}

#[test]
fn it_is_an_error_if_the_list_of_connections_breaks_off() {
    let function = async |url: String| {
        let id = |id: &str| Ok(id.parse::<ConnectionId>().unwrap());
        let ids = stream::iter([id("200a"), Err(std::io::Error::other("no more pages")), id("200b")]);
        let error = Connections::at(url).broadcast(ids, &Text::from("hello")).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "sent to 1 connections only, because the list of connections can't be read");
        assert_eq!(source.source().unwrap().to_string(), "no more pages");
    };
    let test = "broadcast::it_is_an_error_if_the_list_of_connections_breaks_off";
    let Some(requests) = calls(test, status_in_the_id, function) else { return };
    assert_eq!(requests.len(), 1, "{requests:?}");
}

#[test]
fn a_message_that_is_too_large_is_sent_to_no_connection() {
    let function = async |url: String| {
        let ids = stream::iter([Ok::<_, std::io::Error>("200a".parse::<ConnectionId>().unwrap())]);
        let message = Text("x".repeat(MAX_PAYLOAD_BYTES + 1));
        let error = Connections::at(url).broadcast(ids, &message).await.unwrap_err();
        assert!(matches!(error, PostError::TooLarge { bytes } if bytes == MAX_PAYLOAD_BYTES + 1), "{error:?}");
    };
    let test = "broadcast::a_message_that_is_too_large_is_sent_to_no_connection";
    let Some(requests) = calls(test, status_in_the_id, function) else { return };
    assert!(requests.is_empty(), "{requests:?}");
}

#[test]
fn a_connection_whose_session_has_ended_is_closed_and_gets_nothing() {
    let function = async |url: String| {
        let recipient = |id: &str, deadline_s| Recipient { id: id.parse().unwrap(), deadline_s };
        let later = Some(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3600);
        let to = [
            recipient("200a", None),
            recipient("200b", later),
            recipient("204c", Some(1_762_426_800)),
            recipient("410d", Some(1_762_426_800)),
            recipient("403e", Some(1_762_426_800)),
        ];
        let report = Connections::at(url).broadcast_to(to, &Text::from("hello")).await.unwrap();
        assert_eq!((report.sent, report.expired), (2, 1));
        let gone: Vec<_> = report.gone.iter().map(ConnectionId::as_str).collect();
        assert_eq!(gone, ["410d"]);
        let [(id, PostError::Forbidden)] = &report.failed[..] else { panic!("{:?}", report.failed) };
        assert_eq!(id.as_str(), "403e");
    };
    let test = "broadcast::a_connection_whose_session_has_ended_is_closed_and_gets_nothing";
    let Some(requests) = calls(test, status_in_the_id, function) else { return };
    let lines: BTreeSet<_> = requests.iter().map(|request| request.line.as_str()).collect();
    let posts = ["200a", "200b"].map(|id| format!("POST /@connections/{id}"));
    let closes = ["204c", "410d", "403e"].map(|id| format!("DELETE /@connections/{id}"));
    assert_eq!(lines, posts.iter().chain(&closes).map(String::as_str).collect());
}

#[test]
fn plain_ids_are_enough() {
    let function = async |url: String| {
        let ids: Vec<ConnectionId> = ["200a", "410b"].iter().map(|id| id.parse().unwrap()).collect();
        let report = Connections::at(url).broadcast_to(ids, &Text::from("hello")).await.unwrap();
        assert_eq!((report.sent, report.gone.len()), (1, 1));
    };
    calls("broadcast::plain_ids_are_enough", status_in_the_id, function);
}

#[test]
fn posts_go_out_64_at_a_time() {
    // Answers no post before all of its 64 are under way: with fewer at a time the posts would time out. A post that is tried again is still the same.
    let (posts, another) = (Mutex::new(Vec::new()), Condvar::new());
    let answer = move |request: &Request| {
        if !request.line.ends_with("first") {
            let mut begun = posts.lock().unwrap();
            let nth = begun.iter().position(|line| *line == request.line).unwrap_or_else(|| {
                begun.push(request.line.clone());
                begun.len() - 1
            });
            another.notify_all();
            drop(another.wait_while(begun, |begun| begun.len() < (nth / 64 + 1) * 64).unwrap());
        }
        (200, "")
    };
    let function = async |url: String| {
        let connections = Connections::at(url);
        // Makes the client, so that the broadcast finds it ready.
        assert_eq!(connections.post(&"first".parse().unwrap(), &Text::default()).await.unwrap(), Delivery::Sent);

        let begun = Cell::new(0);
        let ids = stream::iter(0..128).map(|n| {
            begun.set(begun.get() + 1);
            Ok::<_, std::io::Error>(format!("id{n}").parse::<ConnectionId>().unwrap())
        });
        let hello = Text::from("hello");
        let mut broadcast = pin!(connections.broadcast(ids, &hello));
        let is_pending = poll_fn(|context| Poll::Ready(broadcast.as_mut().poll(context).is_pending())).await;
        assert_eq!((is_pending, begun.get()), (true, 64));
        let report = broadcast.await.unwrap();
        assert_eq!((report.sent, begun.get()), (128, 128));
    };
    calls("broadcast::posts_go_out_64_at_a_time", answer, function);
}
