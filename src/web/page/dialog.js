// Modal dialogs: a question before a risky click, forms, and the key.

import { clean, el, unique } from "./dom.js";

/** Opens a dialog and waits until it is closed; `null` when it was left. */
function ask(title, content, submit, { danger = false, read = () => true } = {}) {
  return new Promise((answer) => {
    const titleId = unique("dialog-title");
    const error = el("p", { class: "form-error", role: "alert" });
    const yes = el("button", { class: `btn ${danger ? "danger" : "primary"}`, type: "submit" }, clean(submit));
    const form = el("form", { method: "dialog", novalidate: true },
      el("h2", { id: titleId }, clean(title)),
      ...content,
      error,
      el("div", { class: "dialog-buttons" },
        el("button", { class: "btn", type: "button", onclick: () => dialog.close() }, "Cancel"), yes));
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": titleId }, form);
    let result = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wrong = [...form.elements].find((e) => e.willValidate && !e.checkValidity());
      if (wrong) {
        error.textContent = `${wrong.dataset.label ?? "A field"}: ${wrong.validationMessage}`;
        wrong.setAttribute("aria-invalid", "true");
        wrong.focus();
        return;
      }
      result = read(form);
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.isConnected && before.focus();
      answer(result);
    });
    const before = document.activeElement;
    document.body.append(dialog);
    dialog.showModal();
    const first = form.querySelector("input, textarea, select") ?? yes;
    first.focus();
  });
}

/** Asks before it counts; resolves to whether it does. */
export async function confirm(text, label, danger) {
  return (await ask(label, [el("p", { class: "dialog-text" }, clean(text))], label, { danger })) === true;
}

/** Shows a neutral form; resolves to what was filled in, or `null`. */
export function fill(form, danger = false) {
  const fields = form.fields.map(field);
  const read = () => Object.fromEntries(fields.map((f) => [f.name, f.input.value]));
  return ask(form.title, fields.map((f) => f.row), form.submit, { danger, read });
}

function field(spec) {
  const id = unique("field");
  const attributes = { id, name: spec.name, required: spec.required, "data-label": spec.label, "aria-describedby": spec.help ? `${id}-help` : null };
  const kind = typeof spec.kind === "object" ? spec.kind.field : spec.kind;
  let input;
  if (kind === "choice") {
    const options = spec.kind.options.map(([value, label]) => el("option", { value }, clean(label)));
    // Nothing is chosen beforehand, so that nobody sends what they have not read.
    options.unshift(el("option", { value: "" }, spec.required ? "Choose…" : "As usual"));
    input = el("select", attributes, ...options);
  } else if (kind === "paragraph") {
    input = el("textarea", { ...attributes, rows: 4, maxlength: 40000 });
  } else {
    input = el("input", { ...attributes, type: "text", maxlength: 4000, autocomplete: "off" });
  }
  const row = el("div", { class: "field" },
    el("label", { for: id }, clean(spec.label), spec.required ? el("span", { class: "required" }, " (required)") : ""),
    input,
    spec.help ? el("p", { class: "help", id: `${id}-help` }, clean(spec.help)) : "");
  return { name: spec.name, input, row };
}

/** Asks for one line of text. */
export async function askLine(title, label, help, submit) {
  const filled = await fill({ title, submit, fields: [{ name: "value", label, kind: { field: "line" }, required: true, help }] });
  return filled?.value.trim() ?? null;
}
