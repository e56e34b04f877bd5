//! The first request to a server goes alone, and the others follow when it is answered.
//!
//! A broadcast begins with many posts at once, and none of them knows yet whether the server speaks HTTP/2. So each would open a connection of its own,
//! with a TLS handshake that costs several times what a post does, although one connection is enough for all.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_apigatewaymanagement::config::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use futures_util::future::{Either, select};
use futures_util::lock::Mutex as Turn;

/// How long a connection is taken to be there after it was asked for the last time. The SDK keeps one for 90 s; how long API Gateway does is not
/// known. If it is gone sooner, the others open connections of their own, as they would without this.
const STAYS: Duration = Duration::from_secs(30);

/// How long the others wait. An answer and a handshake before it take a part of that, and one post that hangs must not hold up a broadcast.
const PATIENCE: Duration = Duration::from_millis(250);

/// Sends requests to one server by way of `http`.
pub(super) fn one_first(http: SharedHttpClient) -> SharedHttpClient {
    let server = Arc::<Server>::default();
    http_client_fn(move |settings, components| {
        let (connector, sleep) = (http.http_connector(settings, components), components.sleep_impl());
        SharedHttpConnector::new(OneFirst { connector, sleep, server: Arc::clone(&server) })
    })
}

/// What is known of the server.
#[derive(Debug, Default)]
struct Server {
    /// Whoever has it goes first.
    turn: Turn<()>,
    last: Mutex<Option<Instant>>,
}

impl Server {
    fn is_connected(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_connected = last.is_some_and(|last| last.elapsed() < STAYS);
        if is_connected {
            *last = Some(Instant::now());
        }
        is_connected
    }

    fn is_asked(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

#[derive(Debug)]
struct OneFirst {
    connector: SharedHttpConnector,
    sleep: Option<SharedAsyncSleep>,
    server: Arc<Server>,
}

impl HttpConnector for OneFirst {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.server.is_connected() {
            return self.connector.call(request);
        }
        let (connector, server) = (self.connector.clone(), Arc::clone(&self.server));
        let patience = self.sleep.as_ref().map(|sleep| sleep.sleep(PATIENCE));
        HttpConnectorFuture::new(async move {
            let turn = server.turn.lock();
            let turn = match patience {
                Some(patience) => match select(turn, pin!(patience)).await {
                    Either::Left((turn, _)) => Some(turn),
                    Either::Right(_) => None,
                },
                None => Some(turn.await),
            };
            if turn.is_none() || server.is_connected() {
                drop(turn);
                return connector.call(request).await;
            }
            let answer = connector.call(request).await;
            // Whatever came of it. If nobody can connect, they need not find out one after the other.
            server.is_asked();
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use aws_sdk_apigatewaymanagement::config::Sleep;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use futures_util::future::{join_all, poll_immediate};
    use tokio::sync::Semaphore;

    use super::*;

    /// Counts what it is asked, and answers as often as it may.
    #[derive(Clone, Debug)]
    struct Gate {
        asked: Arc<AtomicUsize>,
        answers: Arc<Semaphore>,
        succeeds: bool,
    }

    impl Gate {
        fn new(succeeds: bool) -> Self {
            Self { asked: Arc::default(), answers: Arc::new(Semaphore::new(0)), succeeds }
        }
    }

    impl HttpConnector for Gate {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let gate = self.clone();
            HttpConnectorFuture::new(async move {
                gate.asked.fetch_add(1, Relaxed);
                gate.answers.acquire().await.unwrap().forget();
                if gate.succeeds {
                    Ok(HttpResponse::new(StatusCode::try_from(200).unwrap(), "".into()))
                } else {
                    Err(ConnectorError::io("nobody is there".into()))
                }
            })
        }
    }

    #[tokio::test]
    async fn the_others_wait_for_the_first_answer_whatever_it_is() {
        for succeeds in [true, false] {
            let gate = Gate::new(succeeds);
            let one_first =
                OneFirst { connector: SharedHttpConnector::new(gate.clone()), server: Arc::default(), sleep: None };
            let mut all = std::pin::pin!(join_all((0..5).map(|_| one_first.call(HttpRequest::empty()))));
            assert!(poll_immediate(all.as_mut()).await.is_none());
            assert_eq!(gate.asked.load(Relaxed), 1);
            gate.answers.add_permits(1);
            // One lets the next one in, so it takes a look for each.
            for _ in 0..5 {
                assert!(poll_immediate(all.as_mut()).await.is_none());
            }
            assert_eq!(gate.asked.load(Relaxed), 5);
            gate.answers.add_permits(4);
            assert!(all.await.iter().all(|answer| answer.is_ok() == succeeds));
            // From now on nobody waits.
            gate.answers.add_permits(1);
            assert_eq!(one_first.call(HttpRequest::empty()).await.is_ok(), succeeds);
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        #[derive(Debug)]
        struct Over;
        impl AsyncSleep for Over {
            fn sleep(&self, _: Duration) -> Sleep {
                Sleep::new(std::future::ready(()))
            }
        }
        let gate = Gate::new(true);
        let connector = SharedHttpConnector::new(gate.clone());
        let one_first = OneFirst { connector, server: Arc::default(), sleep: Some(SharedAsyncSleep::new(Over)) };
        let mut all = std::pin::pin!(join_all((0..5).map(|_| one_first.call(HttpRequest::empty()))));
        assert!(poll_immediate(all.as_mut()).await.is_none());
        assert_eq!(gate.asked.load(Relaxed), 5);
    }

    #[tokio::test]
    async fn a_first_request_that_is_given_up_holds_nobody_up() {
        let gate = Gate::new(true);
        let one_first =
            OneFirst { connector: SharedHttpConnector::new(gate.clone()), server: Arc::default(), sleep: None };
        let mut first = Box::pin(one_first.call(HttpRequest::empty()));
        assert!(poll_immediate(first.as_mut()).await.is_none());
        drop(first);
        gate.answers.add_permits(1);
        assert!(one_first.call(HttpRequest::empty()).await.is_ok());
    }
}
