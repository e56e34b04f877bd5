//! Policies in all the ways in which a template writes them, as far as they are about what the gateway guards.

use std::borrow::Cow;

use miette::SourceSpan;
use serde_json::json;

use super::error::Finding;
use super::kinds::MANAGED_POLICY;
use super::managed_policies;
use super::node::{Map, Node, Value};
use super::policy_templates;
use super::properties::Properties;
use super::stack::Stack;
use crate::iam::{Effect, Policy, Statement, StatementError, matches};

/// The services whose actions are guarded here. Statements about others are not even worked out.
const GUARDED: [&str; 2] = ["dynamodb", "execute-api"];

/// Collects the statements of one function's role.
pub(super) struct Reader<'r> {
    stack: &'r Stack,
    function: &'r str,
    pub(super) warnings: &'r mut Vec<Finding>,
    policy: Policy,
}

impl<'r> Reader<'r> {
    pub(super) fn new(stack: &'r Stack, function: &'r str, warnings: &'r mut Vec<Finding>) -> Self {
        Self { stack, function, warnings, policy: Policy::default() }
    }

    pub(super) fn finish(self) -> Policy {
        self.policy
    }

    /// Of what can't be read, everything is allowed; what another policy denies is denied all the same.
    pub(super) fn unreadable(&mut self, span: SourceSpan, why: &str) {
        let function = self.function;
        let message =
            format!("the gateway does not know all that `{function}` may do, so it lets it do everything: {why}");
        self.warnings.push(Finding::at(span, message).help("on AWS it may be allowed less"));
        self.policy.statements.extend(Policy::of_everything().statements);
    }

    /// `Policies` of a function that SAM makes: managed policies by their names, SAM's own policy templates, and whole policies.
    pub(super) fn policies_of_sam(&mut self, node: &Node) -> Result<(), Finding> {
        self.each(node, |reader, item| match &item.value {
            Value::Map(map) if map.get("Statement").is_some() => reader.document(item),
            Value::Map(map) => reader.policy_template(item, map),
            Value::Null => Ok(()),
            _ => reader.managed_one(item),
        })
    }

    /// `Policies` of a role: each with a name and a document.
    pub(super) fn policies_of_role(&mut self, node: &Node) -> Result<(), Finding> {
        self.each(node, |reader, item| reader.document(item.entry("a policy of a role", "PolicyDocument")?))
    }

    /// Managed policies by their ARNs.
    pub(super) fn managed(&mut self, node: &Node) -> Result<(), Finding> {
        self.each(node, Self::managed_one)
    }

    /// The `PolicyDocument` of a policy that is a resource of its own.
    pub(super) fn document_of(&mut self, properties: &Properties<'_>) -> Result<(), Finding> {
        match properties.written("PolicyDocument") {
            Some(document) => self.document(document),
            None => Err(properties.missing("PolicyDocument")),
        }
    }

