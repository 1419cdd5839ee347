//! A file on the disk as an answer: whole or in part, and never run as a page of ours.

use std::{borrow::Cow, io::SeekFrom, path::Path};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::{
        StatusCode,
        header::{
            self, ContentRange, ContentRangeSpec, ETag, EntityTag, Header, IfNoneMatch, Range,
        },
    },
    web::{self, Bytes},
};
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use crate::{
    accounts::Lease,
    api::{gate::auth::principal, kit::FileKind},
    domain::{Error, media_type},
    services::Services,
};

/// The file of a message, whole or in part.
pub struct AnyFile;

impl FileKind for AnyFile {
    // The file decides.
    const CONTENT_TYPE: &'static str = "*/*";
    const OTHERS: &'static [(u16, &'static str)] = &[
        (206, "The part that Range asks for"),
        (304, "The file is the one that If-None-Match names"),
        (416, "The file has no such part"),
    ];
}

/// What a file is to be shown as.
pub struct Shown<'a> {
    pub path: &'a Path,
    pub mime: String,
    pub name: &'a str,
    /// Unlike that of any other file.
    pub tag: String,
}

/// Answers with a file that never changes.
pub async fn file_answer(request: &HttpRequest, shown: Shown<'_>) -> Result<HttpResponse, Error> {
    let unreadable =
        |error: std::io::Error| Error::internal(format!("the file cannot be read: {error}"));
    let mut file = tokio::fs::File::open(shown.path).await.map_err(unreadable)?;
    let size = file.metadata().await.map_err(unreadable)?.len();
    let tag = EntityTag::new_strong(shown.tag.clone());
    if is_known(request, &tag) {
        return Ok(begun(StatusCode::NOT_MODIFIED, &shown, tag).finish());
    }
    let part = match part_of(request, &tag, size) {
        Part::Whole => None,
        Part::Of(first, last) => Some((first, last)),
        Part::None => {
            let range =
                ContentRange(ContentRangeSpec::Bytes { range: None, instance_length: Some(size) });
            let mut answer = begun(StatusCode::RANGE_NOT_SATISFIABLE, &shown, tag);
            return Ok(answer.insert_header(range).finish());
        }
    };
    let status = if part.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut answer = begun(status, &shown, tag);
    if let Some(range) = part {
        file.seek(SeekFrom::Start(range.0)).await.map_err(unreadable)?;
        let range = ContentRangeSpec::Bytes { range: Some(range), instance_length: Some(size) };
        answer.insert_header(ContentRange(range));
    }
    let length = part.map_or(size, |(first, last)| last - first + 1);
    let lease = match request.app_data::<web::Data<Services>>() {
        Some(services) => Some(services.api_keys.lease(&principal(request)).await?),
        None => None,
    };
    let pieces = ReaderStream::new(file.take(length));
    let pieces = stream::unfold((pieces, lease), |(mut pieces, lease)| async move {
        // A slow reader gets nothing more once its key has ended.
        let ending = lease.as_ref().and_then(Lease::ending);
        let piece = match ending {
            Some(ending) => Err(std::io::Error::other(ending.reason())),
            None => pieces.next().await?,
        };
        Some((piece, (pieces, lease)))
    });
    Ok(answer.body(SizedStream::new(length, Box::pin(pieces))))
}

/// A file that is part of the program, as a body that no connection copies whole.
pub fn unmoved(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
}

fn begun(status: StatusCode, shown: &Shown<'_>, tag: EntityTag) -> HttpResponseBuilder {
    let encoded =
        percent_encoding::utf8_percent_encode(shown.name, percent_encoding::NON_ALPHANUMERIC);
    let how = if media_type::can_be_shown(&shown.mime) { "inline" } else { "attachment" };
    let mut answer = HttpResponse::build(status);
    answer
        .content_type(media_type::tidy(&shown.mime))
        .insert_header((header::CONTENT_DISPOSITION, format!("{how}; filename*=UTF-8''{encoded}")))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        // Kept by who has it, and asked for again: it may be deleted meanwhile.
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header(ETag(tag))
        // What a stranger sent is never run as a page of ours.
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox"));
    answer
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        // Without the header, there is no item to compare with.
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Err(_) => false,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From this byte to that.
    Of(u64, u64),
    /// What was asked for is not in it.
    None,
}

/// One part can be asked for; who asks for several, or in a way that is not known, gets the whole.
fn part_of(request: &HttpRequest, tag: &EntityTag, size: u64) -> Part {
    let headers = request.headers();
    let condition = headers.get(header::IF_RANGE).map(|value| value.to_str().unwrap_or_default());
    if condition.is_some_and(|condition| condition != tag.to_string()) {
        return Part::Whole;
    }
    if !headers.contains_key(header::RANGE) {
        return Part::Whole;
    }
    match Range::parse(request) {
        Ok(Range::Bytes(parts)) if parts.len() == 1 => {
            let found = parts.first().and_then(|part| part.to_satisfiable_range(size));
            found.map_or(Part::None, |(first, last)| Part::Of(first, last))
        }
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn one_part_is_given_and_what_is_not_understood_is_answered_whole() {
        let tag = EntityTag::new_strong("tag".to_owned());
        for (range, part) in [
            ("bytes=0-0", Part::Of(0, 0)),
            ("bytes=2-", Part::Of(2, 9)),
            ("bytes=2-99", Part::Of(2, 9)),
            ("bytes=-3", Part::Of(7, 9)),
            ("bytes=10-", Part::None),
            ("bytes=0-1,3-4", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("nonsense", Part::Whole),
        ] {
            let request = TestRequest::default().insert_header((header::RANGE, range));
            assert_eq!(part_of(&request.to_http_request(), &tag, 10), part, "{range}");
        }
        for (condition, part) in [("\"tag\"", Part::Of(0, 0)), ("\"other\"", Part::Whole)] {
            let request = TestRequest::default()
                .insert_header((header::RANGE, "bytes=0-0"))
                .insert_header((header::IF_RANGE, condition));
            assert_eq!(part_of(&request.to_http_request(), &tag, 10), part);
        }
    }
}
