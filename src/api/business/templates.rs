//! Templates: messages with numbered variables, in Meta's form, and their import.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    api::{
        business::template_view::{CategoryView, StatusView, TemplateId, TemplateView},
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Call, Created, Data, Message, Paged, Paging, Path, Query, Read, Repeat,
            body::WITH_LONG_TEXT,
        },
    },
    content::{
        self, Category, ImportResult, Outcome, Status, TemplateChange, TemplateDraft,
        TemplateFilter,
    },
    domain::Error,
};

const TAG: &str = "Business content";
const ALL: &str = "/api/whatsapp-api/templates";
const ONE: &str = "/api/whatsapp-api/templates/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listTemplates")
            .about(TAG, "Templates in pages, by name and language"),
        Endpoint::post(ALL, create)
            .named("createTemplate")
            .about(TAG, "Save a template")
            .details(
                "A template of Meta's API is taken as it is. It is approved at once, unless `draft` is true or \
                 `status` says that Meta has not approved it: WhatsApp Web knows no templates, and the gateway \
                 renders them itself. A name is there once in each language: 409. There are 1,000 templates at most. \
                 Body and header have the variables `{{1}}`, `{{2}}` and so on without a gap, the header one at most; \
                 an address may end with `{{1}}`.",
            ),
        Endpoint::get(ONE, read).named("getTemplate").about(TAG, "One template"),
        Endpoint::patch(ONE, change)
            .named("updateTemplate")
            .about(TAG, "Change a template")
            .details("What is not given stays as it is. `draft` false approves a draft.")
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove).named("deleteTemplate").about(TAG, "Delete a template"),
        Endpoint::post("/api/whatsapp-api/templates/import", import)
            .named("importTemplates")
            .about(TAG, "Import templates of Meta's API")
            .details(
                "Takes the answer of `GET /{waba-id}/message_templates` as it is. A template that is known by its name \
                 and language is replaced. What cannot be taken is named in its result, and all others are kept. \
                 What Meta has not approved becomes a draft.",
            )
            .takes(|| WITH_LONG_TEXT)
            .repeats(Repeat::Repeatable),
    ]
}

#[derive(Deserialize, ToSchema)]
pub struct TemplatesQuery {
    /// Approved templates or drafts.
    status: Option<StatusView>,
    /// What the templates are for.
    category: Option<CategoryView>,
    /// A language, with or without a country.
    #[schema(max_length = 6, example = "en_US")]
    language: Option<String>,
    /// A part of the name.
    #[schema(max_length = 100, example = "order")]
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// A template. The fields that only Meta's API knows may be given, and mean nothing here.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "some fields are passed over")]
#[schema(as = TemplateDraft, example = json!({
    "name": "order_shipped", "category": "UTILITY", "language": "en_US",
    "components": [
        { "type": "HEADER", "format": "TEXT", "text": "Order {{1}}" },
        { "type": "BODY", "text": "Hi {{1}}, your order comes {{2}}." },
        { "type": "FOOTER", "text": "Acme Corp" },
        { "type": "BUTTONS", "buttons": [
            { "type": "URL", "text": "Track", "url": "https://example.com/track/{{1}}" },
            { "type": "QUICK_REPLY", "text": "Thanks" },
        ] },
    ],
}))]
struct Draft {
    /// Small letters, digits and `_`.
    #[schema(min_length = 1, max_length = 512)]
    name: String,
    /// What the template is for.
    category: CategoryView,
    /// A language, with or without a country.
    #[schema(min_length = 2, max_length = 6)]
    language: String,
    /// HEADER, BODY, FOOTER and BUTTONS, each once; a BODY must be there. A header has 60 characters or is an IMAGE, a
    /// VIDEO or a DOCUMENT; a body has 1,024 characters, a footer 60, a button 25; there are 10 buttons at most.
    #[schema(min_items = 1, max_items = 4, value_type = Vec<Object>)]
    components: Vec<Value>,
    /// Whether it is not to be sent yet; false when it is not given.
    draft: Option<bool>,
    /// APPROVED, or what else Meta says, which makes it a draft.
    #[schema(max_length = 64)]
    status: Option<String>,
    /// Why Meta refused it.
    #[schema(max_length = 200)]
    rejected_reason: Option<String>,
    /// Meta's id; passed over.
    #[schema(max_length = 64)]
    id: Option<String>,
    /// Passed over; named parameters are not supported.
    #[schema(max_length = 64)]
    parameter_format: Option<String>,
    /// Passed over.
    #[schema(max_length = 64)]
    previous_category: Option<String>,
    /// Passed over.
    #[schema(max_length = 64)]
    correct_category: Option<String>,
    /// Passed over.
    #[schema(max_length = 64)]
    sub_category: Option<String>,
    /// Passed over.
    #[schema(max_length = 512)]
    library_template_name: Option<String>,
    /// Passed over.
    allow_category_change: Option<bool>,
    /// Passed over.
    cta_url_link_tracking_opted_out: Option<bool>,
    /// Passed over.
    #[schema(minimum = 0, maximum = 31_536_000)]
    message_send_ttl_seconds: Option<i64>,
    /// Passed over.
    #[schema(value_type = Option<Object>)]
    quality_score: Option<Map<String, Value>>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = TemplateChange, example = json!({ "draft": false }))]
