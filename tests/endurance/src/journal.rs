//! What the witness has written about connections, held against what the clients have seen.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// What became of a client's handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Opened,
    Refused,
    /// The client left before the answer.
    Unknown,
}

/// The witness's lines.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// The tags of connections, by id.
    accepted: HashMap<String, String>,
    refused: HashMap<String, String>,
    /// How often each connection was disconnected.
    disconnected: HashMap<String, usize>,
    strange: usize,
}

/// How many connections are not as they should be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Accepted, but without `$disconnect`.
    pub(crate) without: usize,
    /// With several.
    pub(crate) several: usize,
    /// With one, though `$connect` refused or never saw the connection.
    pub(crate) not_opened: usize,
    /// The client and the witness disagree whether the connection opened, or the witness wrote nonsense.
    pub(crate) contradictions: usize,
}

impl Journal {
    /// A file that is not there yet is an empty journal.
    pub(crate) fn read(path: &Path) -> Self {
        Self::parse(&fs::read_to_string(path).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut journal = Self::default();
        for line in text.lines() {
            let twice = match line.split(' ').collect::<Vec<_>>()[..] {
                ["accepted", id, tag] => journal.accepted.insert(id.to_owned(), tag.to_owned()).is_some(),
                ["refused", id, tag] => journal.refused.insert(id.to_owned(), tag.to_owned()).is_some(),
                ["disconnected", id] => {
                    *journal.disconnected.entry(id.to_owned()).or_default() += 1;
                    false
                }
                _ => true,
            };
            journal.strange += usize::from(twice);
        }
        journal
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.len()
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.len()
    }

    /// Whether every connection that opened has ended.
    pub(crate) fn is_complete(&self) -> bool {
        self.accepted.keys().all(|id| self.disconnected.contains_key(id))
    }

    /// Holds the journal against the clients, who know their handshakes by their tags.
    pub(crate) fn verdict(&self, handshakes: &HashMap<String, Handshake>) -> Verdict {
        let mut verdict = Verdict { contradictions: self.strange, ..Verdict::default() };
        for id in self.accepted.keys() {
            match self.disconnected.get(id) {
                None => verdict.without += 1,
                Some(1) => {}
                Some(_) => verdict.several += 1,
            }
        }
        verdict.not_opened = self.disconnected.keys().filter(|id| !self.accepted.contains_key(*id)).count();
        let mut accepted_by_tag: HashMap<&str, usize> = HashMap::new();
        for tag in self.accepted.values() {
            *accepted_by_tag.entry(tag).or_default() += 1;
        }
        for (tag, handshake) in handshakes {
            let accepted = accepted_by_tag.remove(tag.as_str()).unwrap_or(0);
            let agree = match handshake {
                Handshake::Opened => accepted == 1,
                Handshake::Refused => accepted == 0,
                Handshake::Unknown => accepted <= 1,
            };
            verdict.contradictions += usize::from(!agree);
        }
        // Connections that no client has made.
        verdict.contradictions += accepted_by_tag.len();
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(journal: &str, handshakes: &[(&str, Handshake)]) -> Verdict {
        let handshakes = handshakes.iter().map(|(tag, handshake)| ((*tag).to_owned(), *handshake)).collect();
        Journal::parse(journal).verdict(&handshakes)
    }

    const GOOD: &str = "accepted i 1\nrefused j 2\naccepted k 3\ndisconnected i\ndisconnected k\n";
    const CLIENTS: [(&str, Handshake); 4] =
        [("1", Handshake::Opened), ("2", Handshake::Refused), ("3", Handshake::Unknown), ("4", Handshake::Unknown)];

    #[test]
    fn each_connection_that_opened_has_one_disconnect() {
        assert_eq!(verdict(GOOD, &CLIENTS), Verdict::default());
        assert!(Journal::parse(GOOD).is_complete());
    }

    #[test]
    fn every_disagreement_is_found() {
        let none = Verdict::default;
        let of = |journal: &str| verdict(journal, &CLIENTS);
        assert_eq!(of(&GOOD.replace("disconnected i\n", "")), Verdict { without: 1, ..none() });
        assert!(!Journal::parse(&GOOD.replace("disconnected i\n", "")).is_complete());
        assert_eq!(of(&format!("{GOOD}disconnected k\n")), Verdict { several: 1, ..none() });
        assert_eq!(of(&format!("{GOOD}disconnected j\n")), Verdict { not_opened: 1, ..none() });
        assert_eq!(of(&format!("{GOOD}disconnected x\n")), Verdict { not_opened: 1, ..none() });
        assert_eq!(of(&format!("{GOOD}half a line")), Verdict { contradictions: 1, ..none() });
        assert_eq!(of(&format!("{GOOD}accepted x 9\ndisconnected x\n")), Verdict { contradictions: 1, ..none() });
        // The client was refused, or has seen it open, and the witness says the opposite.
        assert_eq!(verdict(GOOD, &[CLIENTS[0], ("2", Handshake::Opened), CLIENTS[2]]).contradictions, 1);
        assert_eq!(verdict(GOOD, &[("1", Handshake::Refused), CLIENTS[1], CLIENTS[2]]).contradictions, 1);
    }
}
