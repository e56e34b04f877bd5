//! Queues, and the functions that are invoked with their messages.

use super::*;
use crate::api::{EventSource, Queue, Redrive, limits};
use crate::iam::Decision;

const JOBS: &str = "arn:aws:sqs:us-east-1:123456789012:chat-Jobs";

/// The template with these resources, too.
fn and(resources: &str) -> String {
    TEMPLATE.to_owned() + resources
}

/// A worker with these further properties of its event, and its queue.
fn worker(properties: &str) -> String {
    and(&format!(
        "  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events: {{ Jobs: {{ Type: SQS, Properties: {{ Queue: !GetAtt Jobs.Arn{properties} }} }} }}
  Jobs: {{ Type: AWS::SQS::Queue }}
"
    ))
}

fn source() -> EventSource {
    EventSource {
        queue: "chat-Jobs".to_owned(),
        function: "Worker".to_owned(),
        batch_size: 10,
        batching_window: Duration::ZERO,
        reports_failures: false,
        maximum_concurrency: None,
    }
}

#[test]
fn a_queue_has_the_defaults_of_sqs() {
    let api = load_text(&and("  Jobs: { Type: AWS::SQS::Queue }\n")).unwrap().api;
    let jobs = Queue {
        logical_id: "Jobs".to_owned(),
        name: "chat-Jobs".to_owned(),
        arn: JOBS.to_owned(),
        url: "https://sqs.us-east-1.amazonaws.com/123456789012/chat-Jobs".to_owned(),
        visibility_timeout: Duration::from_secs(30),
        delay: Duration::ZERO,
        retention: Duration::from_secs(345_600),
        receive_wait: Duration::ZERO,
        message_bytes: limits::QUEUED_MESSAGE_BYTES,
        redrive: None,
    };
    assert_eq!((api.queues, api.event_sources), (vec![jobs], Vec::new()));
}