    /// Reads one thing or a list of them, each of which may be an intrinsic function.
    fn each(
        &mut self,
        node: &Node,
        mut read: impl FnMut(&mut Self, &Node) -> Result<(), Finding>,
    ) -> Result<(), Finding> {
        let Some(node) = self.opened(node) else { return Ok(()) };
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&*node),
        };
        for item in items {
            if let Some(item) = self.opened(item) {
                read(self, &item)?;
            }
        }
        Ok(())
    }

    /// What an intrinsic function comes to; nothing for `AWS::NoValue`, and for what can't be worked out, of which it takes note. What is
    /// inside something else stays as it is.
    fn opened<'n>(&mut self, node: &'n Node) -> Option<Cow<'n, Node>> {
        if !matches!(node.value, Value::Call(_)) {
            return Some(Cow::Borrowed(node));
        }
        match self.stack.resolve(node) {
            Ok(worked_out) => worked_out.map(Cow::Owned),
            Err(_) => {
                self.unreadable(node.span, "this can't be worked out");
                None
            }
        }
    }

    fn document(&mut self, node: &Node) -> Result<(), Finding> {
        let Some(node) = self.opened(node) else { return Ok(()) };
        self.each(node.entry("a policy", "Statement")?, Self::statement)
    }

    fn statement(&mut self, node: &Node) -> Result<(), Finding> {
        let map = node.map("a statement")?;
        let properties = Properties::new(self.stack, "a statement".to_owned(), node.span, map);
        let of_every_action = map.get("NotAction").is_some();
        if !of_every_action && !is_guarded(&properties.required("Action")?)? {
            return Ok(());
        }
        let present = map.keys().filter(|key| !matches!(properties.optional(key), Ok(None)));
        Statement::check_keys(present).map_err(|error| refused(&error, map, node))?;
        let (effect, action) = (properties.required("Effect")?, properties.required("Action")?);
        let resource = match properties.required("Resource").and_then(|node| node.to_json("`Resource`")) {
            Ok(resource) => resource,
            Err(_) if effect.text("`Effect`")? == "Allow" && map.get("Resource").is_some() => {
                let message = "the gateway can't work out this `Resource`, and takes it for `*`";
                self.warnings.push(Finding::at(properties.span_of("Resource"), message));
                json!("*")
            }
            Err(finding) => return Err(finding),
        };
        let statement = json!({
            "Effect": effect.to_json("`Effect`")?,
            "Action": action.to_json("`Action`")?,
            "Resource": resource,
        });
        let statement = Statement::read(&statement).map_err(|error| refused(&error, map, node))?;
        self.policy.statements.push(statement);
        Ok(())
    }

    /// One of SAM's policy templates: its name, and what to fill in.
    fn policy_template(&mut self, node: &Node, map: &Map) -> Result<(), Finding> {
        let [entry] = map.0.as_slice() else {
            return Err(Finding::at(node.span, "this is neither a policy nor one of SAM's policy templates")
                .help("a policy has a `Statement`"));
        };
        let Some(template) = policy_templates::called(&entry.key) else {
            return policy_templates::check_unguarded(&entry.key, entry.key_span);
        };
        let parameters =
            Properties::new(self.stack, format!("`{}`", entry.key), entry.key_span, entry.value.map("its parameters")?);
        let table = match parameters.optional("TableName") {
            Ok(Some(name)) => name.text("`TableName`")?,
            Ok(None) => return Err(parameters.missing("TableName")),
            Err(_) => {
                self.unreadable(entry.key_span, "this `TableName` can't be worked out");
                return Ok(());
            }
        };
        let resources = template
            .resources
            .iter()
            .map(|suffix| self.stack.options.account.arn("dynamodb", &format!("table/{table}{suffix}")));
        let statement = Statement {
            effect: Effect::Allow,
            actions: template.actions.iter().map(|action| format!("dynamodb:{action}")).collect(),
            resources: resources.collect(),
        };
        self.policy.statements.push(statement);
        Ok(())
    }

    fn managed_one(&mut self, node: &Node) -> Result<(), Finding> {
        let text = node.text("a managed policy")?;
        let resources = self.stack.of_kind(MANAGED_POLICY)?;
        if let Some(resource) = resources.into_iter().find(|resource| resource.id == text) {
            return self.document_of(&self.stack.properties(resource));
        }
        match managed_policies::actions(&text) {
            Some([]) => {}
            Some(actions) => self.policy.statements.push(Statement {
                effect: Effect::Allow,
                actions: actions.iter().map(|action| (*action).to_owned()).collect(),
                resources: vec!["*".to_owned()],
            }),
            None => self.unreadable(node.span, &format!("what the managed policy `{text}` allows is not known here")),
        }
        Ok(())
    }
}

/// Whether one of these actions may be of a service that is guarded.
fn is_guarded(actions: &Node) -> Result<bool, Finding> {
    let is_guarded = |action: &str| {
        let service = action.split(':').next().unwrap_or_default().to_ascii_lowercase();
        GUARDED.iter().any(|guarded| matches(&service, guarded))
    };
    match &actions.value {
        Value::List(items) => {
            let actions = items.iter().map(|item| item.text("an `Action`")).collect::<Result<Vec<_>, _>>()?;
            Ok(actions.iter().any(|action| is_guarded(action)))
        }
        _ => Ok(is_guarded(&actions.text("`Action`")?)),
    }
}

/// What can't be evaluated is never left out: AWS might deny what the gateway then allowed.
fn refused(error: &StatementError, map: &Map, statement: &Node) -> Finding {
    let entry = error.key.and_then(|key| map.entry(key));
    let span = entry.map_or(statement.span, |entry| entry.key_span);
    Finding::at(span, format!("{error}, so it can't say what this statement allows")).help(
        "keep the statement for AWS: `!If [Local, !Ref AWS::NoValue, {…}]` with `Conditions: { Local: !Equals [!Ref AWS::AccountId, \
         '123456789012'] }`",
    )
}
