//! The extensions of an instance: those that run in its own process, of which Lambda knows because they register.

use super::{Phase, Refusal, Schedule};
use crate::api::limits::EXTENSIONS;
use crate::ids;
use crate::lambda::instance_id::InstanceId;

/// An extension that has registered.
pub(super) struct Extension {
    name: String,
    /// The key of its further requests.
    identifier: String,
}

/// Why a request of an extension is refused. Their types are Lambda's.
/// Source: aws-lambda-runtime-interface-emulator, `internal/lambda/rapi/handler`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::lambda) enum ExtensionRefusal {
    #[error("the header Lambda-Extension-Name is missing or empty")]
    InvalidName,
    #[error("the body is not an object with a list of `events`")]
    InvalidRequest,
    #[error(
        "the gateway sends extensions no events: register with an empty list of `events`; the process gets SIGTERM all the same"
    )]
    InvalidEventType,
    #[error("an extension registers before its function asks for the first event")]
    RegistrationClosed,
    #[error("the instance has an extension of this name already")]
    NameTaken,
    #[error("an instance has at most {EXTENSIONS} extensions")]
    TooMany,
    #[error("the header Lambda-Extension-Identifier does not name an extension of this instance")]
    UnknownIdentifier,
}

impl ExtensionRefusal {
    pub(in crate::lambda) fn error_type(self) -> &'static str {
        match self {
            Self::InvalidName => "Extension.InvalidExtensionName",
            Self::InvalidRequest => "InvalidRequestFormat",
            Self::InvalidEventType => "Extension.InvalidEventType",
            Self::RegistrationClosed => "Extension.RegistrationClosed",
            Self::NameTaken => "Extension.InvalidExtensionState",
            Self::TooMany => "Extension.TooManyExtensions",
            Self::UnknownIdentifier => "Extension.UnknownExtensionIdentifier",
        }
    }
}

impl Schedule {
    /// Registers an extension, and returns the identifier of its further requests.
    pub(in crate::lambda) fn register(&mut self, id: InstanceId, name: &str) -> Result<String, Refusal> {
        let instance = self.instances.get_mut(&id).ok_or(Refusal::UnknownInstance)?;
        let refusal = match instance.phase {
            _ if name.is_empty() => Some(ExtensionRefusal::InvalidName),
            Phase::Starting { .. } if instance.extensions.iter().any(|known| known.name == name) => {
                Some(ExtensionRefusal::NameTaken)
            }
            Phase::Starting { .. } if instance.extensions.len() >= EXTENSIONS => Some(ExtensionRefusal::TooMany),
            Phase::Starting { .. } => None,
            _ => Some(ExtensionRefusal::RegistrationClosed),
        };
        if let Some(refusal) = refusal {
            return Err(Refusal::Extension(refusal));
        }
        let identifier = ids::uuid();
        instance.extensions.push(Extension { name: name.to_owned(), identifier: identifier.clone() });
        Ok(identifier)
    }

    /// Checks that the instance has an extension with this identifier.
    pub(in crate::lambda) fn check_extension(&self, id: InstanceId, identifier: &str) -> Result<(), Refusal> {
        let instance = self.instances.get(&id).ok_or(Refusal::UnknownInstance)?;
        let is_known = instance.extensions.iter().any(|known| known.identifier == identifier);
        if is_known { Ok(()) } else { Err(Refusal::Extension(ExtensionRefusal::UnknownIdentifier)) }
    }

    /// Whether the instance's process may end in an orderly way.
    pub(in crate::lambda) fn has_extension(&self, id: InstanceId) -> bool {
        self.instances.get(&id).is_some_and(|instance| !instance.extensions.is_empty())
    }
}
