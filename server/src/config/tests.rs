use super::*;

const GOOD: &str = r#"
    [database]
    path = "x.sqlite"
    [auth]
    mode = "oidc"
    issuer = "https://login.example.org"
    audience = "homeround"
"#;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn development(listen: &str) -> Config {
    let env = env(&[
        ("HOMEROUND_AUTH_MODE", "development"),
        ("HOMEROUND_SERVER_LISTEN", listen),
    ]);
    Config::parse(GOOD, &env).unwrap()
}

#[test]
fn a_mistake_in_the_environment_names_its_field_and_digits_may_be_a_text() {
    let digits = env(&[("HOMEROUND_AUTH_AUDIENCE", "12345")]);
    let config = Config::parse(GOOD, &digits).unwrap();
    assert_eq!(config.auth.audience, "12345");
    let wrong = env(&[("HOMEROUND_SERVER_LISTEN", "nope")]);
    let error = Config::parse(GOOD, &wrong).unwrap_err();
    assert!(error.to_string().contains("server.listen"), "{error}");
}

#[test]
fn the_environment_wins_over_the_file() {
    let env = env(&[
        ("HOMEROUND_SERVER_LISTEN", "0.0.0.0:9000"),
        ("HOMEROUND_SERVER_REQUESTS_AT_ONCE", "7"),
        ("HOMEROUND_DATABASE_KEY_FILE", "k"),
        ("HOMEROUND_UNRELATED_THING", "ignored"),
    ]);
    let config = Config::parse(GOOD, &env).unwrap();
    assert_eq!(config.server.listen.port(), 9000);
    assert_eq!(config.server.requests_at_once, 7);
    assert_eq!(config.database.key_file, Some("k".into()));
}

#[test]
fn a_mistake_names_its_field_and_a_remedy() {
    for (text, field) in [
        ("[auth]\nmode = \"oidc\"\naudience = \"a\"", "database"),
        (&GOOD.replace("path", "paht"), "database.paht"),
        (&GOOD.replace("https://", "http://"), "auth.issuer"),
        (&GOOD.replace("\"homeround\"", "\"\""), "auth.audience"),
    ] {
        let error = Config::parse(text, &BTreeMap::new()).unwrap_err();
        assert_eq!(error.field, field, "{error}");
        assert!(!error.remedy.is_empty());
    }
}

#[test]
fn a_relay_elsewhere_is_guarded_and_a_user_has_a_password() {
    let mail = |more: &str| {
        let section = format!("{GOOD}\n[mail]\nfrom = \"a@example.org\"\n{more}");
        Config::parse(&section, &BTreeMap::new())
    };
    let plain = mail("host = \"smtp.example.org\"\ntls = \"none\"").unwrap_err();
    assert_eq!(plain.field, "mail.tls");
    assert_eq!(mail("tls = \"none\"").unwrap_err().field, "mail.host");
    let odd = mail("host = \"x\"\ntimeout_ms = 0").unwrap_err();
    assert_eq!(odd.field, "mail.timeout_ms");
    let here = mail("host = \"127.0.0.1\"\ntls = \"none\"").unwrap();
    assert_eq!(here.mail_password(&BTreeMap::new()).unwrap(), None);
    let user = mail("host = \"smtp.example.org\"\nuser = \"u\"").unwrap();
    let missing = user.mail_password(&BTreeMap::new()).unwrap_err();
    assert_eq!(missing.field, "mail.password_file");
    let known = env(&[
        (ENV_MAIL_PASSWORD, "secret"),
        ("HOMEROUND_MAIL_PORT", "2525"),
    ]);
    let password = user.mail_password(&known).unwrap();
    assert_eq!(password.as_deref().map(String::as_str), Some("secret"));
    let section = format!("{GOOD}\n[mail]\nfrom = \"a@example.org\"\nhost = \"x\"");
    let ported = Config::parse(&section, &known).unwrap();
    assert_eq!(ported.mail.and_then(|it| it.port), Some(2525));
}

#[test]
fn the_built_in_issuer_needs_the_flag() {
    let error = development("127.0.0.1:0")
        .check_development(false)
        .unwrap_err();
    assert_eq!(error.field, "auth.mode");
    assert!(error.remedy.contains("--development"));
}

#[test]
fn the_built_in_issuer_needs_a_loopback_listener() {
    let error = development("0.0.0.0:8080")
        .check_development(true)
        .unwrap_err();
    assert_eq!(error.field, "server.listen");
    assert!(development("127.0.0.1:0").check_development(true).is_ok());
    assert!(development("[::1]:0").check_development(true).is_ok());
}

#[test]
fn the_built_in_issuer_needs_the_configuration_to_say_so() {
    let config = Config::parse(GOOD, &BTreeMap::new()).unwrap();
    assert_eq!(
        config.check_development(true).unwrap_err().field,
        "--development"
    );
    assert!(config.check_development(false).is_ok());
}

#[test]
fn a_key_is_sixty_four_digits_from_the_environment_or_a_file() {
    let config = Config::parse(GOOD, &BTreeMap::new()).unwrap();
    assert_eq!(
        config.database_key(&BTreeMap::new()).unwrap_err().field,
        "database.key_file"
    );
    let good = env(&[(ENV_DATABASE_KEY, &"a5".repeat(32))]);
    assert!(config.database_key(&good).is_ok());
    let short = env(&[(ENV_DATABASE_KEY, "a5")]);
    assert!(config.database_key(&short).is_err());
}

#[test]
fn the_example_file_holds_every_field_and_parses() {
    let example = include_str!("../../homeround-server.example.toml");
    let config = Config::parse(example, &BTreeMap::new()).unwrap();
    assert_eq!(config.server, Server::default());
    assert!(config.auth.jwks_url.is_some() && config.database.key_file.is_some());
    let mail = config.mail.unwrap();
    assert!(mail.port.is_some() && mail.password_file.is_some() && mail.ca_file.is_some());
}
