//! Check of the language model: whether the endpoint of the settings answers.

use crate::{
    answers::ModelTest,
    config::Config,
    doctor::check::{Check, Verdict},
    egress::OwnPorts,
    providers,
};

const NAME: &str = "model";
/// Seconds that a person waits for the check.
const PATIENCE: u64 = 30;

/// None where the settings name no model.
pub async fn examine(config: &Config) -> Option<Check> {
    let mut config = config.clone();
    let settings = &mut config.assistant;
    settings.first_token_seconds = settings.first_token_seconds.min(PATIENCE);
    settings.answer_seconds = settings.answer_seconds.min(PATIENCE);
    let model = providers::model::of_settings(&config, &OwnPorts::default())?;
    let (address, test) = (model.address(), ModelTest::of(&*model).await);
    let name = test.model;
    Some(match test.answer {
        Ok(_) => Check::well(
            NAME,
            format!("{name} at {address} answered in {} ms", test.took.as_millis()),
        ),
        Err(error) => {
            let found = format!("{name} at {address}: {error}");
            let remedy = "check assistant.base_url, model and api_key, and that the model is loaded; bots answer without it \
                          meanwhile";
            Check::wrong(NAME, Verdict::Doubtful, found, remedy)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_model_that_cannot_be_reached_is_doubtful_and_none_is_not_looked_at() {
        let mut config = Config::shipped().unwrap();
        assert_eq!(examine(&config).await, None);
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        drop(taken);
        config.assistant.base_url = format!("http://user:s3cret@127.0.0.1:{port}/v1");
        "small".clone_into(&mut config.assistant.model);
        config.assistant.first_token_seconds = 1;
        let check = examine(&config).await.unwrap();
        assert_eq!(check.verdict, Verdict::Doubtful);
        assert!(check.found.contains("small at http://127.0.0.1"), "{check}");
        assert!(!check.found.contains("s3cret") && check.remedy.is_some(), "{check}");
    }
}
