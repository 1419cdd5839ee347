//! Words that a text is found by: folded, without those that say nothing, and without usual endings. Pure.
//!
//! One light rule serves English, French, Spanish and Portuguese, since the language of a text is not known. It joins
//! forms of a word and need not give a word itself.

use std::collections::BTreeSet;

use crate::{domain::fold::fold, search::words_of};

/// How words are made; it rises with each change of it.
pub const LAYOUT: u32 = 1;

/// Words of English, French, Spanish, Portuguese, German and Italian that say nothing by themselves. None of them is a
/// usual word with a meaning in another of these languages.
const EMPTY: &str = "\
    a about all also am an and any are as at be been but by can could did do does for from had has have he her him his \
    how i if in into is it its just may me my no not of on or our please she should so some than that the their them \
    then there these they this those to us was we were what when where which who whom why will with would you your \
    au aux avec ce ces cette comment dans de des du elle elles en est et il ils j je l la le les leur leurs ma mes moi \
    mon nous ou par pas pour quand que quel quelle quelles quels qui quoi sa sans se ses sont sur ta tes toi ton tu un \
    une vos votre vous \
    al como con cual cuando del donde el ella ellas ellos eres es esta este esto la las lo los mas mi mis muy nos o \
    para pero por porque quien se ser si sin soy su sus te tiene tienen una unas uno unos y yo \
    ao aos com da das dele do dos e ela elas ele eles em essa esse eu foi isso mas meu minha na nao nas nossa nosso no \
    nos onde os ou pela pelo qual quem sao sem ser seu seus sua suas tem tenho um uma umas uns voce voces \
    aber als auch auf aus bei das dem den der die dies diese doch ein eine einem einen einer fur gibt habe haben ich \
    ihr ihre im ist ja kann konnen man mein meine mit nach nicht oder sie sind uber und uns vom von wann warum wenn \
    wer wie wir wird wo zu zum zur \
    alla anche che chi ci dal dalla della delle di dove gli ho io lei loro lui nel nella non per piu quale quando \
    sei si sono suo sua tra un una uno vi";

/// Endings, longest first, each with the letters that must be left before it.
const ENDINGS: [(&str, usize, &str); 26] = [
    ("aciones", 3, ""),
    ("ations", 3, ""),
    ("ements", 3, ""),
    ("amente", 4, ""),
    ("imento", 3, ""),
    ("acoes", 3, ""),
    ("acion", 3, ""),
    ("ation", 3, ""),
    ("ement", 3, ""),
    ("ments", 3, ""),
    ("ment", 3, ""),
    ("acao", 3, ""),
    ("coes", 3, ""),
    ("ings", 3, ""),
    ("ies", 3, "i"),
    ("ied", 3, "i"),
    ("ing", 3, ""),
    ("cao", 3, ""),
    ("ed", 4, ""),
    ("es", 3, ""),
    ("os", 3, ""),
    ("as", 3, ""),
    ("s", 3, ""),
    ("a", 3, ""),
    ("e", 3, ""),
    ("o", 3, ""),
];

/// The words of a text in their order, as often as they stand there.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    words_of(&folded).into_iter().filter(|word| !is_empty(word)).map(stem).collect()
}

/// The same with those that say nothing, each once: what two questions are compared by.
pub fn all_words(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    words_of(&folded).into_iter().map(stem).collect()
}

/// The words of a text in one line, without case, marks and endings of sentences.
pub fn normal(text: &str) -> String {
    let folded = fold(text);
    words_of(&folded).join(" ")
}

fn is_empty(word: &str) -> bool {
    use std::{collections::HashSet, sync::LazyLock};
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| EMPTY.split_whitespace().collect());
    WORDS.contains(word)
}

/// A folded word without its ending.
fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let keeps_its_s = word.ends_with("ss") || word.ends_with("us") || word.ends_with("is");
    let fits = |(ending, least, _): &&(&str, usize, &str)| {
        word.strip_suffix(ending).is_some_and(|rest| *least <= rest.len())
            && !(keeps_its_s && *ending == "s")
    };
    let mut stem = match ENDINGS.iter().find(fits) {
        Some((ending, _, instead)) => format!("{}{instead}", &word[..word.len() - ending.len()]),
        None => word.to_owned(),
    };
    // Plurals in -s leave the letter by which genders differ.
    if 4 <= stem.len() && stem.ends_with(['a', 'e', 'o']) {
        stem.pop();
    }
    let last = |stem: &str, from_end: usize| {
        stem.len().checked_sub(from_end).and_then(|at| stem.as_bytes().get(at).copied())
    };
    if last(&stem, 1) == Some(b'y') && last(&stem, 2).is_some_and(|byte| !b"aeiou".contains(&byte))
    {
        stem.pop();
        stem.push('i');
    }
    if 3 < stem.len() && last(&stem, 1) == last(&stem, 2) {
        stem.pop();
    }
    stem
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            &["open", "opens", "opened", "opening", "OPEN"][..],
            &["delivery", "deliveries"],
            &["ship", "ships", "shipping", "shipped", "shipment"],
            &["price", "prices"],
            &["store", "stores"],
            &["address", "addresses"],
            &["pay", "paying", "payment", "payments"],
            &["pizza", "pizzas"],
            &["call", "calls", "calling"],
            &["heure", "heures"],
            &["ouvert", "ouverte", "ouvertes"],
            &["livraison", "livraisons"],
            &["pedido", "pedidos"],
            &["abierto", "abierta", "abiertos"],
            &["envío", "envios"],
            &["reservación", "reservaciones"],
            &["preço", "preços"],
            &["devolução", "devoluções"],
            &["cliente", "clientes"],
        ] {
            let stems: BTreeSet<String> = forms.iter().flat_map(|form| words(form)).collect();
            assert_eq!(stems.len(), 1, "{forms:?}: {stems:?}");
        }
        for (one, other) in
            [("day", "date"), ("status", "state"), ("2026", "2025"), ("bus", "business")]
        {
            assert_ne!(words(one), words(other));
        }
    }

    #[test]
    fn words_that_say_nothing_are_left_out_but_for_a_comparison() {
        assert_eq!(words("What is the price?"), words("prices"));
        assert!(words("Who are you?").is_empty());
        assert_eq!(all_words("Who are you?").len(), 3);
        assert_eq!(normal("  ¿Dónde está   la TIENDA? "), "donde esta la tienda");
        assert_eq!(words("我在北京"), ["我在", "在北", "北京"]);
    }

    proptest! {
        #[test]
        fn a_word_is_found_by_itself_in_any_case(text in "\\PC{0,40}") {
            prop_assert_eq!(words(&fold(&text)), words(&text));
        }
    }
}
