//! The statements of policies in all the forms in which a template can write them, for the services that the gateway guards.

use std::borrow::Cow;

use miette::SourceSpan;
use serde_json::json;

use super::check::manage_connections;
use super::error::Finding;
use super::findings::Findings;
use super::kinds::MANAGED_POLICY;
use super::managed_policies;
use super::node::{Map, Node, Value};
use super::policy_templates;
use super::properties::Properties;
use super::stack::Stack;
use crate::iam::{Effect, Policy, Statement, StatementError, matches};

/// The services that the gateway guards. Statements about other services are not resolved, and of Lambda's actions only those about this one.
const GUARDED: [&str; 3] = ["dynamodb", "execute-api", "sqs"];
const INVOKE: &str = "lambda:invokefunction";

/// Collects the statements of a function's role.
pub(super) struct Reader<'r> {
    stack: &'r Stack,
    function: &'r str,
    pub(super) findings: &'r mut Findings,
    policy: Policy,
}

impl<'r> Reader<'r> {
    pub(super) fn new(stack: &'r Stack, function: &'r str, findings: &'r mut Findings) -> Self {
        Self { stack, function, findings, policy: Policy::default() }
    }

    /// Returns the statements that were collected.
    pub(super) fn finish(self) -> Policy {
        self.policy
    }

    /// Adds statements that do not stand in the template themselves.
    pub(super) fn add(&mut self, statements: Vec<Statement>) {
        self.policy.statements.extend(statements);
    }

    /// For a policy that can't be read: allows everything, with a warning. Explicit denials in other policies still apply.
    pub(super) fn unreadable(&mut self, span: SourceSpan, why: &str) {
        let function = self.function;
        let message = format!("the gateway lets `{function}` do everything, because {why}");
        self.findings.push(Finding::at(span, message).help("on AWS the function may be allowed less"));
        self.policy.statements.extend(Policy::of_everything().statements);
    }

    /// Reads the `Policies` of an `AWS::Serverless::Function`: names of managed policies, SAM's policy templates, and whole policies.
    pub(super) fn policies_of_sam(&mut self, node: &Node) -> Result<(), Finding> {
        self.each(node, |reader, item| match &item.value {
            Value::Map(map) if map.get("Statement").is_some() => reader.document(item),
            Value::Map(map) => reader.policy_template(item, map),
            Value::Null => Ok(()),
            _ => reader.managed_one(item),
        })
    }

    /// Reads the `Policies` of a role, each of which has a name and a document.
    pub(super) fn policies_of_role(&mut self, node: &Node) -> Result<(), Finding> {
        self.each(node, |reader, item| reader.document(item.entry("a policy of a role", "PolicyDocument")?))
    }

    /// Reads managed policies, which are given by their ARNs.
    pub(super) fn managed(&mut self, node: &Node) -> Result<(), Finding> {
        self.each(node, Self::managed_one)
    }

    /// Reads the `PolicyDocument` of a policy that is a resource of its own.
    pub(super) fn document_of(&mut self, properties: &Properties<'_>) -> Result<(), Finding> {
        match properties.written("PolicyDocument") {
            Some(document) => self.document(document),
            None => Err(properties.missing("PolicyDocument")),
        }
    }

    /// Reads a single value or each item of a list. All of them may be intrinsic functions.
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

