//! Contacts on a store: uniqueness, counters, lists, messages, merges and imports.

use std::{collections::BTreeMap, io::Write};

use proptest::prelude::*;
use serde_json::json;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    config::Config,
    contacts::{
        Actor, Address, Contact, ContactChange, ContactDraft, ContactEvent, ContactFilter,
        ContactImports, ContactIntake, Contacts, Duplicates, EntryKind, ImportOptions, Inbound,
        Keyword, Mapping, Medium, OptInChange, OptInSource, Order, RuleDraft, RuleKind, SAMPLE,
        SortBy, TABLES, find_in, identity_learned, ledger,
    },
    domain::{Clock, Jid, clock::from_seconds, details::AdContext},
    events::EventLog,
    settings::{InEffect, Settings},
    store::{Catalogue, Opener},
};

const CATALOGUE: Catalogue = Catalogue::with(&[TABLES]);
const BY: Actor = Actor { kind: crate::contacts::ActorKind::Owner, id: None };

async fn contacts_on(clock: Clock) -> Contacts {
    let store = Opener::of(CATALOGUE).temporary().await.unwrap();
    let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
    Contacts::new(store, log, clock)
}

async fn contacts() -> Contacts {
    contacts_on(Clock::manual(from_seconds(1_000))).await
}

fn draft(phone: &str, name: &str, tags: &[&str]) -> ContactDraft {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    ContactDraft {
        phone: Some(phone.to_owned()),
        name: Some(name.to_owned()),
        tags,
        ..ContactDraft::default()
    }
}

fn person(number: &str) -> Jid {
    format!("{number}@c.us").parse().unwrap()
}

fn hidden(number: &str) -> Jid {
    format!("{number}@lid").parse().unwrap()
}

fn inbound<'a>(phone: Option<&'a Jid>, lid: Option<&'a Jid>, text: &'a str) -> Inbound<'a> {
    Inbound {
        medium: Medium::WhatsApp,
        phone,
        lid,
        name: Some("Ada"),
        message: "false_15550000001@c.us_A",
        text,
        ad: None,
        conversation: None,
        session: None,
        at: from_seconds(2_000),
    }
}

async fn receive(contacts: &Contacts, inbound: &Inbound<'_>) -> crate::contacts::Received {
    let mut work = contacts.log.work();
    let shipped = InEffect::configured(&Config::shipped().unwrap());
    let settings = Settings::unchanged(contacts.log.clone(), shipped);
    let intake = ContactIntake::new(contacts, settings);
    let received = intake.receive(&mut work, inbound).await.unwrap();
    assert!(work.commit_durable().await.unwrap());
    received
}

async fn events(contacts: &Contacts) -> Vec<&'static str> {
    let events = contacts.log.read(None, 0, 1_000).await.unwrap();
    let kind = |event: ContactEvent| crate::domain::LogEvent::kind(&event);
    events.iter().filter_map(|event| event.body.read::<ContactEvent>().map(kind)).collect()
}

async fn kinds(contacts: &Contacts, id: Uuid) -> Vec<EntryKind> {
    let page = contacts.timeline(id, None, &[], 100).await.unwrap();
    page.entries.into_iter().rev().map(|entry| entry.kind).collect()
}

