//! Extraction from files, and from what only looks like one.

use std::{
    collections::BTreeSet,
    io::{Cursor, Write},
    time::{Duration, Instant},
};

use lopdf::{Dictionary, Object, Stream, dictionary};
use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::knowledge::extract::{AT_ONCE, Extractor, FileType, Unreadable, text_of};

fn read(file_type: FileType, bytes: &[u8]) -> Result<String, Unreadable> {
    text_of(file_type, bytes, Instant::now() + Duration::from_secs(300))
}

fn docx(body: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("[Content_Types].xml", SimpleFileOptions::default()).unwrap();
    writer.write_all(b"<Types/>").unwrap();
    writer.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    writer.write_all(b"<?xml version=\"1.0\"?><w:document><w:body>").unwrap();
    writer.write_all(body).unwrap();
    writer.write_all(b"</w:body></w:document>").unwrap();
    writer.finish().unwrap().into_inner()
}

/// A PDF with a page for each content.
fn pdf(contents: Vec<Stream>) -> Vec<u8> {
    let mut document = lopdf::Document::with_version("1.5");
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        "Encoding" => "WinAnsiEncoding",
    });
    let kids: Vec<Object> = contents
        .into_iter()
        .map(|content| {
            let content = document.add_object(content);
            let page = document.add_object(dictionary! {
                "Type" => "Page", "Parent" => pages, "Contents" => content,
                "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
                "MediaBox" => vec![0.into(), 0.into(), 300.into(), 300.into()],
            });
            page.into()
        })
        .collect();
    let count = i64::try_from(kids.len()).unwrap();
    let of_pages = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count };
    document.objects.insert(pages, Object::Dictionary(of_pages));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn shown(text: &str) -> Stream {
    let content = format!("BT /F1 12 Tf 10 100 Td ({text}) Tj ET");
    Stream::new(Dictionary::new(), content.into_bytes())
}

#[test]
fn types_are_known_by_names_and_by_what_servers_say() {
    for (name, file_type) in [
        ("a.txt", Some(FileType::Text)),
        ("Read me.MD", Some(FileType::Text)),
        ("a.b.csv", Some(FileType::Csv)),
        ("a.htm", Some(FileType::Html)),
        ("a.docx", Some(FileType::Docx)),
        ("a.PDF", Some(FileType::Pdf)),
        ("a.exe", None),
        ("a.doc", None),
        ("txt", None),
    ] {
        assert_eq!(FileType::of_name(name), file_type, "{name}");
    }
    assert_eq!(FileType::of_mime("text/html; charset=utf-8"), Some(FileType::Html));
    assert_eq!(FileType::of_mime("application/json"), Some(FileType::Json));
    assert_eq!(FileType::of_mime("image/png"), None);
}

#[test]
fn plain_files_are_read_in_their_encodings() {
    let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let units = "Grüße".encode_utf16().flat_map(bytes);
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    for bytes in [
        "\u{feff}Grüße".as_bytes().to_vec(),
        wide([0xFF, 0xFE], u16::to_le_bytes),
        wide([0xFE, 0xFF], u16::to_be_bytes),
    ] {
        assert_eq!(read(FileType::Text, &bytes).unwrap(), "Grüße");
    }
    for bytes in [&b"Gr\xFC\xDFe"[..], b"MZ\0\x01", &[0xFF, 0xFE, 0x00], b"a\0b"] {
        assert_eq!(read(FileType::Text, bytes), Err(Unreadable::Encoding));
    }
    for empty in [&b""[..], b" \n "] {
        assert_eq!(read(FileType::Text, empty), Err(Unreadable::Empty));
    }
}

#[test]
fn rows_and_fields_become_lines_with_their_names() {
    let table = "Product;Price\nTea;3,50\n;\n\"Green; strong\";4";
    assert_eq!(
        read(FileType::Csv, table.as_bytes()).unwrap(),
        "Product: Tea, Price: 3,50\n\nProduct: Green; strong, Price: 4"
    );
    assert_eq!(read(FileType::Csv, b"Only one row,here").unwrap(), "Only one row, here");
    let object = r#"{"shop":{"name":"Corner","open":true,"days":["Mon","Tue"],"note":null},"n":3}"#;
    let text = read(FileType::Json, object.as_bytes()).unwrap();
    let lines: BTreeSet<&str> = text.lines().collect();
    let expected = ["name: Corner", "open: true", "days: Mon", "days: Tue", "n: 3"];
    assert_eq!(lines, BTreeSet::from(expected));
    let deep = "[".repeat(100_000);
    assert_eq!(read(FileType::Json, deep.as_bytes()), Err(Unreadable::Broken("JSON")));
    // A long name that is repeated in each row is many times the file.
    let name = "n".repeat(100_000);
    let wide = format!("{name}\n{}", "1\n".repeat(1_000));
    assert_eq!(read(FileType::Csv, wide.as_bytes()), Err(Unreadable::TooLarge));
}

