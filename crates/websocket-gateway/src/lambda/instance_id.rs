//! The id of an instance, and how the Runtime API finds the instance's pool by it.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

/// The id of an instance. It is also the instance's key to the Runtime API: 128 random bits, so that a process can't guess another one's id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct InstanceId(u128);

impl InstanceId {
    pub(super) fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The text is not an instance's id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAnInstanceId;

impl FromStr for InstanceId {
    type Err = NotAnInstanceId;

    /// Takes an id only as it is written above: the standard library would also take a sign, capitals, and fewer digits or more.
    fn from_str(hex: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let id = u128::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 32 && hex.bytes().all(is_digit));
        id.map(Self).ok_or(NotAnInstanceId)
    }
}

/// The owners of all instances that have started and not ended. Their type is a parameter so that an owner can hold this.
pub(super) struct Owners<T>(RwLock<HashMap<InstanceId, Arc<T>>>);

impl<T> Owners<T> {
    pub(super) fn new() -> Self {
        Self(RwLock::default())
    }

    pub(super) fn get(&self, instance: InstanceId) -> Option<Arc<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&instance).cloned()
    }

    pub(super) fn add(&self, instance: InstanceId, owner: Arc<T>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(instance, owner);
    }

    pub(super) fn remove(&self, instance: InstanceId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&instance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_id_can_be_read_back_from_a_path() {
        let id = InstanceId::random();
        assert!(id.to_string().parse() == Ok(id));
    }

    #[test]
    fn an_instance_id_has_one_spelling() {
        for other in
            ["2a", "+2a", "0000000000000000000000000000002A", "00000000000000000000000000000000000002a", "", "-2a"]
        {
            assert!(other.parse::<InstanceId>().is_err(), "{other}");
        }
    }
}
