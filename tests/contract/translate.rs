//! What OpenAPI 3.0 says about a value, said in JSON Schema 2020-12: once per document, for what is sent and what comes back.
//!
//! Different are `nullable`, `discriminator`, and `readOnly` and `writeOnly` beside `required`. Besides, what is sent is
//! closed: a field that the document does not name is a misspelt one, though providers ignore it.

use serde_json::{Map, Value, json};

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Request,
    Reply,
}

/// The whole document with its schemas translated; everything stays in its place, so that references lead on.
pub fn translated(document: &Value, side: Side) -> Value {
    let translation = Translation { document, side };
    translation.outside(document, "")
}

/// How deep references and choices are followed to see whether a schema names its properties.
const DEPTH_MAX: usize = 12;

struct Translation<'a> {
    document: &'a Value,
    side: Side,
}

impl Translation<'_> {
    /// All that is no schema, up to where one begins.
    fn outside(&self, node: &Value, key: &str) -> Value {
        match node {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| {
                    let field = match name.as_str() {
                        "example" | "examples" => field.clone(),
                        _ if name == "schema" || key == "schemas" => self.value(field),
                        _ => self.outside(field, name),
                    };
                    (name.clone(), field)
                })
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.outside(item, "")).collect(),
            other => other.clone(),
        }
    }

    /// A schema that stands for a whole value, not for one part of what is said about it.
    fn value(&self, schema: &Value) -> Value {
        let mut said = self.part(schema);
        if self.side == Side::Request
            && self.names_properties(schema, 0)
            && let Some(fields) = said.as_object_mut()
        {
            fields.insert("unevaluatedProperties".to_owned(), json!(false));
        }
        said
    }

    fn part(&self, schema: &Value) -> Value {
        let Some(fields) = schema.as_object() else {
            return schema.clone();
        };
        let mut said = Map::new();
        for (keyword, field) in fields {
            let field = match keyword.as_str() {
                "properties" => each_field(field, |schema| self.value(schema)),
                "items" | "additionalProperties" => self.value(field),
                "allOf" => each_item(field, |schema| self.part(self.opened(schema))),
                "anyOf" | "oneOf" => each_item(field, |schema| self.part(schema)),
                "not" => self.part(field),
                "required" => self.required(field, &schema["properties"]),
                _ => field.clone(),
            };
            said.insert(keyword.clone(), field);
        }
        discriminate(&mut said);
        match said.remove("nullable") {
            Some(Value::Bool(true)) => nullable(said),
            _ => Value::Object(said),
        }
    }

    /// What only the provider writes is not required of us; what it never shows is not required of it.
    fn required(&self, names: &Value, properties: &Value) -> Value {
        let mark = match self.side {
            Side::Request => "readOnly",
            Side::Reply => "writeOnly",
        };
        let names = names.as_array().into_iter().flatten();
        names
            .filter(|name| {
                let property = &properties[name.as_str().unwrap_or_default()];
                self.followed(property)[mark] != true && property[mark] != true
            })
            .cloned()
            .collect()
    }

    /// A part that is kept elsewhere, where it is closed as a value of its own; as a part it must let the others be.
    fn opened<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let followed = self.followed(schema);
        let choices = ["allOf", "anyOf", "oneOf"];
        let plain = followed["properties"].is_object()
            && choices.iter().all(|keyword| followed[keyword].is_null());
        match self.side == Side::Request && plain {
            true => followed,
            false => schema,
        }
    }

    fn followed<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let pointer = schema["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        pointer
            .and_then(|pointer| self.document.pointer(pointer))
            .unwrap_or(schema)
    }

    /// Whether every way in which the value is an object names the properties it can have.
    fn names_properties(&self, schema: &Value, depth: usize) -> bool {
        let schema = self.followed(schema);
        let deeper = |part: &Value| depth < DEPTH_MAX && self.names_properties(part, depth + 1);
        let own = schema["properties"]
            .as_object()
            .is_some_and(|own| !own.is_empty());
        let parts = |keyword: &str| schema[keyword].as_array().cloned().unwrap_or_default();
        own || parts("allOf").iter().any(deeper)
            || ["anyOf", "oneOf"].iter().any(|keyword| {
                let mut objects = parts(keyword);
                objects.retain(|part| {
                    let kind = &self.followed(part)["type"];
                    kind.is_null() || kind == "object"
                });
                !objects.is_empty() && objects.iter().all(deeper)
            })
    }
}

