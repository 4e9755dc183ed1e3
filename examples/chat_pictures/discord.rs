//! Embeds and components, drawn plainly in dark colours.

use super::markup::{escaped, of_discord};
use super::{Entry, many};
use serde_json::Value;

const STYLE: &str = "
* { box-sizing: border-box }
body { margin: 0; background: #32343b; color: #dcdee2; font: 13.5px/1.42 'DejaVu Sans', system-ui, sans-serif }
header { padding: 14px 18px; border-bottom: 1px solid #26282d; font-weight: bold; color: #f2f3f5; font-size: 16px }
.message { display: flex; gap: 14px; padding: 14px 18px 6px }
.message.alone { background: #3a3f55; border-left: 2px solid #7d88e6 }
.avatar { width: 38px; height: 38px; border-radius: 50%; background: #5f7f73; color: #fff; flex: none;
  display: flex; align-items: center; justify-content: center; font-weight: bold }
.body { flex: 1; min-width: 0 }
.used { color: #a9adb6; font-size: 12px; margin-bottom: 3px } .used b { color: #a9b1f5 }
.who { font-weight: bold; color: #f2f3f5 } .app { background: #6470dd; color: #fff; font-size: 9.5px; padding: 1px 4px;
  border-radius: 3px; margin: 0 6px; font-weight: bold } .when, .only { color: #9a9ea8; font-size: 11px }
.only { margin: 4px 0 }
.embed { background: #2a2c31; border-left: 4px solid; border-radius: 4px; padding: 10px 14px; margin: 6px 0; max-width: 560px }
.fields { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; margin-top: 8px }
.name { font-weight: bold; font-size: 12.5px; color: #f2f3f5 }
.small { font-size: 11.5px; color: #9a9ea8; margin: 2px 0 }
code { background: #1f2125; border-radius: 3px; padding: 0 4px; font-size: 12px }
.time { background: #3b3d45; border-radius: 3px; padding: 0 3px }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 4px }
button { font: inherit; font-size: 13px; padding: 6px 14px; border-radius: 4px; border: 0; color: #fff; background: #4d5058 }
button.s1 { background: #5561d8 } button.s4 { background: #c93b40 }
.reaction { display: inline-block; background: #3a3f6b; border: 1px solid #6470dd; border-radius: 8px; padding: 1px 8px;
  font-size: 12px; margin: 2px 6px 4px 0 }
.replies { color: #8fb4f0; font-weight: bold; font-size: 12.5px; margin: 2px 0 6px }
";

pub fn page(entries: &[Entry]) -> String {
    let all: String = entries.iter().map(message).collect();
    format!("<!doctype html><meta charset=utf-8><style>{STYLE}</style><header># deployments</header>{all}")
}

fn message(entry: &Entry) -> String {
    let list = |key: &str| entry.body[key].as_array().into_iter().flatten();
    let content = of_discord(entry.body["content"].as_str().unwrap_or_default());
    let embeds: String = list("embeds").map(embed).collect();
    let rows: String = list("components").map(row).collect();
    let (class, used, only) = match entry.alone {
        Some(_) => (
            "message alone",
            "<div class=used>╭ <b>Sara</b> used <b>/deploy</b></div>",
            "<div class=only>👁 Only you can see this</div>",
        ),
        None => ("message", "", ""),
    };
    let reactions: String =
        entry.reactions.iter().map(|(sign, n)| format!("<span class=reaction>{sign} {n}</span>")).collect();
    let replies = match entry.replies {
        0 => String::new(),
        n => format!("<div class=replies>{} ›</div>", many(n, "message", "messages")),
    };
    format!(
        "<div class='{class}'><div class=avatar>s</div><div class=body>{used}<span class=who>signalbox</span>\
         <span class=app>APP</span><span class=when>{}</span>{content}{embeds}{rows}{only}{reactions}{replies}</div></div>",
        entry.at
    )
}

fn embed(embed: &Value) -> String {
    let description = embed["description"].as_str().map(of_discord).unwrap_or_default();
    let fields = embed["fields"].as_array().cloned().unwrap_or_default();
    let each: String = fields.iter().map(field).collect();
    let fields = if fields.is_empty() { String::new() } else { format!("<div class=fields>{each}</div>") };
    let colour = embed["color"].as_u64().unwrap_or_default();
    format!("<div class=embed style='border-color: #{colour:06x}'>{description}{fields}</div>")
}

fn field(field: &Value) -> String {
    let text = |key: &str| of_discord(field[key].as_str().unwrap_or_default());
    format!("<div><div class=name>{}</div>{}</div>", text("name"), text("value"))
}

fn row(row: &Value) -> String {
    let buttons = row["components"].as_array().into_iter().flatten();
    let buttons: String = buttons
        .map(|b| format!("<button class=s{}>{}</button>", b["style"], escaped(b["label"].as_str().unwrap_or_default())))
        .collect();
    format!("<div class=row>{buttons}</div>")
}
