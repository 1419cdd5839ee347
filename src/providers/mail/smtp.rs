//! Mail by SMTP.

use std::time::Duration;

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};

use crate::{
    config::{self, MailSecurity},
    providers::mail::message::{Mail, MailError, Mailer},
};

/// How long each step of a conversation with the server may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A server that takes mails.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// By the settings. Nothing is connected yet. An error says which setting is wrong.
    pub fn new(settings: &config::Mail) -> Result<Self, String> {
        let from = settings.from.parse().map_err(|_| {
            "mail.from must be an address such as \"wagate <wagate@example.com>\"".to_owned()
        })?;
        let parameters = || {
            TlsParameters::new(settings.host.clone())
                .map_err(|error| format!("mail.host: no TLS for {}: {error}", settings.host))
        };
        let tls = match settings.security {
            MailSecurity::StartTls => Tls::Required(parameters()?),
            MailSecurity::Tls => Tls::Wrapper(parameters()?),
            MailSecurity::None => Tls::None,
        };
        // The encryption is chosen here and never left to the server.
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host.as_str())
                .port(settings.port)
                .tls(tls)
                .timeout(Some(DEADLINE));
        if !settings.user.is_empty() {
            let password = settings.password.expose().to_owned();
            transport = transport.credentials(Credentials::new(settings.user.clone(), password));
        }
        Ok(Self { transport: transport.build(), from })
    }

    fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        let unclear = |what: &str| MailError::Refused(format!("{what} cannot be written"));
        let to = mail.to.parse().map_err(|_| unclear("its address"))?;
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.as_str())
            .date(mail.written_at.into())
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|_| unclear("it"))
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        self.transport.send(message).await.map(drop).map_err(|error| fault(&error))
    }
}

/// What went wrong, without the server's own words: they may name the receiver.
fn fault(error: &SmtpError) -> MailError {
    match error.status() {
        Some(code) if error.is_permanent() => {
            MailError::Refused(format!("the mail server refused it with {code}"))
        }
        Some(code) => MailError::NotNow(format!("the mail server answered {code}")),
        None if error.is_timeout() => {
            MailError::NotNow("the mail server did not answer in time".to_owned())
        }
        None if error.is_tls() => {
            MailError::NotNow("the connection to the mail server cannot be encrypted".to_owned())
        }
        None => MailError::NotNow("the mail server cannot be reached".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::*;
    use crate::{config::Config, domain::clock::from_seconds};

    /// A server that takes one mail, or refuses its receiver. Returns what the client sent.
    async fn server(listener: TcpListener, receiver: &'static str) -> Vec<String> {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let (mut lines, mut received, mut is_text) =
            (BufReader::new(read).lines(), Vec::new(), false);
        write.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let word = line.split([' ', ':']).next().unwrap().to_uppercase();
            received.push(line.clone());
            let answer = match word.as_str() {
                _ if is_text && line != "." => continue,
                "DATA" => "354 go on",
                "RCPT" => receiver,
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            is_text = word == "DATA";
            write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
        received
    }

    async fn sent(receiver: &'static str) -> (Result<(), MailError>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = config::Mail {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
            security: MailSecurity::None,
            from: "wagate <wagate@example.com>".to_owned(),
            ..Config::shipped().unwrap().mail
        };
        let received = tokio::spawn(server(listener, receiver));
        let mail = Mail {
            id: uuid::Uuid::nil(),
            to: "ada@example.com".to_owned(),
            subject: "Your code".to_owned(),
            text: "The code is 123456.\n".to_owned(),
            written_at: from_seconds(1_000_000_000),
            good_until: from_seconds(2_000_000_000),
        };
        let smtp = Smtp::new(&settings).unwrap();
        let outcome = smtp.send(&mail).await;
        drop(smtp);
        (outcome, received.await.unwrap())
    }

    #[tokio::test]
    async fn a_mail_reaches_its_server_whole() {
        let (outcome, received) = sent("250 ok").await;
        assert_eq!(outcome, Ok(()));
        for line in [
            "MAIL FROM:<wagate@example.com>",
            "RCPT TO:<ada@example.com>",
            "Subject: Your code",
            "Message-ID: <00000000-0000-0000-0000-000000000000@example.com>",
            "The code is 123456.",
        ] {
            assert!(received.iter().any(|one| one.starts_with(line)), "{line}: {received:#?}");
        }
    }

    #[test]
    fn the_settings_say_how_it_is_encrypted_and_a_wrong_sender_is_named() {
        let settings = |security, from: &str| config::Mail {
            host: "mail.example.com".to_owned(),
            security,
            user: "wagate".to_owned(),
            password: "secret".into(),
            from: from.to_owned(),
            ..Config::shipped().unwrap().mail
        };
        for security in [MailSecurity::StartTls, MailSecurity::Tls, MailSecurity::None] {
            let smtp = Smtp::new(&settings(security, "wagate@example.com"));
            assert!(smtp.is_ok(), "{:?}", smtp.err());
        }
        let wrong = Smtp::new(&settings(MailSecurity::None, "wagate@")).err().unwrap();
        assert!(wrong.starts_with("mail.from"), "{wrong}");
    }

    #[tokio::test]
    async fn a_refusal_is_final_or_not_and_names_nobody() {
        let (outcome, _) = sent("550 ada@example.com is unknown").await;
        let refused = "the mail server refused it with 550";
        assert_eq!(outcome, Err(MailError::Refused(refused.to_owned())));
        let (outcome, _) = sent("451 ada@example.com is busy").await;
        assert_eq!(outcome, Err(MailError::NotNow("the mail server answered 451".to_owned())));
    }
}
