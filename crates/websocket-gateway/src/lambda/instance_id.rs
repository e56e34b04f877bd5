use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_id_survives_being_part_of_a_path() {
        let id = InstanceId::random();
        assert!(id.to_string().parse() == Ok(id));
    }
}
