//! Takes the address, and refuses one that others can reach.

use std::net::SocketAddr;
use tokio::net::TcpListener;

#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "{0} is open to other machines, and the console lets its reader act as anybody; use 127.0.0.1, or say it is meant"
    )]
    NotLoopback(SocketAddr),
    #[error("cannot listen on {address}: {why}")]
    Listen { address: SocketAddr, why: std::io::Error },
}

/// Listens on `address`, port 0 for any free one. Only a loopback address is taken unless `anywhere`.
///
/// # Errors
/// When the address is not of loopback, or cannot be listened on.
pub async fn bind(address: SocketAddr, anywhere: bool) -> Result<TcpListener, BindError> {
    if !anywhere && !address.ip().to_canonical().is_loopback() {
        return Err(BindError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|why| BindError::Listen { address, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_loopback_unless_told() {
        for open in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let refused = bind(open.parse().unwrap(), false).await;
            assert!(matches!(refused, Err(BindError::NotLoopback(_))), "{open}");
        }
        let taken = bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap().local_addr().unwrap();
        assert!(taken.ip().is_loopback());
    }

    #[tokio::test]
    async fn a_taken_port_says_so() {
        let first = bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
        let again = bind(first.local_addr().unwrap(), false).await;
        assert!(matches!(again, Err(BindError::Listen { .. })));
    }
}