#[test]
fn a_page_is_what_its_reader_sees() {
    let page = "<!doctype html><html><head><title>Shop</title><style>p{}</style></head><body>\
        <nav><a href=/>Home</a></nav><script>if (a < b) alert('</p>')</script>\
        <h1>Returns &amp; refunds</h1><p>Free for\n<b>30</b> days.<br>Then&nbsp;not.</p>\
        <table><tr><td>Tea</td><td>3 &euro;</td></tr></table><!-- hidden --></body></html>";
    let text = read(FileType::Html, page.as_bytes()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, ["Returns & refunds", "Free for 30 days.", "Then not.", "Tea 3 €"]);
    let open_head = "<html><head><meta charset=utf-8><body>Seen<svg><text>not</text></svg>";
    assert_eq!(read(FileType::Html, open_head.as_bytes()).unwrap(), "Seen");
    let deep = format!("{}Deep{}", "<div><b>".repeat(200_000), "</b></div>".repeat(200_000));
    assert_eq!(read(FileType::Html, deep.as_bytes()).unwrap(), "Deep");
    let hidden = "<script>never closed";
    assert_eq!(read(FileType::Html, hidden.as_bytes()), Err(Unreadable::Empty));
}

#[test]
fn a_word_document_is_its_paragraphs() {
    let body = "<w:p><w:r><w:t>Parcels &amp; letters</w:t><w:tab/><w:t xml:space=\"preserve\">caf&#233;</w:t></w:r></w:p>\
                <w:p><w:r><w:instrText>HIDDEN</w:instrText><w:t>Second</w:t><w:br/><w:t>line</w:t></w:r></w:p>";
    let text = read(FileType::Docx, &docx(body.as_bytes())).unwrap();
    assert_eq!(text, "Parcels & letters café\nSecond\nline");
    for bytes in [&b"PK\x03\x04"[..], b"no archive", b""] {
        assert_eq!(read(FileType::Docx, bytes), Err(Unreadable::Broken("a .docx document")));
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("other.xml", SimpleFileOptions::default()).unwrap();
    let other = writer.finish().unwrap().into_inner();
    assert_eq!(read(FileType::Docx, &other), Err(Unreadable::Broken("a .docx document")));
}

#[test]
fn a_document_that_unfolds_to_far_more_than_it_is_is_refused() {
    let run = [b"<w:t>".to_vec(), vec![b' '; 1024 * 1024], b"</w:t>".to_vec()].concat();
    let bomb = docx(&run.repeat(17));
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    assert_eq!(read(FileType::Docx, &bomb), Err(Unreadable::TooLarge));
    let mut content = shown("x");
    content.content.resize(9 * 1024 * 1024, b' ');
    content.compress().unwrap();
    let bomb = pdf(vec![content]);
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    assert_eq!(read(FileType::Pdf, &bomb), Err(Unreadable::TooLarge));
}

#[test]
fn a_pdf_is_the_text_of_its_pages() {
    let mut packed = shown("Second page.");
    packed.compress().unwrap();
    let text = read(FileType::Pdf, &pdf(vec![shown("Parcels leave on Tuesday."), packed])).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, ["Parcels leave on Tuesday.", "Second page."]);
    assert_eq!(read(FileType::Pdf, &pdf(vec![shown("")])), Err(Unreadable::Empty));
    for bytes in [&b"no PDF"[..], b""] {
        assert_eq!(read(FileType::Pdf, bytes), Err(Unreadable::Broken("a PDF")));
    }
    for bytes in [&b"%PDF-1.4"[..], b"%PDF-1.7\n1 0 obj"] {
        assert!(read(FileType::Pdf, bytes).is_err());
    }
    let late = Instant::now() - Duration::from_secs(1);
    let slow = text_of(FileType::Pdf, &pdf(vec![shown("x")]), late);
    assert_eq!(slow, Err(Unreadable::TooSlow));
}

#[tokio::test]
async fn what_a_library_does_to_itself_is_an_error_of_the_file() {
    let extractor = Extractor::default();
    for _ in 0..AT_ONCE + 1 {
        let panics = extractor.run::<()>(|_| panic!("asked for")).await.unwrap();
        assert!(matches!(panics, Err(Unreadable::Broken(_))));
    }
    let file = extractor.prepared_file("file", FileType::Json, b"{".to_vec()).await.unwrap_err();
    assert_eq!(file.details["fields"]["file"][0], "cannot be read as JSON");
}

proptest! {
    #[test]
    fn a_damaged_file_is_read_or_refused(
        cut in 0_usize..2_000, changes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..20),
    ) {
        let files = [
            (FileType::Docx, docx(b"<w:p><w:t>Some &lt;text&gt;</w:t></w:p>")),
            (FileType::Pdf, pdf(vec![shown("Some text")])),
            (FileType::Html, b"<p>Some <b>text</b> &amp; more<!-- x --></p>".to_vec()),
            (FileType::Csv, b"a,b\n\"x\",y\n".to_vec()),
            (FileType::Json, br#"{"a":["b",1]}"#.to_vec()),
        ];
        for (file_type, mut bytes) in files {
            for (at, byte) in &changes {
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *byte;
            }
            bytes.truncate(bytes.len().max(cut) - cut.min(bytes.len() / 2));
            // A panic of a library is caught where files are read, too.
            let _ = std::panic::catch_unwind(|| read(file_type, &bytes));
        }
    }
}
