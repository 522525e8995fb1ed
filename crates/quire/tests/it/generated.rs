//! Files in the project that the programs write themselves.

use std::{fs, path::Path};

use serde_json::Value;

use crate::program::{Place, QUIRE, ROOT, run};

#[tokio::test]
async fn the_committed_api_descriptions_are_those_of_the_code() {
    let place = Place::new();
    for directory in ["first", "second"] {
        let mut quire = place.command(QUIRE, &[]);
        quire.args(["openapi", directory]);
        run(quire, "").await.assert_succeeded();
    }
    for name in ["gateway.json", "processor.json"] {
        let written = fs::read_to_string(place.path().join("first").join(name)).unwrap();
        let again = fs::read_to_string(place.path().join("second").join(name)).unwrap();
        assert_eq!(written, again, "{name} is another one each time");
        let description: Value = serde_json::from_str(&written).unwrap();
        assert!(description["openapi"].as_str().unwrap().starts_with("3."));
        assert!(!description["paths"].as_object().unwrap().is_empty());
        let committed = fs::read_to_string(Path::new(ROOT).join("openapi").join(name)).unwrap_or_default();
        assert!(
            committed == written,
            "openapi/{name} is not what the code says: run `make openapi` and commit the result"
        );
    }
}

#[tokio::test]
async fn the_committed_settings_are_those_of_the_code() {
    let place = Place::new();
    let mut quire = place.command(QUIRE, &[]);
    quire.arg("env-example");
    let example = run(quire, "").await;
    example.assert_succeeded();
    let committed = fs::read_to_string(Path::new(ROOT).join(".env.example")).unwrap();
    assert!(
        committed == example.output,
        ".env.example is not what the code says: run `make openapi` and commit the result"
    );
    // Whoever copies it as it is changes nothing.
    let set = committed.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(set, None);
}
