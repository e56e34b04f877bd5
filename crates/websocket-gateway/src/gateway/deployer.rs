//! Making deployments: the tables and the queues that the API needs, the functions' binaries, and the environment that the functions get.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::trust::Trust;
use super::{Options, StartError, own_address};
use crate::api::{Api, Code, Files, Function, Runtime};
use crate::dynamodb::{self, TableStore};
use crate::faults::Faults;
use crate::guard::Guard;
use crate::happenings::HappeningSender;
use crate::lambda::{self, Build, Functions, Processes, Program, RemoteLambda, Runtimes};
use crate::service::{Deployment, Homes};
use crate::sqs::QueueStore;
use crate::template::{Loaded, TemplateError};

/// The root certificates that most AWS SDKs trust instead of the system's. Rust's does not read this variable, and the core crate, which posts over plain
/// HTTP here, would check all of the system's certificates in each cold start.
const SDK_ROOTS: &str = "AWS_CA_BUNDLE";

/// What all deployments of a gateway have in common.
#[derive(Debug)]
pub(super) struct Deployer {
    pub(super) options: Options,
    pub(super) guard: Arc<Guard>,
    pub(super) happenings: HappeningSender,
    pub(super) faults: Arc<Faults>,
    pub(super) homes: Homes,
    /// `None` if the gateway speaks no TLS.
    pub(super) trust: Option<Trust>,
    pub(super) dynamodb_url: String,
    pub(super) tables: TableStore,
    pub(super) sqs_url: String,
    pub(super) queues: QueueStore,
    /// The server that runs the functions, if the gateway does not.
    pub(super) elsewhere: Option<Arc<RemoteLambda>>,
    pub(super) runtimes: Runtimes,
}

impl Deployer {
    /// Makes what the API needs: its tables, its queues and its functions' binaries. `before` is the deployment that the new one replaces.
    pub(super) async fn deploy(&self, mut api: Api, before: Option<&Deployment>) -> Result<Deployment, StartError> {
        dynamodb::create_missing(&self.tables, &self.guard.credentials, &api.tables)
            .await
            .map_err(|error| StartError::Store(error.into()))?;
        for table in before.into_iter().flat_map(|before| &before.api.tables) {
            if api.tables.iter().any(|new| new.name == table.name && new != table) {
                tracing::warn!(
                    "the table {} exists already and stays as it was: start again to create it anew",
                    table.name
                );
            }
        }
        let queue_urls = self.queues.make(&api.queues).await.map_err(|error| StartError::Store(error.into()))?;
        own_address::lead_to_queues(&mut api, &queue_urls);
        let led = own_address::lead_home(&mut api, self.homes.gateway, self.trust.is_some());
        if before.is_none() {
            for (function, names) in led {
                tracing::info!(
                    "{function} gets the gateway's address in the place of the API's, in {}",
                    names.join(", ")
                );
            }
        }
        let functions = match &self.elsewhere {
            Some(remote) => {
                // cargo-lambda knows functions only by their binaries.
                lambda::name_binaries(api.functions.values_mut()).await;
                Functions::remote(remote, api.functions.values(), &self.faults)
            }
            None => self.build(&mut api, before).await?,
        };
        Ok(Deployment::new(api, functions))
    }

    async fn build(&self, api: &mut Api, before: Option<&Deployment>) -> Result<Functions, StartError> {
        let is_needed = |function: &Function| api.invokes(&function.logical_id);
        let build = lambda::build(api.functions.values(), is_needed, self.options.release, &self.runtimes).await?;
        self.runtimes.warn_of(api, &build);
        let Build { mut programs, not_here } = build;
        // From here on every binary is known by its name.
        let built = programs.iter().map(|program| (program.function.logical_id.clone(), program.function.clone()));
        api.functions.extend(built);
        for (id, why) in &not_here {
            // Whoever watches the sources need not ask cargo about it again.
            if let Some(Function { code: code @ Code::Cargo { .. }, .. }) = api.functions.get_mut(id) {
                *code = Code::NotHere { why: why.clone() };
            }
        }
        let trust = self.trust.iter().flat_map(Trust::environment);
        let (of_sdks, trust): (Vec<_>, Vec<_>) = trust.partition(|(name, _)| name == SDK_ROOTS);
        for Program { function, .. } in &mut programs {
            function.environment.extend(self.guard.credentials.of(&function.logical_id));
            if !matches!(function.code, Code::Cargo { .. }) {
                function.environment.extend(of_sdks.iter().cloned());
            }
            // The runtimes of other languages lead calls home themselves.
            if self.trust.is_some()
                && let Code::Files(Files { runtime: Runtime::Executable, .. }) = &function.code
            {
                let proxy = || self.guard.proxy.url(self.homes.gateway);
                function.environment.entry("HTTPS_PROXY".to_owned()).or_insert_with(proxy);
            }
        }
        let mut environment = endpoints(api, &self.dynamodb_url, &self.sqs_url, self.homes);
        environment.extend(trust);
        let processes = match before.and_then(|before| before.functions.processes()) {
            Some(processes) => processes.redeploy(programs, environment),
            None => Processes::new(programs, environment, self.happenings.clone()),
        };
        Ok(Functions::local(processes, not_here, &self.faults))
    }
}

/// Reads the template, and logs its warnings.
pub(super) fn load(options: &Options) -> Result<Loaded, TemplateError> {
    let loaded = options.read_template()?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}

/// Where functions find `@connections`, the store, the queues and each other. Most are the SDKs' own variables, so a binary needs to know nothing of the
/// gateway.
pub(super) fn endpoints(api: &Api, dynamodb_url: &str, sqs_url: &str, homes: Homes) -> BTreeMap<String, String> {
    let address = homes.gateway;
    [
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", format!("http://{address}/{}", api.stage.name)),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url.to_owned()),
        ("AWS_ENDPOINT_URL_SQS", sqs_url.to_owned()),
        ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{address}")),
        (own_address::HOSTS, own_address::hosts(api, homes)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
