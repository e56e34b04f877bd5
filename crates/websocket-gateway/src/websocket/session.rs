use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};

use super::close::Close;
use super::message;
use crate::clock::millis;
use crate::connections::{OpenConnection, Receivers};
use crate::service::Service;

/// How long a client has to answer a close frame. API Gateway's own patience is not known.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Runs an open connection to its end, and `$disconnect` after it.
pub(super) async fn run(
    service: Arc<Service>,
    connection: Arc<OpenConnection>,
    mut receivers: Receivers,
    mut socket: WebSocket,
) {
    let close = serve(&service, &connection, &mut receivers, &mut socket).await;
    // Gone from here on, also while the close frames are still under way.
    service.open.remove(&connection.facts.id);
    let closed = close.told();
    finish(&service, socket, close).await;
    service.disconnected(connection.facts.clone(), closed);
}

async fn serve(
    service: &Arc<Service>,
    connection: &Arc<OpenConnection>,
    receivers: &mut Receivers,
    socket: &mut WebSocket,
) -> Close {
    let mut deadline = deadline(service, connection);
    loop {
        tokio::select! {
            biased;
            () = service.stopping.cancelled() => return Close::GoingAway,
            () = receivers.delete.cancelled() => return Close::Deleted,
            () = service.clock.sleep_until(deadline) => {
                // Activity does not move the alarm, it only makes it look again.
                let moved = self::deadline(service, connection);
                if moved <= service.clock.now_ms() {
                    return Close::GoingAway;
                }
                deadline = moved;
            }
            Some(frame) = receivers.outgoing.recv() => {
                if socket.send(Message::Text(frame)).await.is_err() {
                    return Close::Lost;
                }
            }
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    connection.touch(service.clock.now_ms());
                    service.tasks.spawn(message::serve(Arc::clone(service), Arc::clone(connection), text));
                }
                Some(Ok(Message::Binary(_))) => return Close::Binary,
                Some(Ok(Message::Close(frame))) => return Close::Client(frame),
                // The library answers pings; neither they nor pongs are activity.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(error)) => return Close::of_error(error),
                None => return Close::Lost,
            }
        }
    }
}

/// When the connection has been idle for too long or open for too long, in milliseconds since 1970.
fn deadline(service: &Service, connection: &OpenConnection) -> u64 {
    let idle = connection.last_active_ms().saturating_add(millis(service.idle_timeout));
    let end = connection.facts.connected_at_ms.saturating_add(millis(service.max_duration));
    idle.min(end)
}

/// Sends our close frame, if it is ours to send, and reads on until the client's has come.
async fn finish(service: &Service, mut socket: WebSocket, close: Close) {
    if matches!(close, Close::Lost) {
        return;
    }
    let farewell = async {
        if let Some(frame) = close.frame() {
            socket.send(Message::Close(Some(frame))).await?;
        }
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<(), axum::Error>(())
    };
    if service.clock.within(CLOSE_PATIENCE, farewell).await.is_none() {
        tracing::debug!("the client did not answer the close frame");
    }
}
