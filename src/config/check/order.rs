//! `after` between environments: not itself, no circle.

use crate::config::context::Context;
use crate::config::problem::Code;
use crate::config::raw::Root;
use std::collections::BTreeSet;

pub fn check(root: &Root, cx: &mut Context) {
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for (name, environment) in &root.environments.0 {
        let Some(after) = &environment.after else { continue };
        if after.value == name.value {
            cx.error(Code::AfterItself, &after.place, format!("{} comes after itself", name.value))
                .hint("name the environment that must have it first, or remove the line");
            continue;
        }
        let mut path = vec![name.value.as_str()];
        let mut next = Some(after.value.as_str());
        while let Some(step) = next {
            if step == name.value {
                if path.iter().any(|p| reported.contains(p)) {
                    break;
                }
                reported.extend(path.iter().copied());
                path.push(step);
                let message = format!("no environment can be first: {}", path.join(" after "));
                cx.error(Code::AfterCycle, &after.place, message).hint("remove one `after` of the circle");
                break;
            }
            if path.contains(&step) {
                break;
            }
            path.push(step);
            next = root.environments.get(step).and_then(|e| e.after.as_ref()).map(|at| at.value.as_str());
        }
    }
}
