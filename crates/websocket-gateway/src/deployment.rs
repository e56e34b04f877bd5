//! What is served at one time: the API as the template says, and its functions as they are built. A reload makes a new one; whoever
//! works with the one before finishes with it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::api::Api;
use crate::dynamodb;
use crate::environment::own_environment;
use crate::functions::Functions;
use crate::gateway::StartError;
use crate::guard::Guard;
use crate::lambda::{self, Endpoint, InvokeError, Lambda, Program};
use crate::options::Options;
use crate::template::{Loaded, TemplateError};

/// The API and its functions.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) api: Arc<Api>,
    pub(crate) functions: Functions,
}

impl Deployment {
    /// Invokes the function with this logical id.
    pub(crate) async fn invoke(&self, function: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        self.functions.invoke(&self.api, function, event).await
    }
}

/// What every deployment of a gateway has in common.
#[derive(Debug)]
pub(crate) struct Deployer {
    pub(crate) options: Options,
    pub(crate) guard: Arc<Guard>,
    /// Where the gateway listens, as functions reach it.
    pub(crate) address: SocketAddr,
    pub(crate) dynamodb_url: String,
    /// Where the gateway itself makes tables, past the guard.
    pub(crate) tables_url: String,
    /// Who runs the functions, if the gateway does not.
    pub(crate) elsewhere: Option<Arc<Endpoint>>,
}

impl Deployer {
    /// Makes what the API needs: its tables, its functions' binaries. `before` is what it takes the place of.
    pub(crate) async fn deploy(&self, mut api: Api, before: Option<&Deployment>) -> Result<Deployment, StartError> {
        dynamodb::create_missing(&self.tables_url, &self.guard.credentials, &api.tables)
            .await
            .map_err(|error| StartError::Store(error.into()))?;
        for table in before.into_iter().flat_map(|before| &before.api.tables) {
            if api.tables.iter().any(|new| new.name == table.name && new != table) {
                tracing::warn!(
                    "the table {} is there already and stays as it was: start again to have it anew",
                    table.name
                );
            }
        }
        let functions = match &self.elsewhere {
            Some(endpoint) => {
                // cargo-lambda knows functions by nothing else.
                lambda::name_binaries(api.functions.values_mut()).await;
                Functions::Elsewhere(Arc::clone(endpoint))
            }
            None => Functions::Here(self.build(&mut api, before).await?),
        };
        Ok(Deployment { api: Arc::new(api), functions })
    }

    async fn build(&self, api: &mut Api, before: Option<&Deployment>) -> Result<Lambda, StartError> {
        let mut programs = lambda::build(api.functions.values(), self.options.release).await?;
        // From here on every binary is known by its name.
        let built = programs.iter().map(|program| (program.function.logical_id.clone(), program.function.clone()));
        api.functions.extend(built);
        for Program { function, .. } in &mut programs {
            function.environment.extend(self.guard.credentials.of(&function.logical_id));
        }
        let environment = own_environment(self.address, &api.stage.name, &self.dynamodb_url);
        let lambda = match before.map(|before| &before.functions) {
            Some(Functions::Here(lambda)) => lambda.redeploy(programs, environment),
            _ => Lambda::start(programs, environment).await.map_err(StartError::RuntimeApi)?,
        };
        Ok(lambda.knowing(api.functions.values()))
    }
}

/// Reads the template, and logs its warnings.
pub(crate) fn load(options: &Options) -> Result<Loaded, TemplateError> {
    let loaded = options.read_template()?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}
