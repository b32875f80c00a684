//! What screens read is what a rebuild from the raw changes gives.

use super::super::world::World;

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    for phone in &world.phones {
        let Some(app) = phone.app() else { continue };
        let look = || {
            let today = app.today()?;
            let documents = app.documents()?;
            let states = documents.iter().map(|id| app.document_state(*id).ok());
            let states: Vec<_> = states.collect();
            let day = app.team_day(today)?.visits;
            Ok::<_, homeround::app::AppError>((states, day, app.figures()?.conflicts))
        };
        let before = look();
        let rebuilt = app.rebuild_projections();
        if rebuilt.is_err() || before != look() {
            let number = phone.number;
            found.push(format!(
                "projections: phone {number} shows what a rebuild does not"
            ));
        }
    }
    for text in found {
        world.violated(text);
    }
}