#[test]
fn a_queue_has_its_own_properties_and_a_dead_letter_queue() {
    let text = and("  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs
      VisibilityTimeout: 0
      DelaySeconds: '900'
      MessageRetentionPeriod: 60
      ReceiveMessageWaitTimeSeconds: 20
      MaximumMessageSize: 1024
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
  Dead: { Type: AWS::SQS::Queue }
");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let [jobs, dead] = api.queues.as_slice() else { panic!("{:?}", api.queues) };
    assert_eq!((jobs.name.as_str(), jobs.message_bytes, dead.name.as_str()), ("jobs", 1024, "chat-Dead"));
    let seconds = [jobs.visibility_timeout, jobs.delay, jobs.retention, jobs.receive_wait].map(|time| time.as_secs());
    assert_eq!(seconds, [0, 900, 60, 20]);
    assert_eq!(jobs.redrive, Some(Redrive { dead_letter_queue: "chat-Dead".to_owned(), max_receive_count: 3 }));
}

#[test]
fn what_sqs_refuses_is_refused() {
    let queue =
        |properties: &str| and(&format!("  Jobs: {{ Type: AWS::SQS::Queue, Properties: {{ {properties} }} }}\n"));
    for (properties, message) in [
        ("VisibilityTimeout: 43201", "`VisibilityTimeout`, in seconds, must be a whole number from 0 to 43200"),
        ("DelaySeconds: 901", "from 0 to 900"),
        ("MessageRetentionPeriod: 59", "from 60 to 1209600"),
        ("ReceiveMessageWaitTimeSeconds: 21", "from 0 to 20"),
        ("MaximumMessageSize: 1023", "from 1024 to 1048576"),
        ("QueueName: a.b", "letters, digits, `-` and `_` only"),
        ("RedrivePolicy: { deadLetterTargetArn: x, maxReceiveCount: 0 }", "`maxReceiveCount` must be"),
        ("RedrivePolicy: { deadLetterTargetArn: x }", "has no `maxReceiveCount`"),
    ] {
        let error = load_text(&queue(properties)).expect_err(message).to_string();
        assert!(error.contains(message), "{error} instead of {message}");
    }
    for (properties, message) in [
        (", BatchSize: 0", "`BatchSize` must be"),
        (", BatchSize: 11", "needs a `MaximumBatchingWindowInSeconds`"),
        (", MaximumBatchingWindowInSeconds: 301", "from 0 to 300"),
        (", FunctionResponseTypes: [Nonsense]", "can only have `ReportBatchItemFailures`"),
        (", ScalingConfig: { MaximumConcurrency: 1 }", "from 2 to 1000"),
    ] {
        let error = load_text(&worker(properties)).expect_err(message).to_string();
        assert!(error.contains(message), "{error} instead of {message}");
    }
}

#[test]
fn a_function_that_only_a_queue_invokes_is_there_and_may_receive() {
    let Loaded { api, warnings, .. } = load_text(&worker("")).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(api.event_sources, [source()]);
    let policy = &api.functions["Worker"].policy;
    for (action, expected) in [
        ("sqs:ReceiveMessage", Decision::Allowed),
        ("sqs:DeleteMessage", Decision::Allowed),
        ("sqs:SendMessage", Decision::ImplicitlyDenied),
    ] {
        assert_eq!(policy.decide(action, JOBS), expected, "{action}");
    }
    let properties = ", BatchSize: 100, MaximumBatchingWindowInSeconds: 5, FunctionResponseTypes: [ReportBatchItemFailures], \
                      ScalingConfig: { MaximumConcurrency: 2 }, Enabled: true";
    let api = load_text(&worker(properties)).unwrap().api;
    let expected = EventSource {
        batch_size: 100,
        batching_window: Duration::from_secs(5),
        reports_failures: true,
        maximum_concurrency: Some(2),
        ..source()
    };
    assert_eq!(api.event_sources, [expected]);
    let off = load_text(&worker(", Enabled: false")).unwrap();
    assert_eq!((off.api.event_sources.len(), off.warnings.len()), (0, 0));
}

#[test]
fn a_mapping_of_its_own_names_its_function_in_any_way() {
    let mapping = |function: &str, policies: &str| {
        and(&format!(
            "  Worker: {{ Type: AWS::Lambda::Function, Properties: {{ Runtime: provided.al2023, Handler: bootstrap, Code: crates/routes, Timeout: 10, Role: !GetAtt Role.Arn }} }}
  Role: {{ Type: AWS::IAM::Role, Properties: {{ ManagedPolicyArns: [{policies}] }} }}
  Mapping: {{ Type: AWS::Lambda::EventSourceMapping, Properties: {{ EventSourceArn: !GetAtt Jobs.Arn, FunctionName: {function} }} }}
  Jobs: {{ Type: AWS::SQS::Queue }}
"
        ))
    };
    let poller = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole";
    for function in ["!Ref Worker", "!GetAtt Worker.Arn", "!Sub '${Worker.Arn}:live'", "chat-Worker"] {
        let Loaded { api, warnings, .. } = load_text(&mapping(function, poller)).unwrap();
        assert!(warnings.is_empty(), "{function}: {warnings:?}");
        assert_eq!(api.event_sources, [source()], "{function}");
    }
    let text = mapping("!Ref Worker", "");
    let message = "the role of `Worker` does not allow `sqs:DeleteMessage` for `Jobs`";
    assert_warns(&text, &load_text(&text).unwrap().warnings, "Mapping:", message, "AWSLambdaSQSQueueExecutionRole");
    let text = mapping("!ImportValue Elsewhere", poller);
    assert_warns(
        &text,
        &load_text(&text).unwrap().warnings,
        "!ImportValue",
        "its function is not in this template",
        "",
    );
}

#[test]
fn what_is_not_played_is_named() {
    let fifo = and("  Jobs: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }\n");
    let Loaded { api, warnings, .. } = load_text(&fifo).unwrap();
    assert_warns(&fifo, &warnings, "Jobs:", "`Jobs` is a FIFO queue", "calls that name it are refused");
    assert_eq!(api.queues, []);
    let invoking = worker("").replace("AWS::SQS::Queue }", "AWS::SQS::Queue, Properties: { FifoQueue: true } }");
    let warnings = load_text(&invoking).unwrap().warnings;
    let [of_queue, of_source] = [
        "`Jobs` is a FIFO queue, and the gateway has standard queues only",
        "a queue does not invoke `Worker` here: it is a FIFO queue",
    ];
    assert_eq!(warnings.iter().map(|warning| warning.message.as_str()).collect::<Vec<_>>(), [of_queue, of_source]);

    for criteria in ["{ Filters: [{ Pattern: x }] }", "!ImportValue Filters"] {
        let filter = worker(&format!(", FilterCriteria: {criteria}"));
        let Loaded { api, warnings, .. } = load_text(&filter).unwrap();
        let message = "a queue does not invoke `Worker` here: the gateway does not evaluate `FilterCriteria`";
        assert_warns(&filter, &warnings, "", message, "");
        assert_eq!(api.event_sources, []);
    }
    // These leave nothing out.
    for criteria in ["{ Filters: [] }", "!Ref AWS::NoValue"] {
        let Loaded { api, warnings, .. } = load_text(&worker(&format!(", FilterCriteria: {criteria}"))).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(api.event_sources, [source()]);
    }
    let elsewhere = worker("").replace("!GetAtt Jobs.Arn", "!ImportValue Jobs");
    let message = "a queue does not invoke `Worker` here: it is not a standard queue of this template";
    assert_warns(&elsewhere, &load_text(&elsewhere).unwrap().warnings, "!ImportValue", message, "");
    let dead = and(
        "  Jobs: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: !ImportValue Dead, maxReceiveCount: 3 } } }\n",
    );
    let message = "the dead-letter queue of `Jobs` is not a standard queue of this template";
    assert_warns(&dead, &load_text(&dead).unwrap().warnings, "", message, "");
}

#[test]
fn references_to_a_queue_are_its_url_its_arn_and_its_name() {
    let of = |value: &str| {
        let text = with("RETRIES: 3", &format!("X: {value}")) + "  Jobs: { Type: AWS::SQS::Queue }\n";
        load_text(&text).unwrap().api.functions["ConnectFunction"].environment["X"].clone()
    };
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/chat-Jobs";
    assert_eq!([of("!Ref Jobs"), of("!GetAtt Jobs.QueueUrl"), of("!Sub '${Jobs}'")], [url; 3]);
    assert_eq!([of("!GetAtt Jobs.Arn"), of("!GetAtt Jobs.QueueName")], [JOBS, "chat-Jobs"]);
}

/// SQS knows FIFO queues by their names.
#[test]
fn a_fifo_queue_without_a_name_gets_one_that_says_so() {
    let of = |name: &str| {
        let text = with("RETRIES: 3", "X: !GetAtt Jobs.QueueName")
            + &format!("  Jobs: {{ Type: AWS::SQS::Queue, Properties: {{ FifoQueue: true{name} }} }}\n");
        load_text(&text).unwrap().api.functions["ConnectFunction"].environment["X"].clone()
    };
    assert_eq!([of(""), of(", QueueName: mine.fifo")], ["chat-Jobs.fifo", "mine.fifo"]);
}

#[test]
fn policies_about_queues_are_read() {
    for policies in [
        "[{ SQSSendMessagePolicy: { QueueName: !GetAtt Jobs.QueueName } }]",
        "[{ Statement: { Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Jobs.Arn } }]",
        "[AmazonSQSFullAccess]",
    ] {
        let text = with(
            "Policies: [{ Statement: [{ Effect: Allow, Action: 's3:GetObject', Resource: [!ImportValue Elsewhere, !Ref Certificate] }] }]",
            &format!("Policies: {policies}"),
        ) + "  Jobs: { Type: AWS::SQS::Queue }\n";
        let Loaded { api, warnings, .. } = load_text(&text).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let policy = &api.functions["ConnectFunction"].policy;
        assert_eq!(policy.decide("sqs:SendMessage", JOBS), Decision::Allowed, "{policies}");
        assert_eq!(
            policy.decide("sqs:SendMessage", &JOBS.replace("Jobs", "Other")) == Decision::Allowed,
            policies.contains("Full")
        );
        let error = load_text(&text.replace("SQSSendMessagePolicy", "SQSSendPolicy"));
        assert_eq!(error.is_err(), policies.contains("SQSSend"), "{policies}");
    }
}
