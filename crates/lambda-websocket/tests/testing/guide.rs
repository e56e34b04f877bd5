//! The code of the guide, `docs/testing.md`, and a test that it is the same here.

mod handler {
    use lambda_websocket::testing::{Answer, CONNECTION_ID, Recorder, message};
    use lambda_websocket::{Message, RouteError, Text};

    async fn hello(event: Message<Text>) -> Result<(), RouteError> {
        let greeting = Text(format!("Hello, {}", event.body.0));
        let _delivery = event.connections().post(event.id(), &greeting).await?;
        Ok(())
    }

    #[tokio::test]
    async fn the_caller_is_greeted() {
        let api = Recorder::new();
        hello(message("Amy").on(&api).build()).await.unwrap();
        assert_eq!(api.posts(), [(CONNECTION_ID, "Hello, Amy")]);
    }

    #[tokio::test]
    async fn a_caller_that_has_left_is_not_an_error() {
        let api = Recorder::new();
        api.answer(CONNECTION_ID, Answer::Gone);
        assert!(hello(message("Amy").on(&api).build()).await.is_ok());
    }
}

mod route {
    use lambda_websocket::testing::message;
    use lambda_websocket::{FunctionError, Json, Message, two_way};

    #[tokio::test]
    async fn numbers_are_added_and_anything_else_is_refused() -> Result<(), FunctionError> {
        let sum = two_way(async |event: Message<Json<Vec<i32>>>| Ok(Json(event.body.iter().sum::<i32>())));
        assert_eq!(message("[1, 2]").replay(&sum).await?.body(), Some("3"));
        assert_eq!(message("one and two").replay(&sum).await?.status_code(), 400);
        Ok(())
    }
}

mod kinds {
    use lambda_websocket::testing::{authorizer, connect, disconnect};
    use lambda_websocket::{Accept, Allow, Authorize, Connect, Deny, Disconnect, Reject, RouteError};

    async fn open(event: Connect) -> Result<Accept, Reject> {
        let chat = event.subprotocol("chat.v1").ok_or_else(|| Reject::bad_request("Speak chat.v1"))?;
        Ok(Accept::with_subprotocol(chat))
    }

    async fn check(event: Authorize) -> Result<Allow, Deny> {
        match event.query("token") {
            Some("let me in") => Ok(Allow::new("amy")),
            _ => Err(Deny::unauthorized("no good token")),
        }
    }

    async fn end(event: Disconnect) -> Result<(), RouteError> {
        match event.code() {
            Some(1000 | 1001 | 1005) => Ok(()),
            code => Err(RouteError::internal(format!("closed with {code:?}"))),
        }
    }

    #[tokio::test]
    async fn a_client_must_speak_chat() {
        assert!(open(connect().query("channel", "rust").build()).await.is_err());
        assert!(open(connect().header("Sec-WebSocket-Protocol", "chat.v1").build()).await.is_ok());
    }

    #[tokio::test]
    async fn a_client_must_have_a_token() {
        assert!(check(authorizer().query("token", "let me in").build()).await.is_ok());
        assert!(check(authorizer().build()).await.is_err());
    }

    #[tokio::test]
    async fn an_unusual_end_is_an_error() {
        assert!(end(disconnect().build()).await.is_ok());
        assert!(end(disconnect().code(1011).reason("crashed").build()).await.is_err());
    }
}

mod session {
    use lambda_websocket::testing::message;
    use lambda_websocket::{Allow, FunctionError, Message, Text, two_way};

    #[tokio::test]
    async fn a_session_ends() -> Result<(), FunctionError> {
        let route = two_way(async |event: Message<Text>| Ok(Text::from(event.principal_id().unwrap_or("nobody"))));
        let event = || message("who am I?").authorized(Allow::new("amy").until(1_762_430_400));
        assert_eq!(event().request_time_ms(1_762_430_399_999).replay(&route).await?.body(), Some("amy"));
        assert_eq!(event().request_time_ms(1_762_430_400_000).replay(&route).await?.status_code(), 403);
        Ok(())
    }
}

mod broadcast {
    use lambda_websocket::testing::{Answer, Recorder, message};
    use lambda_websocket::{ConnectionId, Message, RouteError, Text};

    async fn tell(event: Message<Text>, everyone: &[ConnectionId]) -> Result<usize, RouteError> {
        let everyone = futures_util::stream::iter(everyone.iter().cloned().map(Ok::<_, std::io::Error>));
        Ok(event.connections().broadcast(everyone, &event.body).await?.sent)
    }

    #[tokio::test]
    async fn those_who_are_there_hear_it() {
        let everyone = ["Amy=", "Bob=", "Cid="].map(|id| id.parse().unwrap());
        let api = Recorder::new();
        api.answer("Bob=", Answer::Gone);
        api.answer("Cid=", Answer::Throttled);
        assert_eq!(tell(message("lunch").on(&api).build(), &everyone).await.unwrap(), 1);
        assert_eq!(api.posts_to("Amy="), ["lunch"]);
    }
}

#[test]
fn the_guide_shows_the_code_of_this_file() {
    let here: Vec<_> = include_str!("guide.rs").lines().map(str::trim).collect();
    let mut blocks = 0;
    let mut in_code = false;
    for line in include_str!("../../docs/testing.md").lines() {
        match line {
            "```" => {
                in_code = !in_code;
                blocks += usize::from(in_code);
            }
            // Its end looks like the beginning of code.
            "```toml" => in_code = true,
            _ if in_code && blocks > 0 => assert!(here.contains(&line.trim()), "not in this file: {line}"),
            _ => {}
        }
    }
    assert_eq!(blocks, 5);
}
