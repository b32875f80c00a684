package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.FilterChip
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp
import org.homeround.core.By
import org.homeround.core.HandoverReason
import org.homeround.core.PatientId
import org.homeround.core.UnplannedReason
import org.homeround.core.VisitId
import org.homeround.kit.screens.NewVisitForm
import org.homeround.kit.screens.TwinRow
import org.homeround.kit.screens.WayState
import org.homeround.kit.screens.words

/** What a person does about how the visit came about. */
class WayActions(
    val open: (VisitId) -> Unit,
    val sameVisit: (VisitId, String) -> Unit,
    val twoVisits: (VisitId, String) -> Unit,
    /** Hands this visit over, or with `day` what is left of one's own day. */
    val handOver: (By, HandoverReason, comment: String, day: Boolean) -> Unit,
)

/** That nobody had booked the visit, that it may be there twice, to whom it was handed over. */
@Composable
internal fun Way(way: WayState, on: WayActions) {
    way.unplanned?.let { made ->
        Quiet(listOfNotNull(read(made), way.unplannedWhy?.let { read(it) }, way.unplannedComment).joinToString(" · "))
    }
    way.duplicateOf?.let { other ->
        Quiet(text("way_duplicate"))
        Also(text("way_open_other")) { on.open(other) }
    }
    if (way.twins.isNotEmpty()) Twins(way.twins, on)
    way.handover?.let { given ->
        Part(text("handover_title")) {
            Line(read(given.told), listOfNotNull(read(given.reason), given.comment).joinToString(" · "))
            Labels(listOf(given.state))
        }
    }
    if (way.colleagues.isNotEmpty()) HandOver(way.colleagues, on)
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Twins(twins: List<TwinRow>, on: WayActions) {
    var comment by remember { mutableStateOf("") }
    Part(text("way_twin_title")) {
        Quiet(text("way_twin_hint"))
        Comment(comment) { comment = it }
        twins.forEach { twin ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line(twin.told, listOf(read(twin.why), twin.who).filter { it.isNotEmpty() }.joinToString(" · "), strong = true)
            Labels(listOf(twin.status))
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                Also(text("way_open_other")) { on.open(twin.id) }
                Also(text("way_same_visit")) { on.sameVisit(twin.id, comment) }
                Also(text("way_two_visits")) { on.twoVisits(twin.id, comment) }
            }
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun HandOver(colleagues: List<By>, on: WayActions) {
    var asking by remember { mutableStateOf(false) }
    var to by remember { mutableStateOf<By?>(null) }
    var day by remember { mutableStateOf(false) }
    var comment by remember { mutableStateOf("") }
    Also(text("handover_action")) { asking = !asking }
    if (!asking) return
    Part(text("handover_to")) {
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            colleagues.forEach { one ->
                FilterChip(to == one, { to = one }, { Text(one.name) }, Modifier.heightIn(min = TOUCH))
            }
            FilterChip(day, { day = !day }, { Text(text("handover_day")) }, Modifier.heightIn(min = TOUCH))
        }
        Comment(comment) { comment = it }
        Quiet(text("handover_why"))
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            HandoverReason.entries.forEach { reason ->
                Also(read(words(reason)), to != null) {
                    to?.let { on.handOver(it, reason, comment, day) }
                    asking = false
                }
            }
        }
    }
}

/** What a person types and chooses to make a visit. */
class NewVisitActions(
    val start: () -> Unit,
    val find: (String) -> Unit,
    val choose: (Pair<PatientId, String>) -> Unit,
    val type: (NewVisitForm) -> Unit,
    val make: (UnplannedReason) -> Unit,
    val close: () -> Unit,
)

/** A visit that nobody booked: for whom, what for, how long, why. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun NewVisit(form: NewVisitForm, on: NewVisitActions) {
    Part(text("new_visit_title")) {
        val patient = form.patient
        if (patient == null) {
            Typed(text("new_visit_patient"), form.words, onType = on.find)
            form.found.forEach { found -> Also(found.second) { on.choose(found) } }
        } else {
            Line(patient.second, strong = true)
            Typed(text("new_visit_service"), form.service) { on.type(form.copy(service = it)) }
            Typed(text("new_visit_minutes"), form.minutes, KeyboardType.Number) { on.type(form.copy(minutes = it)) }
            Comment(form.comment) { on.type(form.copy(comment = it)) }
            Quiet(text("new_visit_why"))
            FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
                UnplannedReason.entries.forEach { reason ->
                    Also(read(words(reason)), form.service.isNotBlank()) { on.make(reason) }
                }
            }
        }
        Also(text("new_visit_close"), onClick = on.close)
    }
}

@Composable
private fun Comment(comment: String, onType: (String) -> Unit) = Typed(text("visit_comment"), comment, onType = onType)

@Composable
private fun Typed(name: String, value: String, keyboard: KeyboardType = KeyboardType.Text, onType: (String) -> Unit) {
    OutlinedTextField(
        value, onType, Modifier.fillMaxWidth().semantics { contentDescription = name }, label = { Text(name) },
        keyboardOptions = KeyboardOptions(keyboardType = keyboard),
    )
}