struct Change {
    /// Another name.
    #[schema(min_length = 1, max_length = 512, example = "order_shipped")]
    name: Option<String>,
    /// What the template is for.
    category: Option<CategoryView>,
    /// Another language.
    #[schema(min_length = 2, max_length = 6, example = "en_US")]
    language: Option<String>,
    /// All components, in place of those before.
    #[schema(min_items = 1, max_items = 4, value_type = Option<Vec<Object>>)]
    components: Option<Vec<Value>>,
    /// true for a draft, false to approve it.
    draft: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "what stands beside the data is passed over")]
#[schema(as = TemplateImport, example = json!({ "data": [{
    "name": "hello_world", "language": "en_US", "category": "UTILITY", "status": "APPROVED",
    "components": [{ "type": "BODY", "text": "Hello {{1}}", "example": { "body_text": [["Ada"]] } }],
}] }))]
struct Import {
    /// Templates as Meta's API shows them.
    #[schema(min_items = 1, max_items = 1000, value_type = Vec<Object>)]
    data: Vec<Value>,
    /// Passed over: only what `data` has is taken.
    #[schema(value_type = Option<Object>)]
    paging: Option<Map<String, Value>>,
    /// Passed over.
    #[schema(value_type = Option<Object>)]
    summary: Option<Map<String, Value>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TemplateImportResult)]
struct ImportedView {
    /// Templates in `data`.
    total: usize,
    /// How many were new.
    created: usize,
    /// How many replaced one of their name and language.
    updated: usize,
    /// How many could not be taken.
    failed: usize,
    /// One for each template, in the order of `data`.
    results: Vec<ImportResultView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ImportedTemplate)]
struct ImportResultView {
    /// The name as it was given; null where it is no text.
    #[schema(example = "hello_world")]
    name: Option<String>,
    /// The language as it was given; null where it is no text.
    #[schema(example = "en_US")]
    language: Option<String>,
    /// created, updated or failed.
    #[schema(example = "created")]
    result: &'static str,
    /// Id of the template; null where it failed.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: Option<String>,
    /// Approved, or a draft where Meta has not approved it; null where it failed.
    status: Option<StatusView>,
    /// What is wrong with it; null where it was taken.
    #[schema(example = json!(null))]
    error: Option<String>,
}

impl From<ImportResult> for ImportResultView {
    fn from(one: ImportResult) -> Self {
        let (result, template, error) = match one.outcome {
            Outcome::Created(template) => ("created", Some(template), None),
            Outcome::Updated(template) => ("updated", Some(template), None),
            Outcome::Failed(error) => ("failed", None, Some(error.message)),
        };
        Self {
            name: one.name,
            language: one.language,
            result,
            id: template.as_ref().map(|template| template.id.to_string()),
            status: template.map(|template| template.status.into()),
            error,
        }
    }
}

pub async fn list(
    call: Call<Read>,
    Query(query): Query<TemplatesQuery>,
) -> Result<Paged<TemplateView>, ApiError> {
    let filter = TemplateFilter {
        status: query.status.map(Status::from),
        category: query.category.map(Category::from),
        language: query.language,
        search: query.search,
    };
    let all = call.templates.list(&filter).await?;
    let (total, paging) = (all.len() as u64, query.paging);
    let skipped = usize::try_from(paging.skipped()).unwrap_or(usize::MAX);
    let page = all.into_iter().skip(skipped).take(paging.limit());
    Ok(Paged::of(&page.map(TemplateView::from).collect::<Vec<_>>(), paging, total))
}

async fn create(
    call: Call<Admin>,
    Body(body): Body<Draft>,
) -> Result<Created<TemplateView>, ApiError> {
    let form = json!({
        "name": body.name, "language": body.language, "category": body.category,
        "components": body.components, "status": body.status, "rejected_reason": body.rejected_reason,
    });
    let mut draft: TemplateDraft = content::draft(&form)?;
    if body.draft.unwrap_or_default() {
        draft.status = Status::Draft;
    }
    Ok(Created::of(call.templates.create(draft).await?.into()))
}

async fn read(
    call: Call<Read>,
    Path(id): Path<TemplateId>,
) -> Result<Data<TemplateView>, ApiError> {
    Ok(Data::of(call.templates.get(id).await?.into()))
}

async fn change(
    call: Call<Admin>,
    Path(id): Path<TemplateId>,
    Body(body): Body<Change>,
) -> Result<Data<TemplateView>, ApiError> {
    let change = TemplateChange {
        name: body.name,
        language: body.language,
        category: body.category.map(Category::from),
        status: body.draft.map(|draft| if draft { Status::Draft } else { Status::Approved }),
        parts: body.components.as_deref().map(content::components).transpose()?,
    };
    Ok(Data::of(call.templates.change(id, change).await?.into()))
}

async fn remove(call: Call<Admin>, Path(id): Path<TemplateId>) -> Result<Message, ApiError> {
    call.templates.delete(id).await?;
    Ok(Message::of("Template deleted"))
}

async fn import(
    call: Call<Admin>,
    Body(body): Body<Import>,
) -> Result<Data<ImportedView>, ApiError> {
    if body.data.is_empty() {
        return Err(Error::invalid_field("data", "must have at least 1 entry").into());
    }
    let results = call.templates.import(&body.data).await?.results.into_iter();
    let results: Vec<ImportResultView> = results.map(ImportResultView::from).collect();
    let count = |word| results.iter().filter(|one| one.result == word).count();
    let (created, updated, failed) = (count("created"), count("updated"), count("failed"));
    Ok(Data::of(ImportedView { total: results.len(), created, updated, failed, results }))
}
