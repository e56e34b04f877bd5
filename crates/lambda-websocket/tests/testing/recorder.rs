use futures_util::stream;
use lambda_websocket::testing::{Answer, CONNECTION_ID, Recorder, connect, disconnect, message};
use lambda_websocket::{
    Closing, ConnectionId, Connections, Delivery, MAX_PAYLOAD_BYTES, Message, PostError, RouteError, Text, one_way,
};

fn id(text: &str) -> ConnectionId {
    text.parse().unwrap()
}

async fn post(connections: &Connections, to: &str) -> Result<Delivery, PostError> {
    connections.post(&id(to), &Text::from("hello")).await
}

#[tokio::test]
async fn each_answer_is_what_the_sdk_makes_of_it() {
    let api = Recorder::new();
    let connections = api.connections();
    let answers = [
        ("Gone=", Answer::Gone),
        ("Slow=", Answer::Throttled),
        ("Other=", Answer::Forbidden),
        ("Down=", Answer::Failed),
    ];
    for (id, answer) in answers {
        api.answer(id, answer);
    }
    assert_eq!(post(&connections, "Open=").await.unwrap(), Delivery::Sent);
    assert_eq!(post(&connections, "Gone=").await.unwrap(), Delivery::Gone);
    assert!(matches!(post(&connections, "Slow=").await, Err(PostError::Throttled)));
    assert!(matches!(post(&connections, "Other=").await, Err(PostError::Forbidden)));
    assert!(matches!(post(&connections, "Down=").await, Err(PostError::Failed(_))));
    let large = Text("x".repeat(MAX_PAYLOAD_BYTES + 1));
    assert!(matches!(connections.post(&id("Open="), &large).await, Err(PostError::TooLarge { .. })));
    assert_eq!(api.posts(), [("Open=", "hello")]);

    api.answer("Slow=", Answer::Open);
    assert_eq!(post(&connections, "Slow=").await.unwrap(), Delivery::Sent);
    assert_eq!(api.posts_to("Slow="), ["hello"]);
}

#[tokio::test]
async fn a_connection_is_open_until_it_is_closed() {
    let api = Recorder::new();
    let connections = api.connections();
    let info = connections.get(&id("Amy==")).await.unwrap().unwrap();
    assert_eq!((info.connected_at_ms, info.source_ip.as_deref()), (Some(1_762_426_800_123), Some("192.0.2.1")));
    assert_eq!(connections.close(&id("Amy==")).await.unwrap(), Closing::Closed);
    assert_eq!(connections.close(&id("Amy==")).await.unwrap(), Closing::AlreadyGone);
    assert_eq!(post(&connections, "Amy==").await.unwrap(), Delivery::Gone);
    assert!(connections.get(&id("Amy==")).await.unwrap().is_none());
    assert_eq!((api.closed(), api.posts().len()), (vec!["Amy==".to_owned()], 0));
}

#[tokio::test]
async fn broadcasts_work_over_it() {
    let api = Recorder::new();
    for n in 0..100 {
        api.answer(format!("g{n}"), Answer::Gone);
    }
    api.answer("f0", Answer::Forbidden);
    let ids = (0..100).flat_map(|n| [format!("g{n}"), format!("o{n}")]).chain(["f0".to_owned()]);
    let ids = stream::iter(ids.map(|text| Ok::<_, std::io::Error>(id(&text))));
    let report = api.connections().broadcast(ids, &Text::from("lunch")).await.unwrap();
    assert_eq!((report.sent, report.gone.len(), report.failed.len()), (100, 100, 1));
    let posts = api.posts();
    assert_eq!(posts.len(), 100);
    assert!(posts.iter().all(|post| post.to.starts_with('o') && post.text == "lunch"), "{posts:?}");
}

#[tokio::test]
async fn every_kind_of_event_that_may_post_posts_to_it() {
    let api = Recorder::new();
    assert_eq!(post(&connect().on(&api).build().connections(), "Amy=").await.unwrap(), Delivery::Sent);
    assert_eq!(post(&disconnect().on(&api).build().connections(), "Bob=").await.unwrap(), Delivery::Sent);
    let event: Message<Text> = message("hello").on(&api).build();
    assert_eq!(post(&event.connections(), "Cid=").await.unwrap(), Delivery::Sent);
    let to: Vec<_> = api.posts().into_iter().map(|post| post.to).collect();
    assert_eq!(to, ["Amy=", "Bob=", "Cid="]);
}

#[tokio::test]
async fn the_frame_of_a_one_way_route_is_posted_to_the_caller() {
    let api = Recorder::new();
    let route = one_way(async |_: Message<Text>| Err(RouteError::bad_request("No").with_code("no")));
    let answer = message("hello").on(&api).replay(&route).await.unwrap();
    assert_eq!((answer.status_code(), answer.body()), (400, None));
    let frame =
        format!(r#"{{"message":"No","code":"no","connectionId":"{CONNECTION_ID}","requestId":"TnAbcF9YDoEFkRw="}}"#);
    assert_eq!(api.posts(), [(CONNECTION_ID, frame.as_str())]);

    // A frame that does not arrive changes nothing.
    api.answer(CONNECTION_ID, Answer::Throttled);
    assert_eq!(message("hello").on(&api).replay(&route).await.unwrap().status_code(), 400);
}
