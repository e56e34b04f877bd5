//! Reads what functions print, line by line.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::happenings::{HappeningSender, Level, What};

/// The maximum length of a line in bytes. Longer lines are split.
const LINE_BYTES: u64 = 16 * 1024;

/// The two tasks that read the output of a process. They end when this is dropped.
pub(super) struct Output {
    readers: Vec<AbortOnDropHandle<()>>,
}

impl Output {
    /// Reports every line as soon as it is complete.
    pub(super) fn follow(
        happenings: &HappeningSender,
        function: &str,
        stdout: Option<ChildStdout>,
        stderr: Option<ChildStderr>,
    ) -> Self {
        let stdout = stdout.map(|pipe| tokio::spawn(tell_lines(happenings.clone(), function.to_owned(), pipe)));
        let stderr = stderr.map(|pipe| tokio::spawn(tell_lines(happenings.clone(), function.to_owned(), pipe)));
        Self { readers: stdout.into_iter().chain(stderr).map(AbortOnDropHandle::new).collect() }
    }

    /// Waits for the last lines of a process that has ended.
    pub(super) async fn finish(self, at_most: Duration) {
        let _ = timeout(at_most, async {
            for reader in self.readers {
                let _ = reader.await;
            }
        })
        .await;
    }
}

/// Reports every line of a pipe. It also reads what is not text, so that the process never blocks on a full pipe.
async fn tell_lines(happenings: HappeningSender, function: String, pipe: impl AsyncRead + Unpin) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(1..) = (&mut pipe).take(LINE_BYTES).read_until(b'\n', &mut line).await {
        happenings.tell(Level::Info, || What::Output {
            function: function.clone(),
            line: String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned(),
        });
        line.clear();
    }
}
