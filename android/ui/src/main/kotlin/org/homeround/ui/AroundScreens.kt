package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.material3.FilterChip
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.homeround.core.QuarantineStatus
import org.homeround.kit.screens.ChartRow
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.PatientState
import org.homeround.kit.screens.QuarantineRow
import org.homeround.kit.screens.SearchRow
import org.homeround.kit.screens.SearchState
import org.homeround.kit.screens.SyncScreenState
import org.homeround.kit.screens.Words

/** What a person does in a patient's chart. */
class PatientActions(
    val back: () -> Unit,
    /** The care plans. */
    val plans: () -> Unit,
    /** The team's messages about the patient. */
    val messages: () -> Unit,
    val filter: (String?) -> Unit,
    val more: () -> Unit,
    /** One figure over time; none: none. */
    val trend: (String?) -> Unit,
    val moreTrend: () -> Unit,
    val breakGlass: (reason: String) -> Unit,
    val sync: () -> Unit,
    val dismiss: () -> Unit,
)

/** A patient's chart, team and timeline, under the patient's [card]; or the way to them in an emergency. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
fun PatientScreen(state: PatientState, on: PatientActions, card: @Composable () -> Unit = {}) {
    Page(state.name.ifEmpty { text("document_patient") }, state.network, state.problem, on.back, on.dismiss, on.sync) {
        if (state.away) {
            Emergency(state.asking, on.breakGlass)
            return@Page
        }
        if (state.born.isNotEmpty()) Quiet(text("patient_born", state.born))
        Quiet((listOf(state.address) + state.phones).filter { it.isNotEmpty() }.joinToString(" · "))
        if (state.loaded) card()
        Also(text("plans_title"), onClick = on.plans)
        Also(text("messages_title"), onClick = on.messages)
        Rows(text("patient_alerts"), state.alerts, always = false)
        Rows(text("patient_allergies"), state.allergies)
        Rows(text("patient_medications"), state.medications)
        Rows(text("patient_conditions"), state.conditions)
        Rows(text("patient_access"), state.access, always = false)
        Rows(text("patient_contacts"), state.contacts)
        Rows(text("patient_team"), state.team, always = false)
        Trends(state.trend, on.trend, on.moreTrend)
        Part(text("patient_timeline")) {
            FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                for ((kind, key) in KINDS) {
                    FilterChip(state.kind == kind, { on.filter(kind) }, { Text(text(key)) }, Modifier.heightIn(min = TOUCH))
                }
            }
            state.timeline.forEach { row ->
                HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
                val told = row.reported?.let { read(it) }.orEmpty()
                Line(row.title, listOf(row.date, row.detail, told).filter { it.isNotEmpty() }.joinToString(" · "))
            }
            if (state.more) Also(text("patient_more"), onClick = on.more)
        }
    }
}

/** Nothing of this patient is on the phone: access in an emergency, with a reason that is written down. */
@Composable
private fun Emergency(asking: Boolean, onAsk: (String) -> Unit) {
    var reason by remember { mutableStateOf("") }
    Text(text("emergency_away"), style = MaterialTheme.typography.bodyLarge)
    Part(text("emergency_title")) {
        Quiet(text("emergency_hint"))
        val told = text("emergency_reason")
        OutlinedTextField(
            reason, { reason = it }, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) }, minLines = 2,
        )
        Main(text("emergency_ask"), !asking && reason.isNotBlank()) { onAsk(reason) }
    }
}

private val KINDS = listOf(
    null to "patient_all", "Observation" to "patient_observation", "Encounter" to "patient_encounter",
    "MedicationAdministration" to "patient_doses", "QuestionnaireResponse" to "patient_forms", "DocumentReference" to "patient_documents",
    "Communication" to "patient_letters",
)

@Composable
private fun Rows(title: String, rows: List<ChartRow>, always: Boolean = true) {
    if (rows.isEmpty() && !always) return
    Part(title) {
        if (rows.isEmpty()) Quiet(text("patient_none"))
        rows.forEach { row ->
            val detail = row.detail.map { if (it is Words) read(it) else it.toString() }
            Line(row.title, detail.filter { it.isNotEmpty() }.joinToString(" · "))
        }
    }
}

/** Is everything sent, and if not, what is left and why? */
@Composable
fun SyncScreen(
    state: SyncScreenState,
    onBack: () -> Unit,
    onNow: () -> Unit,
    onClose: (QuarantineRow, QuarantineStatus) -> Unit,
    onDismiss: () -> Unit,
) {
    Page(text("sync_title"), state.network, state.problem, onBack, onDismiss) {
        Text(read(state.headline), style = MaterialTheme.typography.titleLarge)
        if (state.photos > 0) Quiet(read(Words.counted("sync_photos", state.photos)))
        if (state.conflicts > 0) Quiet(read(Words.counted("sync_conflicts", state.conflicts)))
        Main(text("sync_now"), !state.busy, onNow)
        state.rows.forEach { row ->
            Part(row.patient.ifEmpty { read(row.title) }) {
                Line(read(row.title), "${read(row.edits)} · ${text("sync_since", row.since)}")
            }
        }
        if (state.quarantine.isNotEmpty()) SetAside(state.quarantine, onClose)
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun SetAside(rows: List<QuarantineRow>, onClose: (QuarantineRow, QuarantineStatus) -> Unit) {
    Part(text("sync_quarantine")) {
        Quiet(text("sync_quarantine_hint"))
        rows.forEach { row ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            val field = row.field?.let { read(it) }
            Line(read(row.code), listOfNotNull(field, row.at).joinToString(" · "), strong = true)
            row.values.forEach { (name, value) -> Line(line(value), read(name)) }
            if (row.held) Quiet(text("quarantine_held"))
            if (row.open) {
                FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                    Also(text("quarantine_re_entered")) { onClose(row, QuarantineStatus.RE_ENTERED) }
                    Also(text("quarantine_handed_over")) { onClose(row, QuarantineStatus.HANDED_OVER) }
                    Also(text("quarantine_dismissed")) { onClose(row, QuarantineStatus.DISMISSED) }
                }
            }
        }
    }
}

/** Searching patients and notes. */
@Composable
fun SearchScreen(
    state: SearchState,
    network: Chip,
    onBack: () -> Unit,
    onType: (String) -> Unit,
    onOpen: (SearchRow) -> Unit,
    onSync: () -> Unit,
    onDismiss: () -> Unit,
) {
    Page(text("search_title"), network, state.problem, onBack, onDismiss, onSync) {
        OutlinedTextField(
            state.words, onType, Modifier.fillMaxWidth(), label = { Text(text("search_hint")) }, singleLine = true,
        )
        if (state.searched && state.rows.isEmpty()) Quiet(text("search_nothing"))
        state.rows.forEach { row ->
            TextButton({ onOpen(row) }, Modifier.fillMaxWidth().heightIn(min = TOUCH)) {
                Line(row.title, read(row.kind), strong = true, alone = false)
            }
        }
    }
}
