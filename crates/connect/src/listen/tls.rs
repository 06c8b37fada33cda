//! The TLS that syslog comes by: our certificate and, where it is asked for, whose certificates senders must have.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, crypto::ring};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// TLS with a certificate chain and its key. With `clients`, only senders that show a certificate of these authorities get in.
/// All are PEM files.
///
/// # Errors
/// Says which file is wrong.
pub fn acceptor(
    certificate: &Path,
    key: &Path,
    clients: Option<&Path>,
) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for one in certificates(path)? {
                roots
                    .add(one)
                    .map_err(|e| format!("{}: {e}", path.display()))?;
            }
            let asks = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|e| format!("{}: {e}", path.display()))?;
            config.with_client_cert_verifier(asks)
        }
    };
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|e| format!("The key {} cannot be used: {e}", key.display()))?;
    let config = config
        .with_single_cert(certificates(certificate)?, secret)
        .map_err(|e| format!("The certificate or key cannot be used: {e}"))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    if read.is_empty() {
        return Err(format!("{} holds no certificate in PEM.", path.display()));
    }
    Ok(read)
}
