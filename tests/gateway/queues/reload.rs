//! Queues and pollers across a change of the template.

use std::fs;

use websocket_gateway::{Gateway, Level, Options};

use super::{Queue, TEMPLATE, batch};
use crate::support::{Gate, OwnProject, in_time, root, start};

const SWITCH: &str = "Queue: !GetAtt Jobs.Arn";

/// A project with the template, whose worker is switched off.
fn project(test: &str) -> OwnProject {
    let project = OwnProject::new(test);
    let functions = root().join("tests/functions").canonicalize().unwrap();
    let template = fs::read_to_string(root().join(TEMPLATE)).unwrap();
    project.write("template.yaml", &template.replace("../functions", functions.to_str().unwrap()));
    project.edit("template.yaml", SWITCH, &format!("Enabled: false\n            {SWITCH}"));
    project
}

async fn start_in(project: &OwnProject) -> Gateway {
    let options = Options::default().template(project.folder().join("template.yaml")).stack_name("templates").port(0);
    start(options).await
}

#[tokio::test]
async fn messages_survive_a_reload_and_a_function_that_is_switched_on_gets_them() {
    let project = project("queues_reload");
    let gateway = start_in(&project).await;
    let mut happenings = gateway.happenings(Level::Info);
    let jobs = Queue::named(&gateway, "templates-Jobs").await;
    jobs.send("kept").await;
    assert_eq!(jobs.counts().await, ["1", "0"]);

    project.edit("template.yaml", "Enabled: false", "Enabled: true");
    in_time("the reload", gateway.reload()).await.unwrap();
    assert_eq!(batch(&mut happenings, "Worker").await.messages, 1);

    project.edit("template.yaml", "Enabled: true", "Enabled: false");
    in_time("the reload", gateway.reload()).await.unwrap();
    jobs.send("nobody's").await;
    assert_eq!(jobs.counts().await, ["1", "0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_batch_in_progress_ends_as_it_began_and_counts_after_a_reload() {
    let project = project("queues_reload_in_progress");
    let gateway = start_in(&project).await;
    let mut happenings = gateway.happenings(Level::Info);
    let (gate, jobs) = (Gate::new().await, Queue::named(&gateway, "templates-SlowJobs").await);
    for _ in 0..3 {
        jobs.send(&gate.message()).await;
    }
    let visitors = [gate.visitor().await, gate.visitor().await];
    project.edit("template.yaml", "Enabled: false", "Enabled: true");
    in_time("the reload", gateway.reload()).await.unwrap();
    // The third still waits for one of the first two.
    assert_eq!(jobs.counts().await, ["1", "2"]);
    drop(visitors);
    drop(gate.visitor().await);
    for _ in 0..3 {
        assert_eq!(batch(&mut happenings, "Slow").await.error, None);
    }
    gateway.stop().await;
}
