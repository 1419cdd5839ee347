//! A form with one file: a multipart body as a type, whose fields and size are those of its schema. The file is
//! written to the disk while it comes in.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek},
    marker::PhantomData,
};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::CONTENT_TYPE, web};
use futures_util::{StreamExt, future::LocalBoxFuture};
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        gate::auth::still_good,
        kit::{
            body::{broken_off, elsewhere, too_large},
            describe::{DescribeArg, Operation, shape},
            large_bodies::{LargeBodies, Room},
        },
    },
    domain::{Error, ErrorCode, shown::shown},
    services::Services,
};

const MIB: usize = 1024 * 1024;
/// Bytes of the file.
pub const LARGEST_FILE: usize = 16 * MIB;
/// Bytes of the other fields together, and of what lies between parts.
const LARGEST_REST: usize = 64 * 1024;
/// The field that has the file.
const FILE: &str = "file";

/// A file of a form. It counts among all large bodies while it is held.
pub struct FormFile {
    /// A file without a name, at its beginning.
    pub content: File,
    pub size: u64,
    /// As the caller named it.
    pub filename: Option<String>,
    _room: Room,
}

impl FormFile {
    /// The whole file in memory.
    pub async fn into_bytes(mut self) -> Result<Vec<u8>, Error> {
        elsewhere(move || {
            let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or_default());
            self.content.read_to_end(&mut bytes).map_err(|error| not_held(&error))?;
            Ok(bytes)
        })
        .await
    }
}

/// The fields of a form, which are those of `T`; one is `file`.
pub struct Form<T> {
    file: Option<FormFile>,
    texts: BTreeMap<String, String>,
    of: PhantomData<T>,
}

impl<T> Form<T> {
    /// The file, which must be there.
    pub fn file(&mut self) -> Result<FormFile, Error> {
        let file = self.file.take().ok_or_else(|| Error::invalid_field(FILE, "is required"))?;
        if file.size == 0 {
            return Err(Error::invalid_field(FILE, "must not be empty"));
        }
        Ok(file)
    }

    /// Another field; none where it is blank.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

impl<T: ToSchema + 'static> FromRequest for Form<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (payload, request) = (payload.take(), request.clone());
        Box::pin(async move {
            let form = read(&request, payload, &shape::<T>().field_names()).await?;
            // A body may take minutes: what its key could do at the beginning says nothing of its end.
            if let Some(services) = request.app_data::<web::Data<Services>>() {
                still_good(services, &request).await?;
            }
            Ok(form)
        })
    }
}

impl<T: ToSchema + 'static> DescribeArg for Form<T> {
    fn describe(operation: &mut Operation) {
        operation.form = Some(shape::<T>);
        operation.body_limit = Some(|| LARGEST_FILE + LARGEST_REST);
        operation.may_fail(&[ErrorCode::Invalid, ErrorCode::TooLarge, ErrorCode::NotFound]);
    }
}

async fn read<T>(
    request: &HttpRequest,
    payload: Payload,
    names: &[String],
) -> Result<Form<T>, Error> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = content_type.is_some_and(|named| {
        named.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
    });
    if !is_form {
        let message = "the body must be a form: Content-Type: multipart/form-data";
        return Err(Error::invalid(message));
    }
    let mut form = Form { file: None, texts: BTreeMap::new(), of: PhantomData };
    let (mut parts, mut rest) = (Multipart::new(request.headers(), payload), LARGEST_REST);
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(broken)?;
        let name = part.name().unwrap_or_default().to_owned();
        if !names.contains(&name) {
            let fault = format!("is not a field of this form, which has {}", names.join(", "));
            return Err(Error::invalid_field(&shown(&name), fault));
        }
        if form.texts.contains_key(&name) || name == FILE && form.file.is_some() {
            return Err(Error::invalid_field(&name, "is there twice"));
        }
        if name == FILE {
            form.file = Some(file_of(request, &mut part).await?);
        } else {
            let bytes = bytes_of(&mut part, rest).await?;
            rest -= bytes.len();
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| Error::invalid_field(&name, "must be in UTF-8"))?;
            form.texts.insert(name, text);
        }
    }
    Ok(form)
}

async fn file_of(request: &HttpRequest, part: &mut Field) -> Result<FormFile, Error> {
    let filename = part.content_disposition().and_then(|of| of.get_filename());
    let filename = filename.map(str::to_owned);
    let services = request.app_data::<web::Data<Services>>();
    let services = services.ok_or_else(|| Error::internal("the server has no services"))?;
    let bodies = request.app_data::<web::Data<LargeBodies>>();
    let mut file = tokio::fs::File::from_std(services.uploads.nameless_file().await?);
    let (mut size, mut room) = (0, Room::default());
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(broken)?;
        size += chunk.len();
        if LARGEST_FILE < size {
            return Err(too_large(LARGEST_FILE));
        }
        if let Some(bodies) = bodies {
            bodies.make_room(&mut room, size)?;
        }
        file.write_all(&chunk).await.map_err(|error| not_held(&error))?;
    }
    file.flush().await.map_err(|error| not_held(&error))?;
    let mut content = file.into_std().await;
    content.rewind().map_err(|error| not_held(&error))?;
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    Ok(FormFile { content, size, filename, _room: room })
}

fn not_held(error: &io::Error) -> Error {
    Error::internal(format!("the file of the body could not be held on the disk: {error}"))
}

async fn bytes_of(part: &mut Field, most: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(broken)?;
        if most < bytes.len() + chunk.len() {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn broken(error: MultipartError) -> Error {
    match error {
        MultipartError::Payload(error) => broken_off(error),
        error => Error::invalid(format!("the body is no form: {error}")),
    }
}
