use super::{Api, Code, Function};

impl Api {
    /// Finds a function by a name that a user gives: a route key, or else the function's logical id, its name or its binary, in this order.
    #[must_use]
    pub fn function_called(&self, name: &str) -> Option<&Function> {
        self.function_of_route(name)
            .or_else(|| self.functions.get(name))
            .or_else(|| self.functions.values().find(|function| function.name == name))
            .or_else(|| self.function_of_binary(name))
    }

    /// The function that a route invokes. `None` if there is no such route.
    #[must_use]
    pub fn function_of_route(&self, route_key: &str) -> Option<&Function> {
        self.functions.get(&self.routes.get(route_key)?.function)
    }

    /// The ARN of a resource of the stage that is served: `arn:aws:execute-api:{region}:{account}:{api id}/{stage}/{resource}`. For a route
    /// `resource` is its route key.
    #[must_use]
    pub(crate) fn arn(&self, resource: &str) -> String {
        self.account.arn("execute-api", &format!("{}/{}/{resource}", self.api_id, self.stage.name))
    }

    /// The function that runs a binary: of several, the only one that the API [invokes](Self::invokes). `None` if there is none such.
    ///
    /// The binaries that the template does not name are known only after the build, in the API of a running gateway.
    #[must_use]
    pub fn function_of_binary(&self, binary: &str) -> Option<&Function> {
        let of_binary: Vec<_> = self.functions.values().filter(|function| function.binary() == Some(binary)).collect();
        if let [function] = of_binary.as_slice() {
            return Some(function);
        }
        let mut invoked = of_binary.into_iter().filter(|function| self.invokes(&function.logical_id));
        invoked.next().filter(|_| invoked.next().is_none())
    }

    /// Whether a route, the authorizer or a queue invokes the function with this logical id. All others are only invoked by hand, or by other
    /// functions.
    #[must_use]
    pub fn invokes(&self, function: &str) -> bool {
        let by_the_authorizer = self.authorizer.as_ref().is_some_and(|authorizer| authorizer.function == function);
        by_the_authorizer
            || self.routes.values().any(|route| route.function == function)
            || self.event_sources.iter().any(|source| source.function == function)
    }
}

impl Function {
    /// The name of the function's binary. `None` if it is not known, see [`Api::function_of_binary`], or if the gateway can't build the
    /// function.
    #[must_use]
    pub fn binary(&self) -> Option<&str> {
        match &self.code {
            Code::Cargo { binary, .. } => binary.as_deref(),
            Code::Files(_) | Code::NotHere { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::api::{Account, Route, RouteSelectionExpression, Stage};
    use crate::iam::Policy;

    fn function(logical_id: &str, name: &str, binary: &str) -> (String, Function) {
        let function = Function {
            logical_id: logical_id.to_owned(),
            name: name.to_owned(),
            arn: String::new(),
            defined_at: "template.yaml:1:1".to_owned(),
            code: Code::Cargo { directory: "routes".into(), binary: Some(binary.to_owned()) },
            environment: BTreeMap::new(),
            timeout: Duration::from_secs(3),
            memory_size: 128,
            reserved_concurrency: None,
            policy: Policy::default(),
        };
        (logical_id.to_owned(), function)
    }

    /// An API in which each name stands for different functions, depending on what it is the name of.
    fn api() -> Api {
        let route = Route {
            function: "Routed".to_owned(),
            integration_timeout: Duration::from_secs(29),
            route_response: false,
        };
        Api {
            logical_id: "Ws".to_owned(),
            api_id: "abcd123456".to_owned(),
            route_selection_expression: RouteSelectionExpression::parse("$request.body.action").unwrap(),
            stage: Stage { name: "prod".to_owned(), variables: BTreeMap::new() },
            account: Account::default(),
            routes: [("hello".to_owned(), route)].into(),
            unserved: BTreeMap::new(),
            authorizer: None,
            functions: [
                function("Identified", "hello", "shared"),
                function("Named", "Identified", "shared"),
                function("Routed", "Named", "other"),
                function("Run", "run", "hello"),
            ]
            .into(),
            tables: Vec::new(),
            queues: Vec::new(),
            event_sources: Vec::new(),
        }
    }

    fn called(name: &str) -> Option<String> {
        api().function_called(name).map(|function| function.logical_id.clone())
    }

    #[test]
    fn a_route_key_comes_before_a_logical_id_before_a_name_before_a_binary() {
        assert_eq!(called("hello").as_deref(), Some("Routed"));
        assert_eq!(called("Identified").as_deref(), Some("Identified"));
        assert_eq!(called("Named").as_deref(), Some("Named"));
        assert_eq!(called("run").as_deref(), Some("Run"));
        assert_eq!(called("other").as_deref(), Some("Routed"));
        assert_eq!(called("Hello"), None);
        assert_eq!(called(""), None);
    }

    #[test]
    fn the_binary_of_several_functions_names_the_only_one_that_the_api_invokes() {
        assert_eq!(called("shared"), None);
        let mut api = api();
        api.functions.extend([function("Unrouted", "unrouted", "other")]);
        assert_eq!(api.function_of_binary("other").map(|function| function.logical_id.as_str()), Some("Routed"));
        assert_eq!(api.function_of_binary("hello").map(|function| function.logical_id.as_str()), Some("Run"));
    }
}