    /// Resolves `node` if it is itself an intrinsic function, but not the values inside it. `None` for `AWS::NoValue`, and for a value that
    /// can't be resolved, which counts as [unreadable](Self::unreadable).
    fn opened<'n>(&mut self, node: &'n Node) -> Option<Cow<'n, Node>> {
        if !matches!(node.value, Value::Call(_)) {
            return Some(Cow::Borrowed(node));
        }
        match self.stack.resolve(node) {
            Ok(resolved) => resolved.map(Cow::Owned),
            Err(_) => {
                self.unreadable(node.span, "this policy can't be resolved");
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
        self.findings.extend(manage_connections::of_statement(self.stack, map));
        let has_not_action = map.get("NotAction").is_some();
        if !has_not_action && !is_guarded(&properties.required("Action")?)? {
            return Ok(());
        }
        let present = map.keys().filter(|key| !matches!(properties.optional(key), Ok(None)));
        Statement::check_keys(present).map_err(|error| self.refused(&error, map, node))?;
        let (effect, action) = (properties.required("Effect")?, properties.required("Action")?);
        let resource = match properties.required("Resource").and_then(|node| node.to_json("`Resource`")) {
            Ok(resource) => resource,
            Err(_) if effect.text("`Effect`")? == "Allow" && map.get("Resource").is_some() => {
                let message = "the gateway can't resolve this `Resource`, and treats it as `*`";
                self.findings.push(Finding::at(properties.span_of("Resource"), message));
                json!("*")
            }
            Err(finding) => return Err(finding),
        };
        let statement = json!({
            "Effect": effect.to_json("`Effect`")?,
            "Action": action.to_json("`Action`")?,
            "Resource": resource,
        });
        let statement = Statement::read(&statement).map_err(|error| self.refused(&error, map, node))?;
        self.policy.statements.push(statement);
        Ok(())
    }

    /// Reads a policy template of SAM: its name, with the values to fill in.
    fn policy_template(&mut self, node: &Node, map: &Map) -> Result<(), Finding> {
        let [entry] = map.0.as_slice() else {
            return Err(Finding::at(node.span, "this is neither a policy nor one of SAM's policy templates")
                .help("a policy has a `Statement`, and a policy template has its name as the only key"));
        };
        let Some(template) = policy_templates::called(&entry.key) else {
            return policy_templates::check_unguarded(&entry.key, entry.key_span);
        };
        let parameters = Properties::new(
            self.stack,
            format!("`{}`", entry.key),
            entry.key_span,
            entry.value.map(&format!("`{}`", entry.key))?,
        );
        let name = match parameters.optional(template.parameter) {
            Ok(Some(name)) => name.text(&format!("`{}`", template.parameter))?,
            Ok(None) => return Err(parameters.missing(template.parameter)),
            Err(_) => {
                self.unreadable(entry.key_span, &format!("this `{}` can't be resolved", template.parameter));
                return Ok(());
            }
        };
        let statement = template.statement(&self.stack.options.account, &name);
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
            None => self.unreadable(node.span, &format!("the managed policy `{text}` is not known here")),
        }
        Ok(())
    }

    /// The error for a statement that can't be evaluated. To leave it out could allow here what AWS denies.
    fn refused(&self, error: &StatementError, map: &Map, statement: &Node) -> Finding {
        let entry = error.key.and_then(|key| map.entry(key));
        let span = entry.map_or(statement.span, |entry| entry.key_span);
        Finding::at(span, format!("{error}, so the gateway can't tell what this statement allows")).help(format!(
            "to use the statement only on AWS, write `!If [Local, !Ref AWS::NoValue, {{…}}]` with \
             `Conditions: {{ Local: !Equals [!Ref AWS::AccountId, '{}'] }}`",
            self.stack.options.account.id
        ))
    }
}

/// Whether any of these actions may belong to a service that the gateway guards.
fn is_guarded(actions: &Node) -> Result<bool, Finding> {
    let is_guarded = |action: &str| {
        let action = action.to_ascii_lowercase();
        let service = action.split(':').next().unwrap_or_default();
        GUARDED.iter().any(|guarded| matches(service, guarded)) || matches(&action, INVOKE)
    };
    match &actions.value {
        Value::List(items) => {
            let actions = items.iter().map(|item| item.text("an `Action`")).collect::<Result<Vec<_>, _>>()?;
            Ok(actions.iter().any(|action| is_guarded(action)))
        }
        _ => Ok(is_guarded(&actions.text("`Action`")?)),
    }
}
