use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use tungstenite::{Message, Utf8Bytes};

use super::close::Close;
use super::upgrade::{Socket, drain};
use super::{disconnect, message};
use crate::clock::millis;
use crate::happenings::{Level, What};
use crate::service::Service;
use crate::service::connections::{Ending, OpenConnection, Receivers, UnderWay};

type FrameSink = SplitSink<Socket, Message>;
type FrameStream = SplitStream<Socket>;

/// How long a client has to take its last frames and to answer a close frame. How long API Gateway waits is not known.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Runs an open connection to its end, and `$disconnect` after it.
pub(super) async fn run(service: Arc<Service>, connection: Arc<OpenConnection>, receivers: Receivers, socket: Socket) {
    let (mut writer, mut reader) = socket.split();
    let session = Session { service, connection };
    session.tell(|connection_id| What::Opened { connection_id });
    // Beside each other: a client that does not read must not delay its own messages, its idle time-out or a DELETE.
    let close = tokio::select! {
        biased;
        close = session.read(&mut reader) => close,
        close = session.write(&mut writer) => close,
        close = session.ended(receivers.ending) => close,
    };
    // Gone from here on, even while the last frames are still under way.
    session.service.open.remove(&session.connection.facts.id);
    session.service.faults.forget(&session.connection.facts.id);
    session.connection.outbox.close();
    // Boxed, so that a connection pays for its end only when it comes.
    let finish = Box::pin(session.finish(&close, writer, reader));
    if tokio::time::timeout(CLOSE_PATIENCE, finish).await.is_err() {
        tracing::debug!(connectionId = %session.connection.facts.id, "the client did not answer the close frame");
    }
    disconnect::run(&session.service, session.connection.facts.clone(), &close);
}

/// What each part of the session needs. One reference to it keeps the future small, and every open connection holds one.
struct Session {
    service: Arc<Service>,
    connection: Arc<OpenConnection>,
}

impl Session {
    /// Takes the client's messages until the client closes the connection, or sends something that API Gateway does not take.
    async fn read(&self, reader: &mut FrameStream) -> Close {
        let mut has_paused = false;
        loop {
            match reader.next().await {
                Some(Ok(Message::Text(text))) => {
                    self.connection.touch(self.service.clock.now_ms());
                    self.tell(|connection_id| What::Received { connection_id, message: text.clone().into() });
                    let under_way = match self.connection.try_begin(&text) {
                        Some(under_way) => under_way,
                        None => self.pause(&mut has_paused, &text).await,
                    };
                    self.service.tasks.spawn(message::serve(Arc::clone(&self.service), under_way, text));
                }
                Some(Ok(Message::Binary(_))) => return Close::Binary,
                Some(Ok(Message::Close(frame))) => return Close::Client(frame),
                // The library answers pings; neither they nor pongs are activity.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Close::of_error(&error),
                None => return Close::Lost { by_hand: false },
            }
        }
    }

    /// Waits until there is room for a message, and tells of it the first time.
    async fn pause(&self, has_paused: &mut bool, message: &Utf8Bytes) -> UnderWay {
        if !std::mem::replace(has_paused, true) {
            let connection_id = || self.connection.facts.id.to_string();
            self.service.happenings.tell(Level::Warning, || What::Paused { connection_id: connection_id() });
        }
        self.connection.begin(message).await
    }

    /// Sends the client its frames until one can't be sent.
    async fn write(&self, writer: &mut FrameSink) -> Close {
        loop {
            let message = self.connection.outbox.pop().await;
            let told = self.copy_to_tell(&message);
            if writer.send(Message::Text(message)).await.is_err() {
                return Close::Lost { by_hand: false };
            }
            self.delivered(told);
        }
    }

    /// Waits until the gateway ends the connection.
    async fn ended(&self, ending: oneshot::Receiver<Ending>) -> Close {
        tokio::select! {
            () = self.service.stopping.cancelled() => Close::GoingAway,
            () = self.expired() => Close::GoingAway,
            Ok(ending) = ending => match ending {
                Ending::Deleted => Close::Deleted,
                Ending::ReplyTooLarge => Close::TooLarge,
                #[cfg(feature = "console")]
                Ending::Cut => Close::Lost { by_hand: true },
            },
        }
    }

    /// Waits until the connection has been idle for too long, or open for too long.
    async fn expired(&self) {
        let Self { service, connection } = self;
        let end = connection.facts.connected_at_ms.saturating_add(millis(service.max_duration));
        loop {
            let idle = connection.last_active_ms().saturating_add(millis(service.idle_timeout));
            let deadline = idle.min(end);
            if deadline <= service.clock.now_ms() {
                return;
            }
            // Activity does not move the alarm: when it goes off, the loop looks again.
            service.clock.sleep_until(deadline).await;
        }
    }

    /// Sends what was posted before the close, then the gateway's close frame if it has one to send, and waits until the client has closed, too.
    async fn finish(&self, close: &Close, mut writer: FrameSink, mut reader: FrameStream) {
        match close {
            Close::Lost { .. } => {}
            fault if fault.is_fault() => {
                // The client may be gone by now, here and below.
                let _ = self.farewell(close, &mut writer).await;
                if let Ok(mut socket) = writer.reunite(reader) {
                    drain(&mut socket).await;
                }
            }
            _ => {
                let answer = async { while let Some(Ok(_)) = reader.next().await {} };
                let _ = tokio::join!(self.farewell(close, &mut writer), answer);
                // TLS has an end of its own, without which the client would think that something is missing.
                if let Ok(mut socket) = writer.reunite(reader) {
                    let _ = socket.get_mut().shutdown().await;
                }
            }
        }
    }

    async fn farewell(&self, close: &Close, writer: &mut FrameSink) -> Result<(), tungstenite::Error> {
        if let Some(frame) = close.frame() {
            while let Some(message) = self.connection.outbox.try_pop() {
                let told = self.copy_to_tell(&message);
                writer.feed(Message::Text(message)).await?;
                self.delivered(told);
            }
            writer.send(Message::Close(Some(frame))).await?;
        }
        Ok(())
    }

    fn tell(&self, what: impl FnOnce(String) -> What) {
        self.service.happenings.tell(Level::Detail, || what(self.connection.facts.id.to_string()));
    }

    /// A copy of the message to tell of once it is sent, when someone listens. Boxed, because an idle connection has room for it, too.
    fn copy_to_tell(&self, message: &Utf8Bytes) -> Option<Box<Utf8Bytes>> {
        self.service.happenings.is_wanted(Level::Detail).then(|| Box::new(message.clone()))
    }

    fn delivered(&self, message: Option<Box<Utf8Bytes>>) {
        if let Some(message) = message {
            self.tell(|connection_id| What::Delivered { connection_id, message: (*message).into() });
        }
    }
}
