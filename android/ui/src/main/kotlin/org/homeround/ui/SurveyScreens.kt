package org.homeround.ui

import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.setValue
import org.homeround.core.VisitId
import org.homeround.kit.screens.AnsweredLine
import org.homeround.kit.screens.Loan
import org.homeround.kit.screens.RESULTS_DAYS
import org.homeround.kit.screens.ResponseRow
import org.homeround.kit.screens.SurveyModel
import org.homeround.kit.screens.SurveyResultsModel
import org.homeround.kit.screens.SurveyResultsState
import org.homeround.kit.screens.SurveyState
import org.homeround.kit.screens.TallyRow

/** What a person does with the survey of a visit. */
class SurveyActions(
    /** Asks for a link to the patient. */
    val invite: () -> Unit,
    /** Lends the phone to the patient. */
    val lend: () -> Unit,
    val dismiss: () -> Unit,
)

/** The survey of a visit; [lent] takes what a phone that is lent asks. */
@Composable
internal fun SurveyPlace(shell: Shell, visit: VisitId, lent: (Loan) -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(visit) { SurveyModel(shell.phone, visit, here, shell.formats) }
    val state by model.state.collectAsState()
    SurveyPart(state, SurveyActions(invite = { model.invite() }, lend = { model.lend(lent) }, dismiss = { model.dismiss() }))
}

/** The place of what patients said of the last days' visits. */
@Composable
internal fun ResultsPlace(shell: Shell, way: MutableList<Place>, back: () -> Unit, sync: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember { SurveyResultsModel(shell.phone, here, shell.formats, shell.zone) }
    val state by model.state.collectAsState()
    ResultsScreen(state, back, { way.add(Place.Visit(it)) }, sync) { model.dismiss() }
}

/** Asking the patient how the visit was, and what came back. */
@Composable
fun SurveyPart(state: SurveyState, on: SurveyActions) {
    state.problem?.let { Trouble(it, on.dismiss) }
    if (!state.shown) return
    Part(text("survey_title")) {
        Quiet(text("survey_hint"))
        Also(text("survey_invite"), state.hindrance == null, on.invite)
        state.hindrance?.let { Quiet(read(it)) }
        if (state.mayLend) Lending(on.lend)
        state.invitations.forEach { row ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line(text("survey_link"), read(row.by))
            Labels(listOf(row.state))
            row.why?.let { Quiet(read(it)) }
        }
        state.responses.forEach { Response(it) }
    }
}

/** The phone is lent only after a second look: whoever does it needs the PIN afterwards. */
@Composable
private fun Lending(onLend: () -> Unit) {
    var sure by remember { mutableStateOf(false) }
    if (!sure) {
        Also(text("survey_lend")) { sure = true }
        return
    }
    Line(text("survey_lend_hint"))
    Main(text("survey_lend_now"), onClick = onLend)
    Also(text("survey_lend_not")) { sure = false }
}

@Composable
private fun Response(row: ResponseRow) {
    HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
    Line(read(row.who), read(row.how), strong = true)
    row.lines.forEach { Line(said(it), it.question) }
}

@Composable
private fun said(line: AnsweredLine): String = line.words?.let { read(it) } ?: line.text

/** What patients said of the visits of the last days: counted, and in their own words. */
@Composable
fun ResultsScreen(state: SurveyResultsState, onBack: () -> Unit, onVisit: (VisitId) -> Unit, onSync: () -> Unit, onDismiss: () -> Unit) {
    Page(text("results_title"), state.network, state.problem, onBack, onDismiss, onSync) {
        Quiet(text("results_hint", RESULTS_DAYS))
        state.counts.forEach { Line(read(it), strong = true) }
        if (state.loaded && state.tallies.isEmpty() && state.said.isEmpty()) Quiet(text("results_none"))
        state.tallies.forEach { Tally(it) }
        state.said.forEach { row ->
            Part(read(row.who)) {
                Quiet(read(row.how))
                row.lines.forEach { Line(said(it), it.question) }
                Also(text("results_visit")) { onVisit(row.visit) }
            }
        }
    }
}

@Composable
private fun Tally(row: TallyRow) {
    Part(row.question) {
        row.options.forEach { option -> Line("${option.words?.let { read(it) } ?: option.text} · ${option.count}") }
        row.mean?.let { Line(read(it)) }
        Quiet(read(row.answered))
    }
}
