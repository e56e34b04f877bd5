//! Random ids.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use crate::ids::push_hex;

/// Names an instance, and is its key to the Runtime API: 128 random bits, so that no process can guess another's.
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

impl FromStr for InstanceId {
    type Err = ParseIntError;

    fn from_str(hex: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(hex, 16).map(Self)
    }
}

/// A random UUID (version 4, RFC 9562 §5.4), the form of Lambda's request ids.
pub(super) fn uuid() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut uuid = String::with_capacity(36);
    push_hex(&mut uuid, &bytes[..4]);
    for group in [&bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]] {
        uuid.push('-');
        push_hex(&mut uuid, group);
    }
    uuid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_carries_version_and_variant() {
        for _ in 0..100 {
            let uuid = uuid();
            let parts: Vec<&str> = uuid.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{uuid}");
            assert!(parts[2].starts_with('4'), "{uuid}");
            assert!(parts[3].starts_with(['8', '9', 'a', 'b']), "{uuid}");
        }
    }

    #[test]
    fn an_instance_id_survives_being_part_of_a_path() {
        let id = InstanceId::random();
        assert!(id.to_string().parse() == Ok(id));
    }
}
