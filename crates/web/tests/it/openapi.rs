use actix_web::App;
use quire_web::{health::Health, openapi::Complete};
use serde_json::{Value, json};
use utoipa::Modify;
use utoipa_actix_web::AppExt;

fn description() -> Value {
    let health = Health::new("quire-test", "1");
    let (_, mut api) = App::new().into_utoipa_app().configure(health.configure()).split_for_parts();
    Complete.modify(&mut api);
    serde_json::to_value(&api).unwrap()
}

#[test]
fn every_operation_answers_problems_and_wants_a_token_unless_it_is_open() {
    let api = description();
    assert_eq!(api["security"], json!([{"bearer": []}]));
    assert_eq!(api["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    for path in ["/health", "/health/live", "/health/ready"] {
        let operation = &api["paths"][path]["get"];
        assert_eq!(operation["security"], json!([{}]), "{path}");
        let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{path}");
    }
}

#[test]
fn the_schemas_that_are_referred_to_are_there() {
    let schemas = &description()["components"]["schemas"];
    for name in ["Problem", "HealthBody", "ReadyBody", "LiveBody", "State", "Overall"] {
        assert!(schemas[name].is_object(), "{name} in {schemas}");
    }
    let required = schemas["Problem"]["required"].as_array().unwrap();
    for field in ["type", "title", "status", "detail", "code"] {
        assert!(required.contains(&field.into()), "{field} in {required:?}");
    }
}
