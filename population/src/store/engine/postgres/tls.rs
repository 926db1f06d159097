//! TLS 1.3 to the server, with the root that the place names and no other. The machine's own list of roots is not asked.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::path::Path;
use std::sync::Arc;

use ::postgres::Socket;
use ::postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

use crate::store::TlsFault;

/// Makes connections to servers whose certificate leads to the roots and names the host.
#[derive(Clone)]
pub(super) struct Secured(TlsConnector);

impl Secured {
    /// With the certificates of a PEM file as the only roots.
    pub(super) fn by(root: &Path) -> Result<Self, TlsFault> {
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(root).map_err(|_| TlsFault::Root)?;
        for certificate in certificates {
            roots.add(certificate.map_err(|_| TlsFault::Root)?).map_err(|_| TlsFault::Root)?;
        }
        if roots.is_empty() {
            return Err(TlsFault::Root);
        }
        let config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13])
                .map_err(|_| TlsFault::Root)?
                .with_root_certificates(roots)
                .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

/// The handshake with one host.
pub(super) struct Handshake {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl MakeTlsConnect<Socket> for Secured {
    type Stream = Line;
    type TlsConnect = Handshake;
    type Error = TlsFault;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Handshake, TlsFault> {
        let host = ServerName::try_from(domain.to_owned()).map_err(|_| TlsFault::NoName)?;
        Ok(Handshake { connector: self.0.clone(), host })
    }
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Line;
    type Error = Box<dyn core::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Line, Self::Error>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            self.connector.connect(self.host, socket).await.map(Line).map_err(|error| {
                // A certificate that does not hold is no matter of the line.
                let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                match refused {
                    Some(refused) => TlsFault::Refused(refused.to_string()).into(),
                    None => error.into(),
                }
            })
        })
    }
}

/// An encrypted connection.
pub(super) struct Line(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for Line {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
