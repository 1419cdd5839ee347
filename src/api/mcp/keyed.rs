//! A tool that is called with an `idempotencyKey`: done once, however often it is asked for.

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::{
    api::{
        error::ApiError,
        gate::idempotency::set_message_key,
        kit::{Call, Data, OwnSessions, Written},
    },
    domain::Error,
    services::idempotency::{
        ClaimResult, FirstAnswer, KeyScope, KeyedWrite, WriteOutcome, answer_not_kept, key_reused,
        outcome_unknown, under_way,
    },
};

/// Stands where the method of a request does.
const METHOD: &str = "TOOL";

/// Carries a write out, or gives the answer that it had. The message that it sends has one key, by which a second
/// attempt finds the first.
pub async fn once<S, T, I, F>(
    call: &Call<S, OwnSessions>,
    (tool, key): (&str, Option<String>),
    input: &I,
    write: F,
) -> Result<Data<T>, ApiError>
where
    I: Serialize,
    F: Future<Output = Result<Data<T>, ApiError>>,
{
    let Some(key) = key else { return write.await };
    let caller = call.principal().id().map_or_else(|| "anonymous".to_owned(), |id| id.to_string());
    let (method, path) = (METHOD.to_owned(), tool.to_owned());
    let scope = KeyScope { caller, method, path, key, session: None };
    let written = serde_json::to_vec(input);
    let written = written.map_err(|_| Error::internal("the arguments cannot be written"))?;
    let hash: [u8; 32] = Sha256::digest(written).into();
    let claim = match call.idempotency.claim(&scope, Some(hash), true).await? {
        ClaimResult::Claimed(claim) => claim,
        ClaimResult::Known(known) => return Ok(again(known, hash)?),
        ClaimResult::InFlight => return Err(under_way().into()),
    };
    set_message_key(call.request(), claim.message_key());
    match write.await {
        Ok(answer) => {
            let body = answer.written();
            let kept = body.as_ref().ok().map(|body| body.get().to_owned());
            let content_type = Some("application/json".to_owned());
            claim.answered(FirstAnswer { status: 200, content_type, body: kept }).await?;
            Ok(Data::written(body))
        }
        Err(error) => {
            // The next one with the key is an attempt of its own.
            claim.failed().await?;
            Err(error)
        }
    }
}

fn again<T>(known: KeyedWrite, request: [u8; 32]) -> Result<Data<T>, Error> {
    if known.is_another(Some(request)) {
        return Err(key_reused());
    }
    match known.outcome {
        WriteOutcome::Answered(answer) => {
            let body = answer.body.ok_or_else(|| answer_not_kept(answer.status))?;
            Ok(Data::written(RawValue::from_string(body)))
        }
        WriteOutcome::UnderWay | WriteOutcome::Failed => Err(outcome_unknown()),
    }
}
