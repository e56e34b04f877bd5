use tokio::sync::Semaphore;

/// How many bytes one connection may have under way in each direction: messages of the client whose functions have not answered yet, and
/// frames that the client has not read yet. A few of the largest messages find room; a client that never reads can't make the gateway grow.
const BYTES: u32 = 1024 * 1024;

/// What a message takes beside its own bytes: its task and its place in a queue are larger than a short message. So a thousand short messages
/// find room, about as many as Lambda runs at the same time in an account.
const BYTES_A_MESSAGE: u32 = 1024;

/// The room for messages of one connection in one direction.
#[derive(Debug)]
pub(super) struct Room(Semaphore);

/// There is no room, or the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    Full,
    Closed,
}

impl Room {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(BYTES as usize))
    }

    /// Waits until there is room for a message of this length, in the order of arrival. It must be [given back](Room::give_back).
    pub(super) async fn take(&self, length: usize) -> Result<(), NoRoom> {
        self.0.acquire_many(size(length)).await.map_err(|_| NoRoom::Closed)?.forget();
        Ok(())
    }

    /// Takes room only if there is some now and nobody waits for it.
    pub(super) fn try_take(&self, length: usize) -> Result<(), NoRoom> {
        match self.0.try_acquire_many(size(length)) {
            Ok(room) => {
                room.forget();
                Ok(())
            }
            Err(_) if self.0.is_closed() => Err(NoRoom::Closed),
            Err(_) => Err(NoRoom::Full),
        }
    }

    /// Gives back the room of a message of this length.
    pub(super) fn give_back(&self, length: usize) {
        self.0.add_permits(size(length) as usize);
    }

    /// There is no room from now on, for those who wait neither.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// What a message takes. The largest one finds room if nothing else is under way.
fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(BYTES).saturating_add(BYTES_A_MESSAGE).min(BYTES)
}
