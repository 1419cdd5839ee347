//! Import of contacts from a CSV file: a sample, a preview, and the import itself.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, http::header::CONTENT_DISPOSITION};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::contacts::by,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Contacts, Data, File, FileKind, Form, check::bounds::one_of},
        texts::flag,
    },
    contacts::{Duplicates, ImportOptions, Imported, Mapping, Preview, RowError, SAMPLE},
    domain::Error,
};

const TAG: &str = "Business contacts";
const ON_DUPLICATE: [&str; 2] = ["update", "skip"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/whatsapp-api/contacts/import", import)
            .named("importBusinessContacts")
            .about(TAG, "Import contacts from a CSV file")
            .details(
                "UTF-8, at most 50,000 rows, with commas, semicolons or tabs between columns. What is wrong with a \
                 row is reported with the number that a spreadsheet shows for it; the others are imported. A file with two \
                 columns of one name, or with a quote that is not closed, is refused. Nobody who opted out is opted in.",
            ),
        Endpoint::get("/api/whatsapp-api/contacts/import/sample", sample)
            .named("getBusinessImportSample")
            .about(TAG, "A CSV file to begin with"),
        Endpoint::post("/api/whatsapp-api/contacts/import/preview", preview)
            .named("previewBusinessImport")
            .about(TAG, "What an import would read from a file")
            .details("Nothing is written."),
    ]
}

#[derive(ToSchema)]
#[schema(as = BusinessImportForm, rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is read")]
struct ImportForm {
    /// The CSV file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// JSON: the column of each field, such as `{"phone": "Mobile", "custom.city": "City"}`. Fields are phone, name,
    /// email, tags, optedIn and `custom.<name>`; those that are not named are found by the header.
    #[schema(example = "{\"phone\": \"Mobile\"}")]
    mapping: Option<String>,
    /// What becomes of a contact that is there already: update, which is usual, or skip.
    #[schema(example = "update")]
    on_duplicate: Option<String>,
    /// true to try only.
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[schema(as = BusinessPreviewForm)]
#[expect(dead_code, reason = "only its schema is read")]
struct PreviewForm {
    /// The CSV file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// As for the import.
    #[schema(example = "{\"phone\": \"Mobile\"}")]
    mapping: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessImport)]
struct ImportView {
    /// Rows of the file; each is imported, updated, skipped or failed.
    total: usize,
    /// Rows that became new contacts.
    imported: usize,
    /// Rows of contacts that were there already and changed.
    updated: usize,
    /// Rows of contacts that were there already and stayed as they are.
    skipped: usize,
    /// Rows with an error.
    failed: usize,
    /// The first hundred.
    errors: Vec<RowErrorView>,
    /// Whether nothing was written.
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessImportPreview)]
struct PreviewView {
    /// Names of the columns.
    #[schema(example = json!(["phone"]))]
    columns: Vec<String>,
    /// The column of each field that was found.
    suggested_mapping: BTreeMap<String, String>,
    /// The first ten.
    rows: Vec<BTreeMap<String, String>>,
    /// Rows of the file.
    total: usize,
    /// What is wrong with rows.
    errors: Vec<RowErrorView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessRowError)]
struct RowErrorView {
    /// Number of the row in a spreadsheet: the header is row 1, blank rows count, line breaks within a cell do not.
    row: usize,
    phone: Option<String>,
    /// What is wrong with the row.
    #[schema(example = "phone: is required")]
    error: String,
}

impl From<RowError> for RowErrorView {
    fn from(RowError { row, phone, error }: RowError) -> Self {
        Self { row, phone, error }
    }
}

/// The sample.
struct Csv;

impl FileKind for Csv {
    const CONTENT_TYPE: &'static str = "text/csv";
    const EXAMPLE: &'static str = SAMPLE;
}

async fn sample(_: Call<Contacts>) -> File<Csv> {
    let disposition = (CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\"");
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/csv; charset=utf-8").insert_header(disposition).body(SAMPLE).into()
}

async fn preview(
    call: Call<Contacts>,
    mut form: Form<PreviewForm>,
) -> Result<Data<PreviewView>, ApiError> {
    let mapping = mapping(form.text("mapping"))?;
    let file = form.file()?;
    let Preview { columns, mapping, rows, total, errors } =
        call.contact_imports.preview(file.content, mapping).await?;
    let errors = errors.into_iter().map(RowErrorView::from).collect();
    Ok(Data::of(PreviewView { columns, suggested_mapping: mapping, rows, total, errors }))
}

async fn import(
    call: Call<Contacts>,
    mut form: Form<ImportForm>,
) -> Result<Data<ImportView>, ApiError> {
    let words = Error::both(on_duplicate(form.text("onDuplicate")), dry_run(form.text("dryRun")));
    let ((duplicates, dry_run), mapping) = Error::both(words, mapping(form.text("mapping")))?;
    let file = form.file()?;
    let options = ImportOptions { mapping, duplicates, dry_run, by: by(&call) };
    let Imported { total, imported, updated, skipped, failed, errors } =
        call.contact_imports.import(file.content, options).await?;
    let errors = errors.into_iter().map(RowErrorView::from).collect();
    Ok(Data::of(ImportView { total, imported, updated, skipped, failed, errors, dry_run }))
}

fn on_duplicate(text: Option<&str>) -> Result<Duplicates, Error> {
    match text {
        None | Some("update") => Ok(Duplicates::Update),
        Some("skip") => Ok(Duplicates::Skip),
        Some(_) => Err(Error::invalid_field("onDuplicate", one_of(&ON_DUPLICATE))),
    }
}

fn dry_run(text: Option<&str>) -> Result<bool, Error> {
    let read = text.map_or(Some(false), flag);
    read.ok_or_else(|| Error::invalid_field("dryRun", "must be true or false"))
}

fn mapping(text: Option<&str>) -> Result<Mapping, Error> {
    let Some(text) = text else { return Ok(Mapping::new()) };
    let fault = || Error::invalid_field("mapping", "must be JSON such as {\"phone\": \"Mobile\"}");
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return Err(fault()) };
    let pair = |(field, column): (String, Value)| match column {
        Value::String(column) => Ok((field, column)),
        _ => Err(fault()),
    };
    fields.into_iter().map(pair).collect()
}
