//! What the tests of functions in other languages share.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::processes::{invoke, no_faults, probe, silent};
use super::scratch;
use crate::api::{Code, Files, Function, Place, Runtime};
use crate::happenings::{Happenings, Interest, Level, What};
use crate::lambda::{Build, Functions, InvokeError, Processes, Runtimes, build};

pub(super) const NODE: Runtime = Runtime::NodeJs { major: 22 };
pub(super) const PYTHON: Runtime = Runtime::Python { minor: 13 };

/// The files of a function.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// An empty folder.
    pub(super) fn new(test: &str) -> Self {
        let folder = scratch("languages").join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    pub(super) fn file(self, name: &str, text: &str) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// A zip archive of one of its folders, beside that folder.
    pub(super) fn zipped(&self, folder: &str) -> PathBuf {
        let archive = self.0.join(folder).with_extension("zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(&archive).unwrap());
        let mut to_read = vec![self.0.join(folder)];
        while let Some(path) = to_read.pop() {
            if path.is_dir() {
                to_read.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let name = path.strip_prefix(self.0.join(folder)).unwrap();
            zip.start_file(name.to_str().unwrap(), zip::write::SimpleFileOptions::default()).unwrap();
            std::io::copy(&mut fs::File::open(&path).unwrap(), &mut zip).unwrap();
        }
        zip.finish().unwrap();
        archive
    }

    /// A function whose code is this folder.
    pub(super) fn function(&self, runtime: Runtime, handler: &str) -> Function {
        function(runtime, handler, Place::Directory(self.path()))
    }
}

pub(super) fn function(runtime: Runtime, handler: &str, place: Place) -> Function {
    let project = scratch("languages");
    let files = Files { runtime, handler: handler.to_owned(), place, project, layers: Vec::new() };
    Function { code: Code::Files(files), ..probe() }
}

/// Invokes a function that connects to a host on AWS, at the port for TLS, and checks that the connection comes here.
pub(super) async fn comes_home(mut function: Function) {
    let here = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hosts = format!("abcd123456.execute-api.eu-central-1.amazonaws.com={}", here.local_addr().unwrap());
    function.environment.insert("WEBSOCKET_GATEWAY_HOSTS".to_owned(), hosts);
    let Some(function) = start(function).await else { return };
    let (answer, first) = tokio::join!(function.invoke(Value::Null), async {
        let (mut connection, _) = here.accept().await.unwrap();
        connection.read_u8().await.unwrap()
    });
    answer.unwrap();
    // What a TLS client's hello begins with.
    assert_eq!(first, 0x16);
    function.end().await;
}

/// A function that can be started.
pub(super) struct Started {
    lambda: Functions,
    happenings: Happenings,
    // It holds the bootstrap's file.
    _runtimes: Runtimes,
}

/// Finds the function's program. `None`, said aloud, if this machine does not have the language.
pub(super) async fn start(function: Function) -> Option<Started> {
    let runtimes = Runtimes::default();
    let Build { programs, not_here } = build(&[function], |_| true, false, &runtimes).await.unwrap();
    for (_, why) in &not_here {
        assert!(why.contains("is not on PATH"), "{why}");
        eprintln!("left out: {why}");
    }
    let sender = silent();
    let happenings = sender.subscribe(Interest::UpTo(Level::Info));
    let lambda = Functions::local(Processes::new(programs, Default::default(), sender), Vec::new(), &no_faults());
    not_here.is_empty().then_some(Started { lambda, happenings, _runtimes: runtimes })
}

impl Started {
    pub(super) async fn invoke(&self, event: Value) -> Result<Value, InvokeError> {
        invoke(&self.lambda, event).await
    }

    /// The error of a handler as its caller sees it: the type, the message and all of it.
    pub(super) async fn failure(&self, event: Value) -> (String, String, Value) {
        match self.invoke(event).await.unwrap_err() {
            InvokeError::FunctionError { error_type, message, payload } => {
                (error_type, message, serde_json::from_slice(&payload).unwrap())
            }
            other => panic!("{other}"),
        }
    }

    /// The next line of the log that has these words.
    pub(super) async fn logged(&mut self, words: &str) -> String {
        loop {
            if let What::Output { line, .. } = &self.happenings.next().await.expect("more happens").what
                && line.contains(words)
            {
                return line.clone();
            }
        }
    }

    pub(super) async fn end(self) {
        self.lambda.shutdown().await;
    }
}
