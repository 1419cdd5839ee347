//! Calls to a session's engine, each within its deadline. They run in background tasks, and know nothing of the
//! session's state.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use crate::{
    domain::{Command, Error, ErrorCode, Reply, Timestamp, session::RecoveryStage},
    driver::{Driver, OpenRequest, OpenedEngine, RecoveryMethod},
    session::actor::shared::Shared,
};

/// Deadline for the engine's description of its state.
const DESCRIPTION_DEADLINE: Duration = Duration::from_secs(5);

/// The result of a background task.
pub enum Task {
    /// A command, or other work that needs no further step.
    Command,
    /// The fault of the engine, if any, and its memory in bytes, where known.
    Probe {
        fault: Option<String>,
        memory: Option<u64>,
    },
    /// The outcome of a stage of a recovery.
    Recovery {
        stage: RecoveryStage,
        outcome: Result<(), Error>,
    },
    Opening(Result<OpenedEngine, Error>),
    /// A pairing code was issued.
    PairingCode {
        expires_at: Timestamp,
    },
    /// The state of an engine that showed nothing in time.
    Stalled {
        engine_state: Option<String>,
    },
}

/// Opens an engine as soon as there is a permit.
pub async fn open(shared: Arc<Shared>, request: OpenRequest) -> Task {
    let kind = &request.config.engine;
    let Some(engine) = shared.parts.engines.get(kind).cloned() else {
        let message = format!("the engine '{}' is not available here", kind.as_str());
        return Task::Opening(Err(Error::invalid(message)));
    };
    let _permit = shared.starts.acquire().await;
    let deadline = request.deadline;
    let outcome = match tokio::time::timeout(deadline, engine.open(request)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let message = format!("the engine did not open within {} s", deadline.as_secs());
            Err(Error::new(ErrorCode::Timeout, message))
        }
    };
    Task::Opening(outcome)
}

/// Executes a caller's command, and answers the caller.
pub async fn execute(
    driver: Arc<dyn Driver>,
    command: Command,
    deadline: Duration,
    reply: oneshot::Sender<Result<Reply, Error>>,
) -> Task {
    let name = command.name();
    let outcome = match tokio::time::timeout(deadline, driver.execute(command)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let message = format!("{name}: the engine did not answer in time");
            Err(Error::new(ErrorCode::Timeout, message))
        }
    };
    let task = match &outcome {
        Ok(Reply::PairingCode { expires_at, .. }) => Task::PairingCode { expires_at: *expires_at },
        _ => Task::Command,
    };
    let _ = reply.send(outcome);
    task
}

/// Sends a ping, and measures the engine's memory.
pub async fn probe(driver: Arc<dyn Driver>, deadline: Duration) -> Task {
    let answer = tokio::time::timeout(deadline, driver.execute(Command::Ping)).await;
    let fault = match answer {
        Ok(answer) => answer.err().map(|error| error.message),
        Err(_) => Some("the engine does not answer".to_owned()),
    };
    // Measuring reads the process's page tables, which blocks the thread.
    let memory = tokio::task::spawn_blocking(move || driver.memory()).await;
    Task::Probe { fault, memory: memory.ok().flatten() }
}

/// Carries out one stage of a recovery. The stage succeeds when the engine answers a ping afterwards.
pub async fn recover(
    driver: Arc<dyn Driver>,
    stage: RecoveryStage,
    method: RecoveryMethod,
    deadline: Duration,
) -> Task {
    let attempt = async {
        driver.recover(method).await?;
        driver.execute(Command::Ping).await
    };
    let outcome = match tokio::time::timeout(deadline, attempt).await {
        Ok(outcome) => outcome.map(drop),
        Err(_) => {
            let message = format!("no success within {} s", deadline.as_secs_f32());
            Err(Error::new(ErrorCode::Timeout, message))
        }
    };
    Task::Recovery { stage, outcome }
}

/// Reconnects an engine that shows nothing. Its next report shows the outcome.
pub async fn reconnect(driver: Arc<dyn Driver>, deadline: Duration) -> Task {
    let _ = tokio::time::timeout(deadline, driver.recover(RecoveryMethod::Reconnect)).await;
    Task::Command
}

/// Lets the engine describe its state.
pub async fn describe(driver: Arc<dyn Driver>) -> Task {
    let found = tokio::time::timeout(DESCRIPTION_DEADLINE, driver.describe_state()).await;
    Task::Stalled { engine_state: found.ok().flatten() }
}
