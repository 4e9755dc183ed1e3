//! As much HTTP as measuring a local server needs.

use crate::Result;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// One request on a connection of its own; the whole answer, head and body.
pub async fn ask(address: SocketAddr, method: &str, path: &str, key: &str, body: &str) -> Result<String> {
    let mut stream = begin(address, method, path, key, body, "close").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// A live stream; its lines as they come.
pub async fn live(address: SocketAddr, path: &str, key: &str) -> Result<tokio::io::Lines<BufReader<TcpStream>>> {
    Ok(BufReader::new(begin(address, "GET", path, key, "", "keep-alive").await?).lines())
}

async fn begin(address: SocketAddr, method: &str, path: &str, key: &str, body: &str, after: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nConnection: {after}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}
