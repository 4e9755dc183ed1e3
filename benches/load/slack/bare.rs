//! The least that could be done with the same requests: a handler that verifies nothing, reads nothing and stores one row, with
//! full sync, all that waits in one transaction; one thread for the connections and one for the database. It says what the
//! machine allows; the program's own figures are to be read beside it.

use super::post;
use super::web::Web;
use crate::figures::middle;
use crate::{Options, Result, conditions};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use rusqlite::Connection;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};

/// The word that makes this program the server.
pub const SERVE: &str = "--serve-bare";
/// Rows in a transaction at most.
const AT_ONCE: usize = 256;

type Row = (String, oneshot::Sender<()>);

/// Measures it, as the program is measured.
pub async fn run(options: &Options) -> Result<()> {
    let web = Web::start().await?;
    let folder = conditions::fresh(&options.folder, "bare")?;
    let mut server = Command::new(std::env::current_exe()?);
    let mut server =
        server.args([SERVE.as_ref(), folder.as_os_str()]).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let out = server.stdout.take().ok_or("the server has no output")?;
    let line = BufReader::new(out).lines().next_line().await?.ok_or("the server does not begin")?;
    let address: SocketAddr = line.parse()?;
    conditions::disk(&options.folder)?;
    let times = post::open_loop(address, &web, 0, 100, options.seconds * 4).await?;
    times.show("bare, 100/s: sent to acknowledged");
    let mut rates = Vec::new();
    for _ in 0..options.rounds {
        conditions::disk(&options.folder)?;
        let signed = post::signed(&web, 0, options.seconds)?;
        let (times, rate) = post::closed_loop(address, signed, super::CONNECTIONS, options.seconds).await?;
        times.show(&format!("  bare, {rate:.0}/s for {} s", options.seconds));
        rates.push(rate);
    }
    println!("    rounds: {} /s", middle(&rates));
    server.kill().await?;
    Ok(())
}

/// Until it is killed. Prints its address.
pub async fn serve(folder: &Path) -> Result<()> {
    let conn = Connection::open(folder.join("bare.db"))?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.execute_batch("CREATE TABLE said (n INTEGER PRIMARY KEY, body TEXT NOT NULL)")?;
    let (ask, asked) = mpsc::channel::<Row>(1024);
    std::thread::spawn(move || write(&conn, asked));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let router = Router::new().fallback(store).with_state(ask);
    Ok(axum::serve(listener, router).await?)
}

async fn store(State(ask): State<mpsc::Sender<Row>>, body: String) -> StatusCode {
    let (tell, told) = oneshot::channel();
    match ask.send((body, tell)).await {
        Ok(()) if told.await.is_ok() => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn write(conn: &Connection, mut asked: mpsc::Receiver<Row>) -> rusqlite::Result<()> {
    let mut waiting = Vec::with_capacity(AT_ONCE);
    while asked.blocking_recv_many(&mut waiting, AT_ONCE) > 0 {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut store = conn.prepare_cached("INSERT INTO said (body) VALUES (?1)")?;
        for (body, _) in &waiting {
            store.execute([body])?;
        }
        conn.prepare_cached("COMMIT")?.execute([])?;
        for (_, tell) in waiting.drain(..) {
            let _ = tell.send(());
        }
    }
    Ok(())
}
