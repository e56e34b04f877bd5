//! Making deployments: the tables that the API needs, the functions' binaries, and the environment that the functions get.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Options, StartError};
use crate::api::Api;
use crate::dynamodb::{self, TableStore};
use crate::guard::Guard;
use crate::happenings::HappeningSender;
use crate::lambda::{self, Build, Functions, Processes, Program, RemoteLambda, Runtimes};
use crate::service::Deployment;
use crate::template::{Loaded, TemplateError};

/// What all deployments of a gateway have in common.
#[derive(Debug)]
pub(super) struct Deployer {
    pub(super) options: Options,
    pub(super) guard: Arc<Guard>,
    pub(super) happenings: HappeningSender,
    /// Where the gateway listens, as functions reach it.
    pub(super) address: SocketAddr,
    pub(super) dynamodb_url: String,
    pub(super) tables: TableStore,
    /// The server that runs the functions, if the gateway does not.
    pub(super) elsewhere: Option<Arc<RemoteLambda>>,
    pub(super) runtimes: Runtimes,
}

impl Deployer {
    /// Makes what the API needs: its tables and its functions' binaries. `before` is the deployment that the new one replaces.
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
        let functions = match &self.elsewhere {
            Some(remote) => {
                // cargo-lambda knows functions only by their binaries.
                lambda::name_binaries(api.functions.values_mut()).await;
                Functions::remote(remote, api.functions.values())
            }
            None => self.build(&mut api, before).await?,
        };
        Ok(Deployment::new(api, functions))
    }

    async fn build(&self, api: &mut Api, before: Option<&Deployment>) -> Result<Functions, StartError> {
        let build = lambda::build(api.functions.values(), self.options.release, &self.runtimes).await?;
        self.runtimes.warn_of(&api.functions, &build);
        let Build { mut programs, not_here } = build;
        // From here on every binary is known by its name.
        let built = programs.iter().map(|program| (program.function.logical_id.clone(), program.function.clone()));
        api.functions.extend(built);
        for Program { function, .. } in &mut programs {
            function.environment.extend(self.guard.credentials.of(&function.logical_id));
        }
        let environment = endpoints(self.address, &api.stage.name, &self.dynamodb_url);
        let processes = match before.and_then(|before| before.functions.processes()) {
            Some(processes) => processes.redeploy(programs, environment),
            None => Processes::new(programs, environment, self.happenings.clone()),
        };
        Ok(Functions::local(processes, not_here))
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

/// Where functions find `@connections` and the store. These are the SDKs' own variables, so a binary needs to know nothing of the gateway.
pub(super) fn endpoints(address: SocketAddr, stage: &str, dynamodb_url: &str) -> BTreeMap<String, String> {
    [
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", format!("http://{address}/{stage}")),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