fn each_field(fields: &Value, act: impl Fn(&Value) -> Value) -> Value {
    let fields = fields.as_object().into_iter().flatten();
    fields
        .map(|(name, field)| (name.clone(), act(field)))
        .collect()
}

fn each_item(items: &Value, act: impl Fn(&Value) -> Value) -> Value {
    items.as_array().into_iter().flatten().map(act).collect()
}

/// Null may stand in its place.
fn nullable(mut said: Map<String, Value>) -> Value {
    let Some(Value::String(kind)) = said.get("type").cloned() else {
        return json!({ "anyOf": [{ "type": "null" }, said] });
    };
    said.insert("type".to_owned(), json!([kind, "null"]));
    if let Some(Value::Array(allowed)) = said.get_mut("enum")
        && !allowed.contains(&Value::Null)
    {
        allowed.push(Value::Null);
    }
    Value::Object(said)
}

/// A choice that a property of the value decides: the chosen branch must fit, the others are not looked at.
fn discriminate(said: &mut Map<String, Value>) {
    let Some(discriminator) = said.remove("discriminator") else {
        return;
    };
    let (Some(name), Some(mapping)) = (
        discriminator["propertyName"].as_str(),
        discriminator["mapping"].as_object(),
    ) else {
        return;
    };
    let Some(choices) = said.remove("oneOf") else {
        return;
    };
    said.insert("anyOf".to_owned(), choices);
    let chosen = mapping.iter().map(|(word, reference)| {
        json!({
            "if": {
                "type": "object",
                "required": [name],
                "properties": { name: { "const": word } },
            },
            "then": { "$ref": reference },
        })
    });
    let all = said.entry("allOf").or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.extend(chosen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(schema: Value) -> Value {
        let document = json!({ "components": { "schemas": { "thing": schema } } });
        translated(&document, Side::Request)["components"]["schemas"]["thing"].clone()
    }

    #[test]
    fn null_may_stand_where_the_document_says_so() {
        let said = request(json!({ "type": "string", "enum": ["a"], "nullable": true }));
        assert_eq!(
            said,
            json!({ "type": ["string", "null"], "enum": ["a", null] })
        );
        let said = request(json!({ "oneOf": [{ "type": "string" }], "nullable": true }));
        assert_eq!(
            said,
            json!({ "anyOf": [{ "type": "null" }, { "oneOf": [{ "type": "string" }] }] })
        );
    }

    #[test]
    fn what_is_sent_is_closed_where_its_fields_are_named_and_open_where_they_are_not() {
        let said = request(json!({
            "type": "object", "required": ["id", "name"],
            "properties": {
                "id": { "type": "string", "readOnly": true },
                "name": { "type": "string" },
                "labels": { "type": "object" },
            },
        }));
        assert_eq!(said["required"], json!(["name"]));
        assert_eq!(said["unevaluatedProperties"], false);
        assert!(said["properties"]["labels"]["unevaluatedProperties"].is_null());
    }

    #[test]
    fn a_part_that_is_kept_elsewhere_lets_the_fields_of_the_others_be() {
        let base = json!({ "type": "object", "properties": { "ttl": { "type": "integer" } } });
        let document = json!({ "components": { "schemas": {
            "base": base,
            "thing": { "allOf": [
                { "properties": { "name": { "type": "string" } } },
                { "$ref": "#/components/schemas/base" },
            ] },
        } } });
        let said = translated(&document, Side::Request)["components"]["schemas"].clone();
        assert_eq!(said["base"]["unevaluatedProperties"], false);
        assert_eq!(said["thing"]["unevaluatedProperties"], false);
        assert_eq!(said["thing"]["allOf"][1], base);
    }

    #[test]
    fn a_property_chooses_the_branch() {
        let said = request(json!({
            "oneOf": [{ "$ref": "#/components/schemas/a" }, { "$ref": "#/components/schemas/b" }],
            "discriminator": {
                "propertyName": "kind", "mapping": { "a": "#/components/schemas/a" },
            },
        }));
        assert!(said["oneOf"].is_null() && said["anyOf"].is_array());
        let branch = &said["allOf"][0];
        assert_eq!(branch["if"]["properties"]["kind"]["const"], "a");
        assert_eq!(branch["then"]["$ref"], "#/components/schemas/a");
    }
}
