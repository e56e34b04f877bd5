use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tungstenite::{Message, Utf8Bytes};

use super::close::Close;
use super::upgrade::{Socket, drain};
use super::{disconnect, message};
use crate::clock::millis;
use crate::happenings::{Level, What};
use crate::service::Service;
use crate::service::connections::{Ending, OpenConnection, Receivers};

type FrameSink = SplitSink<Socket, Message>;
type FrameStream = SplitStream<Socket>;

/// How long a client has to take its last frames and to answer a close frame. How long API Gateway waits is not known.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Runs an open connection to its end, and `$disconnect` after it.
pub(super) async fn run(
    service: Arc<Service>,
    connection: Arc<OpenConnection>,
    mut receivers: Receivers,
    socket: Socket,
) {
    let (mut writer, mut reader) = socket.split();
    service.happenings.tell(Level::Detail, || What::Opened { connection_id: connection.facts.id.to_string() });
    // Beside each other: a client that does not read must not delay its own messages, its idle time-out or a DELETE.
    let close = tokio::select! {
        biased;
        close = read(&service, &connection, &mut reader) => close,
        close = write(&service, &connection, &mut receivers.outgoing, &mut writer) => close,
        close = ended(&service, &connection, receivers.ending) => close,
    };
    // Gone from here on, even while the last frames are still under way.
    service.open.remove(&connection.facts.id);
    receivers.outgoing.close();
    let closed = close.told();
    // Boxed, so that a connection pays for its end only when it comes.
    let finish = Box::pin(finish(&service, &connection, close, receivers.outgoing, writer, reader));
    if tokio::time::timeout(CLOSE_PATIENCE, finish).await.is_err() {
        tracing::debug!(connectionId = %connection.facts.id, "the client did not answer the close frame");
    }
    disconnect::run(&service, connection.facts.clone(), closed);
}

/// Takes the client's messages until the client closes the connection, or sends something that API Gateway does not take.
async fn read(service: &Arc<Service>, connection: &Arc<OpenConnection>, reader: &mut FrameStream) -> Close {
    loop {
        match reader.next().await {
            Some(Ok(Message::Text(text))) => {
                connection.touch(service.clock.now_ms());
                service.happenings.tell(Level::Detail, || What::Received {
                    connection_id: connection.facts.id.to_string(),
                    message: text.clone().into(),
                });
                service.tasks.spawn(message::serve(Arc::clone(service), Arc::clone(connection), text));
            }
            Some(Ok(Message::Binary(_))) => return Close::Binary,
            Some(Ok(Message::Close(frame))) => return Close::Client(frame),
            // The library answers pings; neither they nor pongs are activity.
            Some(Ok(_)) => {}
            Some(Err(error)) => return Close::of_error(&error),
            None => return Close::Lost,
        }
    }
}

/// Sends the client its frames until one can't be sent.
async fn write(
    service: &Service,
    connection: &OpenConnection,
    outgoing: &mut mpsc::Receiver<Utf8Bytes>,
    writer: &mut FrameSink,
) -> Close {
    while let Some(message) = outgoing.recv().await {
        if writer.send(Message::Text(message.clone())).await.is_err() {
            return Close::Lost;
        }
        delivered(service, connection, message);
    }
    // `connection` holds a sender, so the channel does not end before the session does.
    Close::Lost
}

fn delivered(service: &Service, connection: &OpenConnection, message: Utf8Bytes) {
    service.happenings.tell(Level::Detail, || What::Delivered {
        connection_id: connection.facts.id.to_string(),
        message: message.into(),
    });
}

/// Waits until the gateway ends the connection.
async fn ended(
    service: &Service,
    connection: &OpenConnection,
    ending: tokio::sync::oneshot::Receiver<Ending>,
) -> Close {
    tokio::select! {
        () = service.stopping.cancelled() => Close::GoingAway,
        () = expired(service, connection) => Close::GoingAway,
        Ok(ending) = ending => match ending {
            Ending::Deleted => Close::Deleted,
            Ending::ReplyTooLarge => Close::TooLarge,
        },
    }
}

/// Waits until the connection has been idle for too long, or open for too long.
async fn expired(service: &Service, connection: &OpenConnection) {
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
async fn finish(
    service: &Service,
    connection: &OpenConnection,
    close: Close,
    outgoing: mpsc::Receiver<Utf8Bytes>,
    mut writer: FrameSink,
    mut reader: FrameStream,
) {
    match &close {
        Close::Lost => {}
        fault if fault.is_fault() => {
            // The client may be gone by now, here and below.
            let _ = farewell(service, connection, &close, outgoing, &mut writer).await;
            if let Ok(mut socket) = writer.reunite(reader) {
                drain(&mut socket).await;
            }
        }
        _ => {
            let answer = async { while let Some(Ok(_)) = reader.next().await {} };
            let _ = tokio::join!(farewell(service, connection, &close, outgoing, &mut writer), answer);
        }
    }
}

async fn farewell(
    service: &Service,
    connection: &OpenConnection,
    close: &Close,
    mut outgoing: mpsc::Receiver<Utf8Bytes>,
    writer: &mut FrameSink,
) -> Result<(), tungstenite::Error> {
    if let Some(frame) = close.frame() {
        while let Some(message) = outgoing.recv().await {
            writer.feed(Message::Text(message.clone())).await?;
            delivered(service, connection, message);
        }
        writer.send(Message::Close(Some(frame))).await?;
    }
    Ok(())
}