/// Counters and tags as a walk over all contacts gives them.
async fn assert_counters_are_right(contacts: &Contacts) {
    let all = contacts.store.select(<Contact as crate::store::Record>::key().below(), usize::MAX);
    let all: Vec<Contact> = all.await.unwrap();
    let counts = ledger::counts(&contacts.store).await.unwrap();
    let opted_in = all.iter().filter(|contact| contact.whatsapp.opted_in).count();
    assert_eq!((counts.total, counts.opted_in), (all.len() as u64, opted_in as u64));
    let mut by_tag: BTreeMap<String, u64> = BTreeMap::new();
    for tag in all.iter().flat_map(|contact| &contact.tags) {
        *by_tag.entry(crate::contacts::tags::folded(tag)).or_default() += 1;
    }
    let tags = contacts.tags(None, usize::MAX).await.unwrap();
    let tags = tags.into_iter().map(|tag| (crate::contacts::tags::folded(&tag.name), tag.contacts));
    assert_eq!(tags.collect::<BTreeMap<_, _>>(), by_tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_contacts_with_one_number_made_at_once_one_is_made() {
    let contacts = contacts().await;
    for round in 0..20 {
        let phone = format!("+1555000{round:04}");
        let makings = (0..4).map(|_| {
            let (contacts, phone) = (contacts.clone(), phone.clone());
            tokio::spawn(async move {
                // Without the lock, as another process would.
                let contacts = Contacts { changing: std::sync::Arc::default(), ..contacts };
                contacts.create(draft(&phone, "Ada", &["VIP", "vip"]), BY).await
            })
        });
        let made = futures_util::future::join_all(makings).await;
        let made = made.into_iter().filter(|made| made.as_ref().unwrap().is_ok()).count();
        assert_eq!(made, 1);
    }
    assert_counters_are_right(&contacts).await;
    assert_eq!(contacts.tags(None, usize::MAX).await.unwrap()[0].contacts, 20);
}

#[tokio::test]
async fn a_contact_is_found_by_words_of_its_name_parts_of_its_number_and_its_tags() {
    let contacts = contacts().await;
    let john = contacts.create(draft("+919876543210", "John Döe", &["VIP"]), BY).await.unwrap().id;
    let jane =
        contacts.create(draft("+12125551234", "Jane Johnson", &["lead"]), BY).await.unwrap().id;
    let found = async |filter: ContactFilter| {
        let page = contacts.list(&filter, 0, 20).await.unwrap();
        let is_whole = filter.after.is_none();
        assert!(!is_whole || page.total == page.contacts.len() as u64);
        page.contacts.into_iter().map(|contact| contact.id).collect::<Vec<_>>()
    };
    let search = |text: &str| ContactFilter {
        search: Some(text.to_owned()),
        by_email: true,
        ..ContactFilter::default()
    };
    for (text, expected) in [
        ("john", vec![jane, john]),
        ("JOHN doe", vec![john]),
        ("doe j", vec![john]),
        ("oe", vec![]),
        ("98765", vec![john]),
        ("+91 98765-43210", vec![john]),
        ("5551234", vec![jane]),
        ("1234", vec![jane]),
        ("0000", vec![]),
        ("", vec![]),
        ("!?", vec![]),
    ] {
        assert_eq!(found(search(text)).await, expected, "{text:?}");
    }
    let email =
        |text: &str| ContactChange { email: Some(text.to_owned()), ..ContactChange::default() };
    contacts.change(john, email("Döe.John@Example.COM"), BY).await.unwrap();
    contacts.change(jane, email("jj+shop@example.com"), BY).await.unwrap();
    for (text, expected) in [
        ("doe.john@example.com", vec![john]),
        (" DÖE.JOHN@EXAMPLE.COM ", vec![john]),
        ("doe.jo", vec![john]),
        ("doe.john@", vec![john]),
        ("jj+shop@example.com", vec![jane]),
        ("jj", vec![jane]),
        ("j", vec![jane, john]),
        // Neither an end nor the middle of an address.
        ("example.com", vec![]),
        ("@", vec![]),
        ("doe.john@example.com.au", vec![]),
    ] {
        assert_eq!(found(search(text)).await, expected, "{text:?}");
    }
    contacts.change(jane, email("jane@example.com"), BY).await.unwrap();
    assert!(found(search("jj+shop@example.com")).await.is_empty());
    let tag = ContactFilter { tag: Some("vip".to_owned()), ..ContactFilter::default() };
    assert_eq!(found(tag.clone()).await, [john]);
    assert_eq!(
        found(ContactFilter { search: Some("jane".to_owned()), ..tag }).await,
        Vec::<Uuid>::new()
    );
    let by_name =
        ContactFilter { sort: SortBy::Name, order: Order::Ascending, ..ContactFilter::default() };
    assert_eq!(found(by_name.clone()).await, [jane, john]);
    assert_eq!(found(ContactFilter { after: Some(jane), ..by_name }).await.len(), 1);
    // A name that is changed is found by its new words alone.
    let change = ContactChange { name: Some("Grace".to_owned()), ..ContactChange::default() };
    contacts.change(john, change, BY).await.unwrap();
    assert_eq!((found(search("doe j")).await, found(search("grace")).await), (vec![], vec![john]));
}

#[tokio::test]
async fn the_first_message_opts_in_and_stop_and_start_are_obeyed() {
    let contacts = contacts().await;
    let ada = person("15550000001");
    let received = receive(&contacts, &inbound(Some(&ada), None, "Hi")).await;
    assert!(received.is_new && received.keyword.is_none());
    let contact = received.contact;
    assert_eq!(contact.name.as_deref(), Some("Ada"));
    assert_eq!(contact.whatsapp.source, Some(OptInSource::InboundMessage));
    assert_eq!(contact.whatsapp.proof.as_deref(), Some("message:false_15550000001@c.us_A"));
    let stopped = receive(&contacts, &inbound(Some(&ada), None, "Stop.")).await;
    assert_eq!((stopped.keyword, stopped.confirm), (Some(Keyword::Stop), true));
    assert!(!stopped.contact.whatsapp.opted_in);
    // Not again within a day, and an ordinary message changes nothing.
    assert!(!receive(&contacts, &inbound(Some(&ada), None, "STOP")).await.confirm);
    assert!(
        !receive(&contacts, &inbound(Some(&ada), None, "hello?")).await.contact.whatsapp.opted_in
    );
    let manual = OptInChange { medium: Medium::WhatsApp, opted_in: true, proof: None };
    contacts.set_opt_in(contact.id, manual, BY).await.unwrap_err();
    let started = receive(&contacts, &inbound(Some(&ada), None, "START")).await;
    assert_eq!(started.contact.whatsapp.source, Some(OptInSource::KeywordStart));
    use EntryKind::{ContactCreated, MessageReceived, OptIn, OptOut};
    let expected = [
        ContactCreated,
        MessageReceived,
        OptIn,
        MessageReceived,
        OptOut,
        MessageReceived,
        MessageReceived,
        MessageReceived,
        OptIn,
    ];
    assert_eq!(kinds(&contacts, contact.id).await, expected);
    let expected = ["contact.created", "contact.updated", "contact.opted_out", "contact.updated"];
    assert_eq!(events(&contacts).await, expected);
    assert_counters_are_right(&contacts).await;
}

#[tokio::test]
async fn who_opted_out_stays_so_when_the_contact_is_deleted_and_made_again() {
    let contacts = contacts().await;
    let ada = person("15550000001");
    let first = receive(&contacts, &inbound(Some(&ada), None, "STOP")).await.contact;
    contacts.delete(first.id, BY).await.unwrap();
    assert!(contacts.get(first.id).await.is_err());
    assert_counters_are_right(&contacts).await;
    let draft = ContactDraft { opted_in: true, ..draft("+15550000001", "Ada", &[]) };
    let second = contacts.create(draft, BY).await.unwrap();
    assert_ne!(second.id, first.id);
    assert!(!second.whatsapp.opted_in && second.whatsapp.has_opted_out());
    contacts.delete(second.id, BY).await.unwrap();
    assert!(!receive(&contacts, &inbound(Some(&ada), None, "Hi")).await.contact.whatsapp.opted_in);
}

#[tokio::test]
async fn a_contact_known_by_hidden_id_becomes_one_with_that_of_its_number() {
    let contacts = contacts().await;
    let (ada, lid) = (person("15550000001"), hidden("100000000001"));
    let ad = AdContext {
        source: Some("ad".to_owned()),
        id: Some("7".to_owned()),
        ..AdContext::default()
    };
    let unknown = Inbound { ad: Some(&ad), ..inbound(None, Some(&lid), "order") };
    let gone = receive(&contacts, &unknown).await.contact;
    assert_eq!((gone.phone.as_deref(), gone.lid.as_deref()), (None, Some("100000000001")));
    let kept = contacts.create(draft("+15550000001", "Ada L", &["vip"]), BY).await.unwrap();
    contacts.add_tags(gone.id, &["Lead".to_owned()], BY).await.unwrap();
    let mut work = contacts.log.work();
    let merged = identity_learned(&mut work, &lid, &ada, from_seconds(3_000)).await.unwrap();
    assert!(work.commit_durable().await.unwrap());
    let merged = merged.unwrap();
    assert_eq!((merged.kept.id, merged.gone), (kept.id, gone.id));
    let contact = contacts.get(gone.id).await.unwrap();
    assert_eq!((contact.id, contact.name.as_deref()), (kept.id, Some("Ada L")));
    assert_eq!(
        (contact.tags.as_slice(), contact.whatsapp.opted_in),
        (&["vip".to_owned(), "Lead".to_owned()][..], true)
    );
    assert_eq!(contact.first_ad.as_ref().unwrap().ad.id.as_deref(), Some("7"));
    for search in ["100000000001@lid", "15550000001@c.us", "+1 555 000 0001"] {
        let filter = ContactFilter { search: Some(search.to_owned()), ..ContactFilter::default() };
        assert_eq!(contacts.list(&filter, 0, 10).await.unwrap().total, 1, "{search}");
    }
    for address in [Address::phone("15550000001"), Address::lid("100000000001")] {
        let found = find_in(&contacts.store, &address).await.unwrap();
        assert_eq!(found.map(|contact| contact.id), Some(kept.id));
    }
    let kinds = kinds(&contacts, kept.id).await;
    assert!(
        kinds.contains(&EntryKind::MessageReceived) && kinds.contains(&EntryKind::Ctwa),
        "{kinds:?}"
    );
    assert_counters_are_right(&contacts).await;
    // The same pair once more, and a message with both ids, change nothing.
    let mut work = contacts.log.work();
    assert_eq!(identity_learned(&mut work, &lid, &ada, from_seconds(3_001)).await.unwrap(), None);
    assert!(work.commit_durable().await.unwrap());
    assert!(!receive(&contacts, &inbound(Some(&ada), Some(&lid), "Hi")).await.is_new);
}

#[tokio::test]
async fn rules_tag_the_author_of_their_keyword_and_one_event_reports_it() {
    let contacts = contacts().await;
    let rule = |kind, keyword: &str, tag: &str| RuleDraft {
        name: None,
        kind,
        keyword: keyword.to_owned(),
        tag: tag.to_owned(),
        case_sensitive: false,
        enabled: true,
        session: None,
    };
    let rules = contacts.rules();
    rules.create(rule(RuleKind::Contains, "order", "buyer")).await.unwrap();
    let promo = rules.create(rule(RuleKind::Exact, "PROMO", "promo")).await.unwrap();
    rules.create(rule(RuleKind::StartsWith, "REF", "referral")).await.unwrap();
    let ada = person("15550000001");
    let tagged = async |text: &str| {
        let received = receive(&contacts, &inbound(Some(&ada), None, text)).await;
        received.tagged.into_iter().map(|tagged| tagged.tag).collect::<Vec<_>>()
    };
    assert_eq!(tagged("a PROMO").await, Vec::<String>::new());
    assert_eq!(tagged("my Order?").await, ["buyer"]);
    assert_eq!(tagged("my Order again").await, Vec::<String>::new());
    rules.delete(promo.id).await.unwrap();
    assert_eq!(tagged("promo").await, Vec::<String>::new());
    assert_eq!(tagged("REF123").await, ["referral"]);
    assert_eq!(events(&contacts).await, ["contact.created", "contact.updated", "contact.updated"]);
    for place in 2..200 {
        rules.create(rule(RuleKind::Contains, &format!("word {place}"), "x")).await.unwrap();
    }
    rules.create(rule(RuleKind::Contains, "one more", "x")).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_imported_once_and_updated_after_that() {
    let contacts = contacts().await;
    let options = |duplicates, dry_run| ImportOptions {
        mapping: Mapping::new(),
        duplicates,
        dry_run,
        by: BY,
    };
    let imports =
        ContactImports::new(contacts.clone(), TaskTracker::new(), CancellationToken::new());
    let import = async |text: &str, options| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        imports.import(file, options).await.unwrap()
    };
    let tried = import(SAMPLE, options(Duplicates::Update, true)).await;
    assert_eq!((tried.total, tried.imported), (2, 2));
    assert_eq!(ledger::counts(&contacts.store).await.unwrap().total, 0);
    assert_eq!(import(SAMPLE, options(Duplicates::Update, false)).await.imported, 2);
    let again = import(SAMPLE, options(Duplicates::Update, false)).await;
    assert_eq!((again.imported, again.updated, again.failed), (0, 2, 0));
    assert_eq!(import(SAMPLE, options(Duplicates::Skip, false)).await.skipped, 2);
    assert_eq!(events(&contacts).await, ["contact.created", "contact.created"]);
    let john = find_in(&contacts.store, &Address::phone("919876543210")).await.unwrap().unwrap();
    assert_eq!(
        (john.tags.as_slice(), john.whatsapp.source),
        (&["vip".to_owned(), "retail".to_owned()][..], Some(OptInSource::CsvImport))
    );
    // An opt-out holds, a later row with the same number counts, and what is wrong is said.
    let out = OptInChange { medium: Medium::WhatsApp, opted_in: false, proof: None };
    contacts.set_opt_in(john.id, out, BY).await.unwrap();
    let text =
        "phone,name,optedIn\n+919876543210,First,true\n12,Bad,true\n+91 98765 43210,Last,true\n";
    let done = import(text, options(Duplicates::Update, false)).await;
    assert_eq!((done.total, done.updated, done.skipped, done.failed), (3, 1, 1, 1));
    let rows: Vec<usize> = done.errors.iter().map(|error| error.row).collect();
    assert_eq!(rows, [3, 4]);
    let john = contacts.get(john.id).await.unwrap();
    assert_eq!((john.name.as_deref(), john.whatsapp.opted_in), (Some("Last"), false));
    assert_counters_are_right(&contacts).await;
}

#[tokio::test]
async fn a_timeline_is_read_in_pages_by_time_alone() {
    let contacts = contacts().await;
    let contact = contacts.create(draft("+15550000001", "Ada", &[]), BY).await.unwrap();
    for place in 0..25 {
        let fields = [("n".to_owned(), json!(place))].into_iter().collect();
        let change = ContactChange { custom_fields: fields, ..ContactChange::default() };
        contacts.change(contact.id, change, BY).await.unwrap();
    }
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = contacts.timeline(contact.id, before, &[], 4).await.unwrap();
        seen.extend(page.entries.iter().map(|entry| entry.id));
        before = page.entries.last().map(|entry| entry.at);
        if !page.has_more {
            break;
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (26, 26));
    // Callers see milliseconds: no two entries have the same, and the time that is shown is where the next page begins.
    let all = contacts.timeline(contact.id, None, &[], 100).await.unwrap().entries;
    assert!(all.iter().all(|entry| entry.at.as_microsecond() % 1_000 == 0));
    assert!(all.windows(2).all(|two| two[1].at < two[0].at));
    let created =
        contacts.timeline(contact.id, None, &[EntryKind::ContactCreated], 4).await.unwrap();
    assert_eq!((created.entries.len(), created.has_more), (1, false));
}

#[derive(Clone, Debug)]
enum Step {
    Create(u8),
    Delete(u8),
    Rename(u8, u8),
    Page,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..40_u8).prop_map(Step::Create),
        2 => (0..40_u8).prop_map(Step::Delete),
        1 => any::<(u8, u8)>().prop_map(|(one, name)| Step::Rename(one % 40, name)),
        3 => Just(Step::Page),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However contacts come and go between two pages: who was there all the time is on one page, and nobody on
    /// two.
    #[test]
    fn pages_over_random_changes_neither_skip_nor_repeat(
        before in prop::collection::vec(0..40_u8, 5..30), steps in prop::collection::vec(step(), 1..40),
        is_filtered in any::<bool>(), is_ascending in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let contacts = contacts().await;
            let phone = |one: u8| format!("155500000{one:02}");
            let create = async |one: u8| {
                let _ = contacts.create(draft(&phone(one), "Ada", &["x"]), BY).await;
            };
            for one in before {
                create(one).await;
            }
            let order = if is_ascending { Order::Ascending } else { Order::Descending };
            let tag = is_filtered.then(|| "X".to_owned());
            let mut filter = ContactFilter { tag, order, ..ContactFilter::default() };
            let all = async |contacts: &Contacts| {
                let page = contacts.list(&ContactFilter::default(), 0, 1_000).await.unwrap();
                assert_eq!(page.total, page.contacts.len() as u64);
                page.contacts.into_iter().map(|contact| contact.id).collect::<Vec<Uuid>>()
            };
            let mut stayed = all(&contacts).await;
            let (mut seen, mut is_end) = (Vec::new(), false);
            for step in steps.into_iter().chain(std::iter::repeat_n(Step::Page, 60)) {
                match step {
                    Step::Create(one) => create(one).await,
                    Step::Delete(one) => {
                        let address = Address::phone(&phone(one));
                        let known = find_in(&contacts.store, &address).await.unwrap();
                        if let Some(known) = known {
                            contacts.delete(known.id, BY).await.unwrap();
                        }
                    }
                    Step::Rename(one, name) => {
                        let address = Address::phone(&phone(one));
                        let known = find_in(&contacts.store, &address).await.unwrap();
                        if let Some(known) = known {
                            let name = Some(format!("name {name}"));
                            let change = ContactChange { name, ..ContactChange::default() };
                            contacts.change(known.id, change, BY).await.unwrap();
                        }
                    }
                    Step::Page if is_end => (),
                    Step::Page => {
                        let page = contacts.list(&filter, 0, 3).await.unwrap();
                        seen.extend(page.contacts.iter().map(|contact| contact.id));
                        filter.after = page.contacts.last().map(|contact| contact.id).or(filter.after);
                        is_end = page.contacts.len() < 3;
                    }
                }
                let now = all(&contacts).await;
                if !is_end {
                    stayed.retain(|id| now.contains(id));
                }
            }
            assert!(is_end);
            assert!(stayed.iter().all(|id| seen.contains(id)), "skipped");
            let count = seen.len();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), count, "repeated");
            assert_counters_are_right(&contacts).await;
        });
    }
}
