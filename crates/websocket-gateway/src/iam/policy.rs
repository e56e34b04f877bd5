use super::{Effect, Statement};

/// The statements of one policy, or of several policies that apply together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// The statements. Their order does not matter.
    pub(crate) statements: Vec<Statement>,
}

/// What a policy says about one action on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// A statement allows it, and no statement denies it.
    Allowed,
    /// A statement denies it. Other statements can't change that.
    ExplicitlyDenied,
    /// No statement applies, which is also a denial.
    ImplicitlyDenied,
}

impl Policy {
    /// A policy that allows everything, for a role whose policies only AWS knows.
    pub(crate) fn of_everything() -> Self {
        let everything = vec!["*".to_owned()];
        let (actions, resources) = (everything.clone(), everything);
        Self { statements: vec![Statement { effect: Effect::Allow, actions, resources }] }
    }

    /// Decides whether `action`, for example `dynamodb:GetItem`, is allowed on the resource with the ARN `resource`.
    ///
    /// Source: AWS IAM user guide, "Policy evaluation logic": an explicit deny overrides any allow, and the default is to deny.
    pub(crate) fn decide(&self, action: &str, resource: &str) -> Decision {
        let mut decision = Decision::ImplicitlyDenied;
        for statement in self.statements.iter().filter(|statement| statement.applies_to(action, resource)) {
            match statement.effect {
                Effect::Deny => return Decision::ExplicitlyDenied,
                Effect::Allow => decision = Decision::Allowed,
            }
        }
        decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:1:abc/prod/$connect";

    fn statement(effect: Effect, action: &str, resource: &str) -> Statement {
        Statement { effect, actions: vec!["s3:GetObject".into(), action.into()], resources: vec![resource.into()] }
    }

    fn decide(statements: &[Statement]) -> Decision {
        Policy { statements: statements.into() }.decide("execute-api:Invoke", ARN)
    }

    #[test]
    fn the_default_is_to_deny_and_an_explicit_deny_overrides_every_allow() {
        let allow = statement(Effect::Allow, "execute-api:Invoke", ARN);
        let deny = statement(Effect::Deny, "*", "*");
        assert_eq!(decide(&[]), Decision::ImplicitlyDenied);
        assert_eq!(decide(std::slice::from_ref(&allow)), Decision::Allowed);
        assert_eq!(decide(&[allow.clone(), deny.clone()]), Decision::ExplicitlyDenied);
        assert_eq!(decide(&[deny, allow]), Decision::ExplicitlyDenied);
        assert_eq!(Policy::of_everything().decide("execute-api:Invoke", ARN), Decision::Allowed);
    }

    #[test]
    fn both_have_wildcards_and_only_resources_are_case_sensitive() {
        for action in ["execute-api:invoke", "EXECUTE-API:*", "execute-api:In?oke", "*"] {
            assert_eq!(decide(&[statement(Effect::Allow, action, "*")]), Decision::Allowed, "{action}");
        }
        for action in ["execute-api:ManageConnections", "lambda:*", "execute-api", ""] {
            assert_eq!(decide(&[statement(Effect::Allow, action, "*")]), Decision::ImplicitlyDenied, "{action}");
        }
        for resource in [ARN, "*", "arn:aws:execute-api:*:*:*", "arn:aws:execute-api:us-east-1:1:abc/prod/*"] {
            assert_eq!(decide(&[statement(Effect::Allow, "*", resource)]), Decision::Allowed, "{resource}");
        }
        for resource in [&ARN.to_uppercase(), "arn:aws:execute-api:us-east-1:1:abc/prod/*/*", ""] {
            assert_eq!(decide(&[statement(Effect::Allow, "*", resource)]), Decision::ImplicitlyDenied, "{resource}");
        }
    }
}
