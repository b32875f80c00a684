package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.homeround.core.EntryId
import org.homeround.core.HomeFinding
import org.homeround.kit.screens.CONSCIOUSNESS
import org.homeround.kit.screens.FindingRow
import org.homeround.kit.screens.HOME_FINDINGS
import org.homeround.kit.screens.ReconcileForm
import org.homeround.kit.screens.ScoreCard
import org.homeround.kit.screens.TREND_FIELDS
import org.homeround.kit.screens.TrendCard
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.VitalsForm
import org.homeround.kit.screens.WarnedDose
import org.homeround.kit.screens.trendWords
import org.homeround.kit.screens.words

/** How awake the patient is, and whether oxygen is given: a second touch takes a choice back. */
@Composable
internal fun Awake(form: VitalsForm, on: VisitActions) {
    Choose(
        text("vital_consciousness"),
        CONSCIOUSNESS.map { level ->
            Triple(read(words(level)), form.consciousness == level) { on.consciousness(level.takeIf { it != form.consciousness }) }
        },
    )
    Choose(
        text("vital_on_oxygen"),
        listOf(false to "oxygen_air", true to "oxygen_given").map { (given, key) ->
            Triple(text(key), form.onOxygen == given) { on.oxygen(given.takeIf { it != form.onOxygen }) }
        },
    )
}

/** One of several; what is chosen is marked. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Choose(title: String, choices: List<Triple<String, Boolean, () -> Unit>>) {
    Text(title, style = MaterialTheme.typography.bodyMedium)
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
        choices.forEach { (label, chosen, choose) ->
            FilterChip(chosen, choose, { Text(label) })
        }
    }
}

/** What a set of vital signs says. */
@Composable
internal fun Says(finding: FindingRow) {
    finding.unusual.forEach { Quiet("${read(it.name)}: ${read(it.usual)}") }
    finding.score?.let { Score(it) }
}

/** NEWS2 with its parts. */
@Composable
internal fun Score(card: ScoreCard) {
    val (behind, on) = colours(card.tone)
    Surface(color = behind, contentColor = on, shape = MaterialTheme.shapes.medium, modifier = Modifier.fillMaxWidth()) {
        Column(Modifier.padding(14.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            Text(read(card.title), style = MaterialTheme.typography.titleLarge)
            card.response?.let { Text(read(it), style = MaterialTheme.typography.bodyLarge) }
            val parts = card.parts.map { "${read(it.name)} ${it.points}" }
            if (parts.isNotEmpty()) Text(parts.joinToString(" · "), style = MaterialTheme.typography.bodyMedium)
            val missing = card.missing.map { read(it) }
            if (missing.isNotEmpty()) Text(text("news2_missing", missing.joinToString(", ")), style = MaterialTheme.typography.bodyMedium)
            card.reported?.let { Text(read(it), style = MaterialTheme.typography.bodyMedium) }
            Text(read(card.scale), style = MaterialTheme.typography.bodyMedium)
            Text(text("news2_source"), style = MaterialTheme.typography.bodyMedium)
        }
    }
}

/** What there is to think about before a dose is given, and the reason of whoever goes on. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Think(warned: WarnedDose, on: VisitActions) {
    var reason by remember(warned) { mutableStateOf("") }
    val (behind, front) = colours(Tone.WARNING)
    Surface(color = behind, contentColor = front, shape = MaterialTheme.shapes.medium, modifier = Modifier.fillMaxWidth()) {
        Column(Modifier.padding(14.dp), verticalArrangement = Arrangement.spacedBy(6.dp)) {
            Text(text("warning_title"), style = MaterialTheme.typography.titleMedium)
            warned.warnings.forEach { Text(read(it.words), style = MaterialTheme.typography.bodyLarge) }
            val told = text("warning_reason")
            OutlinedTextField(
                reason, { reason = it }, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) },
            )
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                Main(text("warning_go_on"), reason.isNotBlank()) { on.goOn(reason) }
                Also(text("warning_hold_back"), onClick = on.holdBack)
            }
        }
    }
}

/** What a person does while the medication list is compared with the home. */
class ListActions(
    val start: () -> Unit,
    val answer: (EntryId, HomeFinding) -> Unit,
    val comment: (EntryId, String) -> Unit,
    val beside: (String) -> Unit,
    val save: () -> Unit,
    val close: () -> Unit,
)

/** The medication list against what is in the home. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Compare(form: ReconcileForm?, on: ListActions) {
    if (form == null) {
        Also(text("reconcile_start"), onClick = on.start)
        return
    }
    Text(text("reconcile_title"), style = MaterialTheme.typography.titleMedium)
    form.rows.forEach { row ->
        Line(row.title, row.dose, strong = true)
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            HOME_FINDINGS.forEach { finding ->
                FilterChip(row.finding == finding, { on.answer(row.id, finding) }, { Text(read(words(finding))) })
            }
        }
        if (row.finding != null && row.finding != HomeFinding.TAKING) {
            val told = text("reconcile_comment")
            OutlinedTextField(
                row.comment, { on.comment(row.id, it) }, Modifier.fillMaxWidth().semantics { contentDescription = told },
                label = { Text(told) },
            )
        }
    }
    val told = text("reconcile_beside")
    OutlinedTextField(
        form.beside, on.beside, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) }, minLines = 2,
    )
    FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        Main(text("reconcile_save"), form.complete, on.save)
        Also(text("reconcile_close"), onClick = on.close)
    }
}

/** One figure over time, newest first. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Trends(card: TrendCard?, onChoose: (String?) -> Unit, onMore: () -> Unit) {
    Part(text("trend_title")) {
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            TREND_FIELDS.forEach { field ->
                FilterChip(card?.field == field, { onChoose(field.takeIf { it != card?.field }) }, { Text(read(trendWords(field))) })
            }
        }
        if (card == null) return@Part
        if (card.rows.isEmpty()) Quiet(text("patient_none"))
        card.rows.forEach { row ->
            val told = row.reported?.let { read(it) }.orEmpty()
            Line(row.value, listOf(row.date, row.by, told).filter { it.isNotEmpty() }.joinToString(" · "))
        }
        if (card.more) Also(text("patient_more"), onClick = onMore)
    }
}
