//! Tests of the service that need more than one store, or what no API shows.

use std::{sync::Arc, time::Duration};

use tokio_util::task::TaskTracker;

use crate::{
    accounts::{
        leases::Leases,
        people::{AccountSettings, Accounts, AccountsParts, Newcomer, SignIn, User, Visit, totp},
        principal::Principal,
        role::Role,
    },
    config::{Config, Registration},
    domain::{Clock, Error, ErrorCode, clock::from_seconds},
    mail::Post,
    store::Store,
};

const PASSWORD: &str = "correct horse 7";

async fn over(store: Store, clock: &Clock) -> Accounts {
    let settings = AccountSettings {
        registration: Registration::Invite,
        sign_in: Duration::from_secs(3_600),
        invitation: Duration::from_secs(86_400),
        code: Duration::from_secs(900),
        url: Config::shipped().unwrap().server.base_url(),
    };
    let parts = AccountsParts {
        store,
        clock: clock.clone(),
        leases: Leases::default(),
        post: Post::closed(),
        tasks: TaskTracker::new(),
        settings,
    };
    Accounts::open(parts).await.unwrap()
}

async fn register(accounts: &Accounts, email: &str) -> Result<User, Error> {
    let newcomer = Newcomer {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        name: "Ada".to_owned(),
        company: None,
        invite_code: None,
    };
    let made = accounts.register(newcomer, &Principal::owner(), Visit::default()).await;
    made.map(|made| made.signed_in.user)
}

async fn token(accounts: &Accounts) -> String {
    let email = "ada@example.com";
    match accounts.sign_ins.sign_in(email, PASSWORD, None, Visit::default()).await.unwrap() {
        SignIn::Done(done) => done.token,
        SignIn::NeedsCode { .. } => panic!("a code is asked for"),
    }
}

/// Two gateways on one store, and somebody else changes what they read now and then.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_make_one_owner_and_know_each_others_tokens() {
    let clock = Clock::manual(from_seconds(1_000));
    let stores = Store::two_on_one_engine(3).await;
    let first = over(stores[0].clone(), &clock).await;
    let second = over(stores[1].clone(), &clock).await;
    let (one, other) =
        tokio::join!(register(&first, "ada@example.com"), register(&second, "ADA@example.com"));
    let mut outcomes = [one.map(|user| user.role), other.map(|user| user.role)];
    outcomes.sort_by_key(Result::is_err);
    assert_eq!(outcomes[0], Ok(Role::Owner));
    assert_eq!(outcomes[1].as_ref().unwrap_err().code, ErrorCode::Conflict);
    let token = token(&first).await;
    let known = second.sign_ins.authenticate(&token).await.unwrap();
    assert_eq!(known.role(), Some(Role::Owner));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_show_the_same_code_at_once_one_is_let_in() {
    let clock = Clock::manual(from_seconds(1_800_000_000));
    let accounts = Arc::new(over(Store::temporary().await.unwrap(), &clock).await);
    let user = register(&accounts, "ada@example.com").await.unwrap();
    let setup = accounts.factors.set_up(user.id).await.unwrap();
    let secret = data_encoding::BASE32_NOPAD.decode(setup.secret.as_bytes()).unwrap();
    let shown = || totp::at(&secret, clock.now().as_second().unsigned_abs());
    let recovery = accounts.factors.enable(user.id, &shown()).await.unwrap();
    for code in [
        {
            clock.advance(Duration::from_secs(60));
            shown()
        },
        recovery[3].clone(),
    ] {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (accounts, code) = (accounts.clone(), code.clone());
            tasks.spawn(async move {
                let email = "ada@example.com";
                accounts
                    .sign_ins
                    .sign_in(email, PASSWORD, Some(&code), Visit::default())
                    .await
                    .is_ok()
            });
        }
        let let_in = tasks.join_all().await;
        assert_eq!(let_in.iter().filter(|ok| **ok).count(), 1, "{let_in:?}");
    }
}

#[tokio::test]
async fn without_mail_an_address_counts_as_known_and_the_oldest_of_many_sign_ins_ends() {
    let clock = Clock::manual(from_seconds(1_000));
    let accounts = over(Store::temporary().await.unwrap(), &clock).await;
    let user = register(&accounts, "ada@example.com").await.unwrap();
    assert!(user.email_verified);
    let first = token(&accounts).await;
    for _ in 0..crate::accounts::people::login::MOST_LOGINS {
        clock.advance(Duration::from_secs(1));
        token(&accounts).await;
    }
    assert!(accounts.sign_ins.authenticate(&first).await.is_err());
    assert_eq!(
        accounts.sign_ins.logins(user.id).await.unwrap().len(),
        crate::accounts::people::login::MOST_LOGINS
    );
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(accounts.sign_ins.logins(user.id).await.unwrap(), Vec::new());
    token(&accounts).await;
    assert_eq!(accounts.sign_ins.logins(user.id).await.unwrap().len(), 1);
}
