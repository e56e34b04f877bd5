//! What functions may do, in all the forms in which a template can say it.

use super::plain::changed;
use super::*;
use crate::iam::{Decision, Policy};

const POLICIES: &str = "Policies: [{ Statement: [{ Effect: Allow, Action: 's3:GetObject', Resource: [!ImportValue Elsewhere, !Ref Certificate] }] }]";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/chat-ConnectionsTable";

/// The template with these `Policies` for `ConnectFunction`.
fn policies(text: &str) -> String {
    with(POLICIES, &format!("Policies: {text}"))
}

/// The template with this statement in the policy of `ConnectFunction`.
fn statement(text: &str) -> String {
    policies(&format!("{{ Statement: {text} }}"))
}

fn policy(text: &str) -> Policy {
    let Loaded { api, warnings, .. } = load_text(text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    api.functions["ConnectFunction"].policy.clone()
}

fn allows(policy: &Policy, action: &str, resource: &str) -> bool {
    policy.decide(action, resource) == Decision::Allowed
}

#[test]
fn only_statements_about_guarded_services_are_read() {
    assert!(policy(TEMPLATE).statements.is_empty());
    assert!(policy(&with(POLICIES, "Timeout: 10")).statements.is_empty());

    let text = statement(
        "[{ Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt ConnectionsTable.Arn }, \
         { Effect: Allow, Action: ['s3:*', 'execute-api:ManageConnections'], \
         Resource: !Sub 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebSocketApi}/prod/POST/@connections/*' }]",
    );
    let policy = policy(&text);
    assert!(allows(&policy, "dynamodb:PutItem", TABLE) && !allows(&policy, "dynamodb:GetItem", TABLE));
    let api = load_text(&text).unwrap().api;
    for (method, may) in [("POST", true), ("GET", false)] {
        let resource = api.arn(&format!("{method}/@connections/x="));
        assert_eq!(allows(&policy, "execute-api:ManageConnections", &resource), may, "{method}");
    }
}

#[test]
fn parts_whose_condition_is_false_are_left_out() {
    let text = policies(
        "[!If [Live, AdministratorAccess, !Ref AWS::NoValue], \
         { Statement: [!If [Live, { Effect: Deny, Action: '*', Resource: '*' }, { Effect: Allow, Action: '*', Resource: '*', Condition: !Ref AWS::NoValue }] ] }]",
    );
    let text = text.replace("Globals:", "Conditions: { Live: !Equals [a, b] }\nGlobals:");
    assert_eq!(policy(&text), Policy::of_everything());
}

#[test]
fn policy_templates_of_sam_are_filled_in() {
    let index = format!("{TABLE}/index/channel");
    for (name, allowed, denied) in [
        ("DynamoDBCrudPolicy", "dynamodb:DeleteItem", "dynamodb:DeleteTable"),
        ("DynamoDBReadPolicy", "dynamodb:Query", "dynamodb:PutItem"),
        ("DynamoDBWritePolicy", "dynamodb:PutItem", "dynamodb:DeleteItem"),
    ] {
        let policy = policy(&policies(&format!("[{name}: {{ TableName: !Ref ConnectionsTable }}]")));
        for resource in [TABLE, &index] {
            assert!(allows(&policy, allowed, resource) && !allows(&policy, denied, resource), "{name}");
        }
        assert!(!allows(&policy, allowed, &TABLE.replace("Connections", "Other")), "{name}");
    }
    let of_invoking = policy(&policies("[LambdaInvokePolicy: { FunctionName: !Ref DefaultFunction }]"));
    let helper = "arn:aws:lambda:us-east-1:123456789012:function:default";
    for (resource, may) in
        [(helper, true), (&format!("{helper}:live"), true), (&helper.replace("default", "other"), false)]
    {
        assert_eq!(allows(&of_invoking, "lambda:InvokeFunction", resource), may, "{resource}");
    }
    for other in ["S3ReadPolicy: { BucketName: x }", "DynamoDBStreamReadPolicy: { TableName: x, StreamName: y }"] {
        assert!(policy(&policies(&format!("[{other}]"))).statements.is_empty(), "{other}");
    }
    let text = policies("[DynamoDBCrudPolicie: { TableName: x }]");
    assert_fails(
        &text,
        "DynamoDBCrudPolicie",
        "not one of SAM's policy templates",
        "did you mean `DynamoDBCrudPolicy`?",
    );
    let text = policies("[DynamoDBCrudPolicy: { Table: x }]");
    assert_fails(&text, "DynamoDBCrudPolicy", "`DynamoDBCrudPolicy` has no `TableName`", "");
}

#[test]
fn unknown_managed_policies_allow_everything_with_a_warning() {
    for name in ["AmazonDynamoDBFullAccess", "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess_v2"] {
        let policy = policy(&policies(name));
        assert!(allows(&policy, "dynamodb:DeleteTable", TABLE), "{name}");
        assert!(!allows(&policy, "execute-api:ManageConnections", TABLE), "{name}");
    }
    assert!(
        policy(&policies("[!Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']"))
            .statements
            .is_empty()
    );

    for unknown in ["OurPolicy", "arn:aws:iam::123456789012:policy/AWSLambdaBasicExecutionRole", "!Ref Certificate"] {
        let text = policies(&format!("[{unknown}]"));
        let Loaded { api, warnings, .. } = load_text(&text).unwrap();
        assert_warns(&text, &warnings, unknown, "lets `ConnectFunction` do everything", "on AWS");
        assert_eq!(api.functions["ConnectFunction"].policy, Policy::of_everything());
    }
}

#[test]
fn statements_that_can_not_be_evaluated_are_refused() {
    let help = "!If [Local, !Ref AWS::NoValue";
    for (text, place, message) in [
        ("{ Effect: Allow, NotAction: 's3:*', Resource: '*' }", "NotAction", "does not evaluate `NotAction`"),
        ("{ Effect: Deny, Action: '*', NotResource: 'x' }", "NotResource", "does not evaluate `NotResource`"),
        (
            "{ Effect: Allow, Action: 'dynamodb:*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': true } } }",
            "Condition",
            "does not evaluate `Condition`",
        ),
        (
            "{ Effect: Deny, Action: 'dynamodb:*', Resource: '*', Condition: { Bool: { 'aws:x': !ImportValue X } } }",
            "Condition",
            "does not evaluate `Condition`",
        ),
        ("{ Effect: allow, Action: 'dynamodb:*', Resource: '*' }", "Effect", "`Effect` must be `Allow` or `Deny`"),
        (
            "{ Effect: Allow, Action: 'dynamodb:*', Resource: !Sub 'arn:aws:dynamodb:*:*:table/${!aws:userid}' }",
            "Resource",
            "does not evaluate policy variables",
        ),
    ] {
        assert_fails(&statement(text), place, message, help);
    }
    assert_fails(&statement("{ Effect: Allow, Resource: '*' }"), "{ Effect", "a statement has no `Action`", "");
    let text = statement("{ Effect: Deny, Action: 'dynamodb:*', Resource: !ImportValue X }");
    assert_fails(&text, "!ImportValue", "can't resolve `!ImportValue`", "put the value into a parameter");

    // Statements about other services may have any keys.
    let text =
        statement("{ Effect: Allow, Action: 's3:*', Resource: '*', Condition: { Bool: { 'aws:x': !ImportValue X } } }");
    assert!(policy(&text).statements.is_empty());
}

#[test]
fn a_resource_that_can_not_be_resolved_is_every_resource() {
    let text = statement("{ Effect: Allow, Action: 'dynamodb:GetItem', Resource: !ImportValue X }");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert_warns(&text, &warnings, "!ImportValue X", "treats it as `*`", "");
    let policy = &api.functions["ConnectFunction"].policy;
    assert!(allows(policy, "dynamodb:GetItem", "x") && !allows(policy, "dynamodb:PutItem", "x"));
}

#[test]
fn a_role_has_its_own_policies_and_those_that_name_it() {
    let role = "Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: own
          PolicyDocument: { Statement: { Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*' } }
      ManagedPolicyArns: [!Ref Managed, arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess]
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties: { PolicyDocument: { Statement: [{ Effect: Allow, Action: 'dynamodb:PutItem', Resource: '*' }] } }
  Attached:
    Type: AWS::IAM::Policy
    Properties: { Roles: [!Ref Role], PolicyDocument: { Statement: [{ Effect: Deny, Action: 'dynamodb:Put*', Resource: '*' }] } }
  Inline:
    Type: AWS::IAM::RolePolicy
    Properties: { RoleName: !Ref Role, PolicyDocument: { Statement: [{ Effect: Allow, Action: 'dynamodb:Query', Resource: '*' }] } }
  Elses:
    Type: AWS::IAM::Policy
    Properties: { Roles: [somebody], PolicyDocument: { Statement: [{ Effect: Allow, Action: '*', Resource: '*' }] } }";
    let text = changed("{ Type: AWS::IAM::Role }", &format!("\n    {role}"));
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let policy = &api.functions["Function"].policy;
    for action in ["dynamodb:GetItem", "dynamodb:Query", "execute-api:ManageConnections"] {
        assert!(allows(policy, action, TABLE), "{action}");
    }
    assert_eq!(policy.decide("dynamodb:PutItem", TABLE), Decision::ExplicitlyDenied);
    assert_eq!(policy.decide("dynamodb:Scan", TABLE), Decision::ImplicitlyDenied);

    // Policies can also name the role that SAM makes.
    let more = "  Attached: { Type: AWS::IAM::Policy, Properties: { Roles: [!Ref ConnectFunctionRole], \
        PolicyDocument: { Statement: { Effect: Allow, Action: '*', Resource: '*' } } } }\n";
    assert_eq!(self::policy(&(TEMPLATE.to_owned() + more)), Policy::of_everything());
}

#[test]
fn an_unknown_role_allows_everything_with_a_warning() {
    for (role, place) in [
        ("arn:aws:iam::123456789012:role/elsewhere", "arn:aws:iam"),
        ("!ImportValue Role", "!ImportValue"),
        ("!Ref Certificate", "!Ref"),
    ] {
        let text = with(POLICIES, &format!("Role: {role}"));
        let Loaded { api, warnings, .. } = load_text(&text).unwrap();
        assert_warns(&text, &warnings, place, "lets `ConnectFunction` do everything", "on AWS");
        assert_eq!(api.functions["ConnectFunction"].policy, Policy::of_everything());
    }
    let connector = "  Connector: { Type: AWS::Serverless::Connector, Properties: { Source: { Arn: x }, \
        Destination: { Id: ConnectionsTable }, Permissions: [Read] } }\n";
    let text = TEMPLATE.to_owned() + connector;
    let warnings = load_text(&text).unwrap().warnings;
    assert_warns(&text, &warnings[..1], "Connector:", "only AWS can tell what this connector connects", "");
}

#[test]
fn connectors_are_permissions() {
    let own = "  Connector: { Type: AWS::Serverless::Connector, Properties: { Source: { Id: ConnectFunction }, \
        Destination: { Id: ConnectionsTable }, Permissions: [Read] } }\n";
    let metadata = "    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: connect } }\n";
    let embedded = with(
        metadata,
        "    Connectors: { Reads: { Properties: { Destination: [{ Id: ConnectionsTable }], Permissions: [Read] } } }\n",
    );
    for text in [TEMPLATE.to_owned() + own, embedded] {
        let Loaded { api, warnings, .. } = load_text(&text).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let policy = &api.functions["ConnectFunction"].policy;
        assert!(
            allows(policy, "dynamodb:GetItem", TABLE)
                && allows(policy, "dynamodb:Query", &format!("{TABLE}/index/channel"))
        );
        assert!(!allows(policy, "dynamodb:PutItem", TABLE));
        assert!(!allows(&api.functions["DefaultFunction"].policy, "dynamodb:GetItem", TABLE));
    }
    let writes = own.replace("[Read]", "[Read, Write]");
    let policy = self::policy(&(TEMPLATE.to_owned() + &writes));
    assert!(allows(&policy, "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:123456789012:table/chat-ConnectionsTable"));
}

#[test]
fn a_connector_lets_api_gateway_invoke_a_function() {
    let permission = "AWS::Lambda::Permission";
    let connector = |more: &str| {
        changed(permission, "AWS::Lambda::LayerVersionPermission")
            + &format!(
                "  C: {{ Type: AWS::Serverless::Connector, Properties: {{ Source: {{ Id: Api{more} }}, \
                 Destination: {{ Id: Function }}, Permissions: [Write] }} }}\n"
            )
    };
    assert!(load_text(&connector("")).unwrap().warnings.is_empty());
    let text = connector(", Qualifier: '*/$connect'");
    assert_warns(&text, &load_text(&text).unwrap().warnings, "send-message", "for the route `send-message`", "");
}
