//! Who was in the home, as a file that is verified by a command of its own.

use serde_json::Value;

use super::play::{Play, rows, text};
use super::trouble::{During, Trouble};

/// Exports what the day's stamps say, verifies the file, and alters it.
pub(super) fn verified(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("Who was in the home, exported and verified");
    // The command runs in the server's folder.
    let path = std::path::absolute(play.out.join("visits.evv.json"));
    let path = path.during("naming the export")?;
    if path.exists() {
        std::fs::remove_file(&path).during("removing an earlier export")?;
    }
    play.server.evv_export(&path)?;
    let file = std::fs::read(&path).during("reading the export back")?;
    let file: Value = serde_json::from_slice(&file).during("reading the export back")?;
    let mut whole = 0;
    for row in rows(&file["visits"]) {
        let local = |edge: &str| text(&row[edge]["local"]);
        play.screen.line(&format!(
            "{} for {}, {}, {} to {}: {} {}",
            text(&row["provider"]["name"]),
            text(&row["recipient"]["name"]),
            text(&row["service_type"]["text"]),
            local("begin"),
            local("end"),
            text(&row["state"]),
            rows(&row["flags"]).map(text).collect::<Vec<_>>().join(", "),
        ));
        whole += u64::from(!row["end"]["stamp"].is_null());
    }
    play.screen.line(&path.display().to_string());
    play.promise(whole > 0, "a visit has a signed beginning and a signed end");
    let intact = play.server.evv_verify(&path)?;
    play.promise(
        intact.status.success(),
        "the file verifies, without the database and without the code that wrote it",
    );
    let mut altered = file;
    altered["stamps"][0]["wall_ms"] = Value::from(0);
    let forged = path.with_file_name("visits-altered.evv.json");
    std::fs::write(&forged, altered.to_string()).during("altering the export")?;
    let found = play.server.evv_verify(&forged)?;
    std::fs::remove_file(&forged).during("removing the altered export")?;
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    play.promise(
        found.status.code() == Some(1) && said.contains("stamp_altered"),
        "a copy with one instant altered fails, and the finding names the stamp",
    );
    Ok(())
}
