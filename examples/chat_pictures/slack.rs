//! Block Kit, drawn plainly in light colours.

use super::markup::{escaped, of_slack};
use super::{Entry, many};
use serde_json::Value;

const STYLE: &str = "
* { box-sizing: border-box }
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/1.46 'DejaVu Sans', system-ui, sans-serif; font-size: 13.5px }
header { padding: 14px 20px; border-bottom: 1px solid #ddd; font-weight: bold; font-size: 16px }
.message { display: flex; gap: 10px; padding: 14px 20px 6px }
.avatar { width: 36px; height: 36px; border-radius: 8px; background: #23433a; color: #fff; flex: none;
  display: flex; align-items: center; justify-content: center; font-weight: bold }
.body { flex: 1; min-width: 0 }
.who { font-weight: bold } .app { background: #e8e8e8; color: #555; font-size: 10px; padding: 1px 4px; border-radius: 3px;
  margin: 0 6px; font-weight: bold } .when, .only { color: #6b6a6b; font-size: 11.5px }
.only { margin-bottom: 2px }
.section { margin: 4px 0 8px }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 24px; margin: 6px 0 8px }
.context { color: #6b6a6b; font-size: 12px; margin: 4px 0 8px }
code { background: #f3f3f3; border: 1px solid #ddd; border-radius: 3px; padding: 0 3px; color: #b3284c; font-size: 12px }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 }
button { font: inherit; font-weight: bold; font-size: 13px; padding: 5px 12px; border-radius: 4px; border: 1px solid #bbb;
  background: #fff; color: #1d1c1d }
button.primary { background: #1a7a5a; border-color: #1a7a5a; color: #fff }
button.danger { background: #d6245c; border-color: #d6245c; color: #fff }
.reaction { display: inline-block; background: #eef3fb; border: 1px solid #b9cdee; border-radius: 12px; padding: 1px 8px;
  font-size: 12px; margin: 2px 6px 4px 0 }
.replies { color: #1264a3; font-weight: bold; font-size: 12.5px; margin: 2px 0 6px }
.mention { background: #e8f2fa; color: #1264a3; border-radius: 3px; padding: 0 2px }
";

pub fn page(entries: &[Entry]) -> String {
    let all: String = entries.iter().map(message).collect();
    format!("<!doctype html><meta charset=utf-8><style>{STYLE}</style><header># deployments</header>{all}")
}

fn message(entry: &Entry) -> String {
    let blocks: String = entry.body["blocks"].as_array().into_iter().flatten().map(block).collect();
    let only = entry.alone.map(|_| "<div class=only>👁 Only visible to you</div>").unwrap_or_default();
    let reactions: String =
        entry.reactions.iter().map(|(sign, n)| format!("<span class=reaction>{sign} {n}</span>")).collect();
    let replies = match entry.replies {
        0 => String::new(),
        n => format!("<div class=replies>{}</div>", many(n, "reply", "replies")),
    };
    format!(
        "<div class=message><div class=avatar>s</div><div class=body>{only}<span class=who>signalbox</span>\
         <span class=app>APP</span><span class=when>{}</span>{blocks}{reactions}{replies}</div></div>",
        entry.at
    )
}

fn block(block: &Value) -> String {
    let list = |key: &str| block[key].as_array().into_iter().flatten();
    let text = |value: &Value| of_slack(value["text"].as_str().unwrap_or_default());
    match block["type"].as_str().unwrap_or_default() {
        "section" if block["fields"].is_array() => {
            let fields: String = list("fields").map(|field| format!("<div>{}</div>", text(field))).collect();
            format!("<div class=fields>{fields}</div>")
        }
        "section" => format!("<div class=section>{}</div>", text(&block["text"])),
        "context" => {
            let words: Vec<String> = list("elements").map(text).collect();
            format!("<div class=context>{}</div>", words.join(" "))
        }
        "actions" => {
            let buttons: String = list("elements").map(button).collect();
            format!("<div class=actions>{buttons}</div>")
        }
        other => panic!("{other} is not drawn yet"),
    }
}

fn button(element: &Value) -> String {
    let style = element["style"].as_str().unwrap_or("plain");
    format!("<button class={style}>{}</button>", escaped(element["text"]["text"].as_str().unwrap_or_default()))
}
