//! Topics and intents of messages: the words that most of them have, and what they want by keywords. Pure.

use std::collections::{HashMap, HashSet};

use crate::domain::fold::fold;

/// Words of one message that are looked at.
const MOST_WORDS: usize = 200;
/// Messages that a topic is shown with, and characters of each.
const EXAMPLES: usize = 3;
const LONGEST_EXAMPLE: usize = 200;
/// A pair of words stands for one of them that comes with it at least this often of ten times.
const SWALLOWS: usize = 6;

/// Words that say nothing, of English, French, Spanish, Portuguese and Arabic, folded.
const STOP_WORDS: &str = "a about after all also am an and any are as at be been but by can could did do does doing for \
from get got had has have he her here him his how i if in into is it its just like me my need no not of on one or our \
out please she should so some than that the their them then there these they this to up us very want was we were what \
when where which who why will with would yes you your au aux avec ce ces cette dans de des du elle en est et etre il ils \
je la le les leur lui ma mais mes moi mon ne nous on ou par pas plus pour que qui sa se ses son sont sur tu un une vous \
al como con del el ella ellos es esta este eso esto fue hay las lo los mas mi muy nos o para pero por porque quiero se \
ser si sin son su sus te tengo tu una uno y ya yo ao aos as ate com da das do dos e ela ele eles em era essa esse eu foi \
isso ja mas meu minha na nao nas nem nos num numa os ou pela pelo qual quando quero sao seu sim so sua tambem tem um uma \
voce في من على الى عن ان هل ما هذا هذه انا انت هو هي لا نعم او مع كيف لو سمحت";

/// What a message wants, with the words that say so, the first that fits.
const INTENTS: [(&str, &str); 10] = [
    (
        "human_request",
        "human|agent|person|somebody|operator|humain|conseiller|persona|agente|humano|pessoa|atendente|موظف",
    ),
    (
        "order_status",
        "order status|my order|track|tracking|where is|suivi|ma commande|mi pedido|meu pedido|rastreio|طلبي",
    ),
    (
        "returns",
        "return|refund|exchange|money back|retour|remboursement|devolucion|reembolso|devolver|devolucao|troca|استرجاع",
    ),
    ("shipping", "shipping|delivery|deliver|ship|livraison|envio|entrega|frete|توصيل|شحن"),
    (
        "pricing",
        "price|prices|pricing|cost|how much|discount|prix|tarif|combien|precio|cuanto|preco|quanto|desconto|سعر|بكم",
    ),
    (
        "booking",
        "book|booking|appointment|reservation|reserve|schedule|rendez vous|cita|reserva|agendar|حجز|موعد",
    ),
    (
        "complaint",
        "complaint|complain|broken|terrible|awful|angry|worst|plainte|casse|queja|roto|reclamacao|quebrado|شكوى",
    ),
    (
        "support",
        "help|support|problem|issue|error|not working|aide|probleme|ayuda|problema|ajuda|suporte|erro|مساعدة|مشكلة",
    ),
    ("thanks", "thanks|thank you|thx|merci|gracias|obrigado|obrigada|شكرا"),
    (
        "greeting",
        "hello|hi|hey|good morning|good evening|bonjour|salut|hola|buenos dias|ola|bom dia|مرحبا|السلام عليكم",
    ),
];
const OTHER: &str = "other";

/// What many messages are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub topic: String,
    /// Messages that have it.
    pub count: usize,
    pub examples: Vec<String>,
}

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let all = folded.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    all.take(MOST_WORDS).map(str::to_owned).collect()
}

fn is_said(word: &str, stop: &HashSet<&str>) -> bool {
    1 < word.chars().count() && !stop.contains(word) && !word.chars().all(char::is_numeric)
}

/// The topics of most messages, most frequent first.
pub fn topics(texts: &[String], most: usize) -> Vec<Topic> {
    let stop: HashSet<&str> = STOP_WORDS.split_whitespace().collect();
    let mut found: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, text) in texts.iter().enumerate() {
        let words = words(text);
        let single = words.iter().filter(|word| is_said(word, &stop)).cloned();
        let pairs = words.iter().zip(words.iter().skip(1));
        let pairs =
            pairs.filter(|(one, two)| one != two && is_said(one, &stop) && is_said(two, &stop));
        let pairs = pairs.map(|(one, two)| format!("{one} {two}"));
        let each: HashSet<String> = single.chain(pairs).collect();
        each.into_iter().for_each(|term| found.entry(term).or_default().push(place));
    }
    found.retain(|term, places| !term.contains(' ') || 1 < places.len());
    let count = |term: &str| found.get(term).map_or(0, Vec::len);
    let is_swallowed = |pair: &str, word: &str| count(word) * SWALLOWS <= count(pair) * 10;
    let pairs = found.keys().filter_map(|term| Some((term, term.split_once(' ')?)));
    let swallowed: HashSet<&str> = pairs
        .flat_map(|(pair, (one, two))| [one, two].map(|word| (pair.as_str(), word)))
        .filter(|(pair, word)| is_swallowed(pair, word))
        .map(|(_, word)| word)
        .collect();
    let mut terms: Vec<(&String, &Vec<usize>)> =
        found.iter().filter(|(term, _)| !swallowed.contains(term.as_str())).collect();
    terms.sort_by(|one, other| other.1.len().cmp(&one.1.len()).then_with(|| one.0.cmp(other.0)));
    let example = |place: &usize| {
        let text = texts.get(*place)?;
        Some(text.chars().take(LONGEST_EXAMPLE).collect())
    };
    let topic = |(term, places): (&String, &Vec<usize>)| Topic {
        topic: term.clone(),
        count: places.len(),
        examples: places.iter().take(EXAMPLES).filter_map(example).collect(),
    };
    terms.into_iter().take(most).map(topic).collect()
}

/// How many messages want what, most frequent first.
pub fn intents(texts: &[String]) -> Vec<(&'static str, usize)> {
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    texts.iter().for_each(|text| *counts.entry(intent(text)).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(intent, count)| (std::cmp::Reverse(*count), *intent));
    counts
}

fn intent(text: &str) -> &'static str {
    let said = format!(" {} ", words(text).join(" "));
    let has = |phrase: &str| said.contains(&format!(" {} ", fold(phrase)));
    let found = INTENTS.iter().find(|(_, phrases)| phrases.split('|').any(has));
    found.map_or(OTHER, |(intent, _)| intent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_pair_of_words_stands_for_words_that_come_with_it() {
        let texts = texts(&[
            "Where is my tracking number?",
            "The tracking number 42 please",
            "TRACKING NUMBER",
            "Do you sell tea?",
            "Green tea",
            "tea",
        ]);
        let found = topics(&texts, 2);
        let named: Vec<_> = found.iter().map(|one| (one.topic.as_str(), one.count)).collect();
        assert_eq!(named, [("tea", 3), ("tracking number", 3)]);
        assert_eq!(found[0].examples, ["Do you sell tea?", "Green tea", "tea"]);
        assert_eq!(topics(&[], 5), []);
    }

    #[test]
    fn an_intent_is_known_by_whole_words() {
        for (text, expected) in [
            ("Hello!", "greeting"),
            ("How much is it?", "pricing"),
            ("Où est ma commande ?", "order_status"),
            ("I want a refund", "returns"),
            ("Get me a human", "human_request"),
            ("Gracias", "thanks"),
            ("shippingly", "other"),
        ] {
            assert_eq!(intent(text), expected, "{text}");
        }
        assert_eq!(intents(&texts(&["Hi", "hey", "tea"])), [("greeting", 2), ("other", 1)]);
    }
}
