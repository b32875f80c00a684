package org.homeround.ui

import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import org.homeround.core.PatientId
import org.homeround.core.VisitId
import org.homeround.kit.screens.CardModel
import org.homeround.kit.screens.CardState
import org.homeround.kit.screens.ChangeLine
import org.homeround.kit.screens.ChangeRow
import org.homeround.kit.screens.ChangesModel
import org.homeround.kit.screens.ChangesState
import org.homeround.kit.screens.ChartRow
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.FigureRow
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.words

/** What a person does with a patient's card. */
class CardActions(val changes: () -> Unit, val messages: () -> Unit, val dismiss: () -> Unit)

/** The card of a patient, in the context of a visit if there is one. */
@Composable
internal fun CardPlace(shell: Shell, way: MutableList<Place>, patient: PatientId, visit: VisitId?) {
    val here = rememberCoroutineScope()
    val model = remember(patient, visit) { CardModel(shell.phone, patient, visit, here, shell.formats, shell.zone) }
    val state by model.state.collectAsState()
    val on = CardActions({ way.add(Place.Changes(patient)) }, { way.add(Place.Messages(patient)) }, { model.dismiss() })
    PatientCardPart(state, on, brief = visit == null)
}

/** The place of what changed since one was there last. */
@Composable
internal fun ChangesPlace(shell: Shell, place: Place.Changes, back: () -> Unit, sync: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(place) { ChangesModel(shell.phone, place.patient, here, shell.formats, shell.zone) }
    val state by model.state.collectAsState()
    ChangesScreen(state, back, { model.more() }, sync) { model.dismiss() }
}

/** The card that is read in front of the door; [brief] where the whole chart is on the same screen. */
@Composable
fun PatientCardPart(state: CardState, on: CardActions, brief: Boolean = false) {
    state.problem?.let { Trouble(it, on.dismiss) }
    if (!state.loaded) return
    Part(listOf(state.name).plus(state.about.map { told(it) }).joinToString(" · ")) {
        if (state.waiting.isNotEmpty()) {
            Labels(state.waiting)
            state.messages.forEach { Line(it.title, detail(it)) }
            Also(text("messages_open"), onClick = on.messages)
        }
        state.since?.let { since ->
            Line(if (state.count == 0) text("since_nothing") else read(Words.counted("since_count", state.count)), read(since), strong = true)
            state.changes.forEach { Line("${told(it.title)} – ${read(it.how.words)}", change(it)) }
            if (state.count > 0) Also(text("since_open"), onClick = on.changes)
        }
        if (!brief) Clinical(state)
        Figures(state)
        Named("card_asked", state.asked)
        Named("card_overdue", state.overdue.map { listOf(it.title, detail(it)).joinToString(" – ") })
        if (!brief) Around(state)
        Quiet(text("card_source"))
    }
}

/** What is known of the patient: the worst first. */
@Composable
private fun Clinical(state: CardState) {
    Named("patient_alerts", state.alerts.map { it.title })
    state.allergies?.let { Named("patient_allergies", it.map { one -> both(one) }, none = true) }
    state.conditions?.let { Named("patient_conditions", it.map { one -> one.title }) }
    state.medications?.let { taken ->
        Line(read(Words.counted("card_taken", taken.size)), taken.joinToString(", ") { it.title })
        state.reviewed?.let { Quiet(read(it)) }
    }
}

/** The last vital signs with the ones before, and what they say. */
@Composable
private fun Figures(state: CardState) {
    state.score?.let { score ->
        Labels(listOf(Chip(score.title, score.tone, if (score.tone == Tone.GOOD) Glyph.CHECK else Glyph.WARNING)))
        Quiet(listOfNotNull(score.response, state.scoreBefore, score.scale, score.reported).map { read(it) }.joinToString(" · "))
    }
    if (state.figures.isEmpty()) return
    Line(text("card_figures"), state.figures.map { figure(it) }.joinToString("\n"))
}

@Composable
private fun figure(row: FigureRow): String {
    val before = row.before?.let { " – " + read(it) }.orEmpty()
    val reported = row.reported?.let { " · " + read(it) }.orEmpty()
    return "${read(row.name)} ${row.value}$before · ${row.from}$reported"
}

/** How to get in, and whom to call. */
@Composable
private fun Around(state: CardState) {
    Named("patient_access", state.access.map { both(it) })
    Named("patient_contacts", state.contacts.map { both(it) })
    state.lead?.let { Named("card_lead", listOf(both(it))) }
}

@Composable
private fun Named(key: String, lines: List<String>, none: Boolean = false) {
    if (lines.isEmpty() && !none) return
    Line(text(key), if (lines.isEmpty()) text("patient_none") else lines.joinToString("\n"))
}

@Composable
private fun both(row: ChartRow): String = listOf(row.title, detail(row)).filter { it.isNotEmpty() }.joinToString(" · ")

@Composable
private fun detail(row: ChartRow): String = row.detail.map { told(it) }.filter { it.isNotEmpty() }.joinToString(" · ")

/** Words of the string resources, or text as it was written. */
@Composable
private fun told(part: Any?): String = if (part is Words) read(part) else part?.toString().orEmpty()

/** Everything that changed since one was there last, by kind. */
@Composable
fun ChangesScreen(state: ChangesState, onBack: () -> Unit, onMore: () -> Unit, onSync: () -> Unit, onDismiss: () -> Unit) {
    val title = listOf(text("since_title"), state.name).filter { it.isNotEmpty() }.joinToString(" · ")
    Page(title, state.network, state.problem, onBack, onDismiss, onSync) {
        state.since?.let { Quiet(read(it)) }
        if (state.loaded && state.rows.isEmpty()) Quiet(text("since_nothing"))
        for ((kind, rows) in state.rows.groupBy { it.kind }) {
            Part(read(words(kind))) {
                rows.forEachIndexed { at, row ->
                    if (at > 0) HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
                    Changed(row)
                }
            }
        }
        if (state.more) Also(text("patient_more"), onClick = onMore)
        if (state.loaded) Quiet(text("card_source"))
    }
}

private val LATE = Chip(Words("change_late"), Tone.WARNING, Glyph.CLOCK)

@Composable
private fun Changed(row: ChangeRow) {
    Text(told(row.title), style = MaterialTheme.typography.bodyLarge)
    Labels(listOf(row.how) + listOf(LATE).filter { row.late })
    row.lines.forEach { Quiet(lineOf(it)) }
    row.reason?.let { Quiet(read(it)) }
    Quiet(listOf(row.by.ifEmpty { text("message_somebody") }, row.at).joinToString(" · "))
}

/** What stood before and what stands now: both are read out, and no arrow alone says it. */
@Composable
private fun lineOf(line: ChangeLine): String {
    val name = read(line.name)
    val (before, now) = line.before?.let { told(it) } to line.now?.let { told(it) }
    return when {
        before != null && now != null -> text("change_from_to", name, before, now)
        now != null -> "$name: $now"
        before != null -> text("change_was", name, before)
        else -> name
    }
}

@Composable
private fun change(row: ChangeRow): String =
    row.lines.map { lineOf(it) }.plus(listOf(row.by, row.at).filter { it.isNotEmpty() }.joinToString(", ")).joinToString(" · ")
