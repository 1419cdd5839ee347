//! The OpenAPI document of the control of the simulated network, and the page to browse it.

use actix_web::web;

use crate::api::{
    endpoint::Endpoint,
    error::ApiError,
    kit::{Call, File, Path, Public},
    openapi::{Documents, Json, Page, PageFile, Subject, browse, redirect},
    simulator::shared::TAG,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/_simulator/v1/openapi.json", json)
            .named("getSimulatorOpenApi")
            .about(TAG, "This document"),
        Endpoint::get("/_simulator/api-docs", page)
            .named("redirectToSimulatorApiDocs")
            .about(TAG, "This document as a page to browse"),
        Endpoint::get("/_simulator/api-docs/{file:.*}", file)
            .named("getSimulatorApiDocs")
            .about(TAG, "The files of that page"),
    ]
}

async fn json(_: Call<Public>, documents: web::Data<Documents>) -> Result<File<Json>, ApiError> {
    documents.into_inner().answer(Subject::Simulator).await
}

async fn page(_: Call<Public>) -> File<Page> {
    redirect("/_simulator/api-docs/index.html")
}

async fn file(_: Call<Public>, Path(file): Path<PageFile>) -> File<Page> {
    browse(&file, "/_simulator/v1/openapi.json")
}
