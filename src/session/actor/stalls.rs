//! Escalation for an engine that shows nothing: reconnect, restart, give up. Pure.

/// The next step for an engine that shows nothing in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Reconnect,
    Restart,
    GiveUp,
}

/// The steps since the engine last showed something.
#[derive(Debug, Default)]
pub struct Stalls {
    reconnected: bool,
    restarts: u32,
}

impl Stalls {
    /// The next step for an engine that still shows nothing.
    pub fn next(&mut self, most_restarts: u32) -> Step {
        if !self.reconnected {
            self.reconnected = true;
            return Step::Reconnect;
        }
        if most_restarts <= self.restarts {
            return Step::GiveUp;
        }
        self.restarts += 1;
        Step::Restart
    }

    /// Resets the steps. Returns whether there were any.
    pub fn reset(&mut self) -> bool {
        std::mem::take(self).reconnected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_shows_nothing_is_reconnected_restarted_and_given_up() {
        let mut stalls = Stalls::default();
        let steps: Vec<Step> = (0..4).map(|_| stalls.next(2)).collect();
        assert_eq!(steps, [Step::Reconnect, Step::Restart, Step::Restart, Step::GiveUp]);
        assert!(stalls.reset() && !stalls.reset());
        assert_eq!(stalls.next(0), Step::Reconnect);
        assert_eq!(stalls.next(0), Step::GiveUp);
    }
}
