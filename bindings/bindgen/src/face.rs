//! The public face as text: what a Kotlin or Swift developer can call, sorted.

use std::fmt::Write as _;

use uniffi_bindgen::interface::{
    Argument, AsType, ComponentInterface, Enum, Field, Object, ObjectImpl, Record, Type, Variant,
};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, GlobalConfig};

/// What is printed, and what of it has no documentation.
#[derive(Default)]
struct Page {
    items: Vec<String>,
    undocumented: Vec<String>,
}

/// The face of a built library.
pub(crate) fn print(library: &str) -> Result<String, String> {
    let told = |error: &dyn std::fmt::Display| format!("{library}: {error}");
    let loader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
    let metadata = loader.load_metadata(library.into());
    let metadata = metadata.map_err(|error| told(&error))?;
    let faces = loader.load_cis(metadata).map_err(|error| told(&error))?;
    let mut page = Page::default();
    for face in &faces {
        page.component(face);
    }
    if page.undocumented.is_empty() {
        page.items.sort();
        return Ok(page.items.join("\n"));
    }
    Err(format!(
        "without documentation: {}",
        page.undocumented.join(", ")
    ))
}

impl Page {
    fn component(&mut self, face: &ComponentInterface) {
        for object in face.object_definitions() {
            self.object(object);
        }
        for record in face.record_definitions() {
            self.record(record);
        }
        for one in face.enum_definitions() {
            self.enumeration(one, face.is_name_used_as_error(one.name()));
        }
    }

    fn documented(&mut self, what: &str, text: Option<&str>) {
        if text.is_none_or(|text| text.trim().is_empty()) {
            self.undocumented.push(what.into());
        }
    }

    fn object(&mut self, object: &Object) {
        self.documented(object.name(), object.docstring());
        let kind = match object.imp() {
            ObjectImpl::Struct => "object",
            _ => "interface",
        };
        let mut item = format!("{kind} {}\n", object.name());
        let mut lines = Vec::new();
        for one in object.constructors() {
            let name = format!("{}.{}", object.name(), one.name());
            self.documented(&name, one.docstring());
            let made = Some(object.name().to_owned());
            let throws = one.throws_type();
            lines.push(signature(
                &format!("new {}", one.name()),
                &one.arguments(),
                made,
                throws,
            ));
        }
        for one in object.methods() {
            let name = format!("{}.{}", object.name(), one.name());
            self.documented(&name, one.docstring());
            let called = if one.is_async() {
                format!("async {}", one.name())
            } else {
                one.name().to_owned()
            };
            let answer = one.return_type().map(name_of);
            lines.push(signature(
                &called,
                &one.arguments(),
                answer,
                one.throws_type(),
            ));
        }
        lines.sort();
        item.extend(lines);
        self.items.push(item);
    }

    fn record(&mut self, record: &Record) {
        self.documented(record.name(), record.docstring());
        let mut item = format!("record {}\n", record.name());
        for field in record.fields() {
            item.push_str(&self.field(record.name(), field));
        }
        self.items.push(item);
    }

    fn enumeration(&mut self, one: &Enum, error: bool) {
        self.documented(one.name(), one.docstring());
        let kind = if error { "error" } else { "enum" };
        let mut item = format!("{kind} {}\n", one.name());
        for variant in one.variants() {
            item.push_str(&self.variant(one.name(), variant));
        }
        self.items.push(item);
    }

    fn variant(&mut self, of: &str, variant: &Variant) -> String {
        let name = format!("{of}.{}", variant.name());
        self.documented(&name, variant.docstring());
        let mut line = format!("  {}", variant.name());
        let fields: Vec<String> = variant
            .fields()
            .iter()
            .map(|field| self.field(&name, field).trim().to_owned())
            .collect();
        if !fields.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(line, "({})", fields.join(", "));
        }
        line.push('\n');
        line
    }

    fn field(&mut self, of: &str, field: &Field) -> String {
        self.documented(&format!("{of}.{}", field.name()), field.docstring());
        let default = if field.default_value().is_some() {
            " = default"
        } else {
            ""
        };
        format!(
            "  {}: {}{default}\n",
            field.name(),
            name_of(&field.as_type())
        )
    }
}

fn signature(
    name: &str,
    arguments: &[&Argument],
    answer: Option<String>,
    throws: Option<&Type>,
) -> String {
    let arguments: Vec<String> = arguments
        .iter()
        .map(|one| {
            let default = if one.default_value().is_some() {
                " = default"
            } else {
                ""
            };
            format!("{}: {}{default}", one.name(), name_of(&one.as_type()))
        })
        .collect();
    let mut line = format!("  {name}({})", arguments.join(", "));
    if let Some(answer) = answer {
        line.push_str(" -> ");
        line.push_str(&answer);
    }
    if let Some(throws) = throws {
        line.push_str(" throws ");
        line.push_str(&name_of(throws));
    }
    line.push('\n');
    line
}

fn name_of(named: &Type) -> String {
    match named {
        Type::Optional { inner_type } => format!("{}?", name_of(inner_type)),
        Type::Sequence { inner_type } => format!("[{}]", name_of(inner_type)),
        Type::Box { inner_type } => name_of(inner_type),
        Type::Map {
            key_type,
            value_type,
        } => format!("{{{}: {}}}", name_of(key_type), name_of(value_type)),
        Type::Object { name, .. }
        | Type::Record { name, .. }
        | Type::Enum { name, .. }
        | Type::CallbackInterface { name, .. }
        | Type::Custom { name, .. } => name.clone(),
        other => format!("{other:?}"),
    }
}
