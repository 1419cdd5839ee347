//! A connection's stream with deadlines: for the head of a request, for a reader that takes
//! nothing, and for one that has to give way.

use std::{
    future::Future,
    io::{Error, ErrorKind, IoSlice, Result},
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use crate::api::server::connections::Seat;

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    /// Between two requests: until the next one's head has come whole.
    pub idle: Duration,
    /// While a reader takes nothing of what is written to it.
    pub write: Duration,
    /// A connection in a place that is not to be held for long.
    pub short: Duration,
}

/// Bytes that are read at a time where a head is looked for, and ahead of the next turn. Each of the
/// requests in them takes kilobytes as soon as it is read.
const AHEAD: usize = 1_024;

/// A stream of a connection, whose place it holds.
pub struct Paced {
    stream: TcpStream,
    pub seat: Seat,
    pacing: Pacing,
    idle: Timer,
    write: Timer,
    /// The end of a connection in a place that is not to be held for long.
    end: Timer,
    /// Turns that were seen. A request may begin and end between two looks at the stream.
    turns: usize,
    /// Bytes that were read ahead of the next turn.
    ahead: usize,
    /// Whether the server has to look at what it has before it gets more.
    is_full: bool,
}

impl Paced {
    pub fn new(stream: TcpStream, seat: Seat, pacing: Pacing) -> Self {
        let (idle, write, end) = (Timer::default(), Timer::default(), Timer::default());
        Self { stream, seat, pacing, idle, write, end, turns: 0, ahead: 0, is_full: false }
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.stream
    }

    /// Reads what may be a head, or several.
    fn read_some(
        &mut self,
        most: usize,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<usize>> {
        let mut room = [0; AHEAD];
        let mut part = ReadBuf::new(&mut room[..most.min(AHEAD).min(buffer.remaining())]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        buffer.put_slice(part.filled());
        Poll::Ready(Ok(part.filled().len()))
    }

    /// Whether this must end now; woken when it must later.
    fn check(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let connection = &self.seat.connection;
        connection.task.register(cx.waker());
        if connection.closing.load(Ordering::Acquire) {
            return Err(ended("gave way to others"));
        }
        if connection.is_short && self.end.is_over(self.pacing.short, cx) {
            return Err(ended("had a place for a short time"));
        }
        Ok(())
    }

    /// Lets the deadlines of a write that waits go on.
    fn wait<T>(&mut self, written: Poll<Result<T>>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.write.stop();
            return written;
        }
        self.check(cx)?;
        if self.write.is_over(self.pacing.write, cx) {
            return Poll::Ready(Err(ended("takes nothing of what is written to it")));
        }
        Poll::Pending
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let this = &mut *self;
        this.check(cx)?;
        let turns = this.seat.connection.turns.load(Ordering::Relaxed);
        if std::mem::replace(&mut this.turns, turns) != turns {
            this.idle.stop();
        }
        if 0 < this.seat.connection.under_way.load(Ordering::Relaxed) {
            this.idle.stop();
            if this.seat.connection.has_body.load(Ordering::Relaxed) {
                return Pin::new(&mut this.stream).poll_read(cx, buffer);
            }
            if AHEAD <= this.ahead {
                this.seat.connection.is_held.store(true, Ordering::Relaxed);
                return Poll::Pending;
            }
            this.ahead += ready!(this.read_some(AHEAD - this.ahead, cx, buffer))?;
            return Poll::Ready(Ok(()));
        }
        this.ahead = 0;
        // Counted on while parts of a head come: it has to be whole in time.
        if this.idle.is_over(this.pacing.idle, cx) {
            return Poll::Ready(Err(ended("sends no request")));
        }
        if std::mem::take(&mut this.is_full) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = ready!(this.read_some(AHEAD, cx, buffer))?;
        this.is_full = read == AHEAD;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wait(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.wait(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        Poll::Ready(Ok(()))
    }
}

fn ended(why: &'static str) -> Error {
    tracing::debug!("a connection was closed: it {why}");
    Error::new(ErrorKind::TimedOut, why)
}

/// A time that runs from when it is first asked for until it is stopped.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    is_running: bool,
}

impl Timer {
    fn is_over(&mut self, after: Duration, cx: &mut Context<'_>) -> bool {
        let deadline = || Instant::now() + after;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline())));
        if !self.is_running {
            sleep.as_mut().reset(deadline());
            self.is_running = true;
        }
        sleep.as_mut().poll(cx).is_ready()
    }

    fn stop(&mut self) {
        self.is_running = false;
    }
}
