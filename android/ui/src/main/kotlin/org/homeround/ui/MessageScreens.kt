package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.homeround.core.PatientId
import org.homeround.core.PersonId
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.InboxModel
import org.homeround.kit.screens.InboxState
import org.homeround.kit.screens.MessageRow
import org.homeround.kit.screens.MessagesModel
import org.homeround.kit.screens.MessagesState
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.Words

/** What a person does with a patient's messages. */
class MessageActions(
    val back: () -> Unit,
    val type: (String) -> Unit,
    val urgent: (Boolean) -> Unit,
    /** For somebody in particular, or no more. */
    val address: (PersonId) -> Unit,
    /** Answers one; none: a new message. */
    val answer: (MessageRow?) -> Unit,
    val send: () -> Unit,
    val takeBack: (MessageRow, reason: String) -> Unit,
    val sync: () -> Unit,
    val dismiss: () -> Unit,
)

/** The place of a patient's messages. */
@Composable
internal fun MessagesPlace(shell: Shell, place: Place.Messages, back: () -> Unit, sync: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(place) { MessagesModel(shell.phone, place.patient, here, shell.formats, shell.zone) }
    val state by model.state.collectAsState()
    MessagesScreen(
        state,
        MessageActions(
            back = back, type = { model.type(it) }, urgent = { model.urgent(it) }, address = { model.address(it) },
            answer = { model.answer(it) }, send = { model.send() }, takeBack = { row, reason -> model.takeBack(row, reason) },
            sync = sync, dismiss = { model.dismiss() },
        ),
    )
}

/** The place of everybody's messages in brief. */
@Composable
internal fun InboxPlace(shell: Shell, way: MutableList<Place>, back: () -> Unit, sync: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember { InboxModel(shell.phone, here, shell.formats, shell.zone) }
    val state by model.state.collectAsState()
    InboxScreen(state, back, { way.add(Place.Messages(it)) }, sync) { model.dismiss() }
}

/** The messages about everybody on this phone. */
@Composable
fun InboxScreen(state: InboxState, onBack: () -> Unit, onOpen: (PatientId) -> Unit, onSync: () -> Unit, onDismiss: () -> Unit) {
    Page(text("messages_title"), state.network, state.problem, onBack, onDismiss, onSync) {
        if (state.loaded && state.rows.isEmpty()) Quiet(text("messages_none"))
        state.rows.forEach { row ->
            Part(row.name.ifEmpty { text("document_patient") }) {
                Labels(row.notes)
                Line(row.last.ifEmpty { text("message_gone") }, "${row.by} · ${row.at}")
                Also(text("messages_open")) { onOpen(row.patient) }
            }
        }
    }
}

/** The messages about one patient, and a new one. */
@Composable
fun MessagesScreen(state: MessagesState, on: MessageActions) {
    val title = listOf(text("messages_title"), state.name).filter { it.isNotEmpty() }.joinToString(" · ")
    Page(title, state.network, state.problem, on.back, on.dismiss, on.sync, setOf("text")) {
        Quiet(text("messages_hint"))
        if (state.loaded && state.rows.isEmpty()) Quiet(text("messages_none"))
        state.rows.forEach { Said(it, on) }
        Writing(state, on)
    }
}

private val URGENT = Chip(Words("message_urgent"), Tone.ALARM, Glyph.WARNING)
private val NEW = Chip(Words("message_new"), Tone.ACTIVE, Glyph.UNSENT)

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Said(row: MessageRow, on: MessageActions) {
    var taking by remember(row.id) { mutableStateOf(false) }
    Part(row.by.ifEmpty { text("message_somebody") }) {
        Labels(listOf(NEW to row.new, URGENT to row.urgent).filter { it.second && row.takenBack == null }.map { it.first })
        row.answers?.let { Quiet("› $it") }
        val takenBack = row.takenBack
        if (takenBack != null) Quiet(read(takenBack)) else Text(row.text, style = MaterialTheme.typography.bodyLarge)
        Quiet(listOfNotNull(row.at, row.to?.let { read(it) }, row.readBy?.let { read(it) }).joinToString(" · "))
        if (takenBack != null) return@Part
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp)) {
            TextButton({ on.answer(row) }, Modifier.heightIn(min = TOUCH)) { Text(text("message_answer")) }
            if (row.mine) TextButton({ taking = !taking }, Modifier.heightIn(min = TOUCH)) { Text(text("message_take_back")) }
        }
        if (taking) {
            var reason by remember { mutableStateOf("") }
            Field("message_take_back_reason", reason) { reason = it }
            Main(text("message_take_back_now"), reason.isNotBlank()) { on.takeBack(row, reason) }
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Writing(state: MessagesState, on: MessageActions) {
    Part(text("message_write")) {
        state.answering?.let { answered ->
            Quiet("› ${answered.text}")
            TextButton({ on.answer(null) }, Modifier.heightIn(min = TOUCH)) { Text(text("message_no_answer")) }
        }
        Field("message_text", state.draft, on.type)
        state.problem?.takeIf { it.field == "text" }?.let { Trouble(it, on.dismiss) }
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
            FilterChip(state.urgent, { on.urgent(!state.urgent) }, { Text(text("message_urgent")) }, Modifier.heightIn(min = TOUCH))
            for ((person, name) in state.people) {
                FilterChip(person in state.to, { on.address(person) }, { Text(text("message_for", name)) }, Modifier.heightIn(min = TOUCH))
            }
        }
        Main(text("message_send"), state.draft.isNotBlank(), on.send)
    }
}

@Composable
private fun Field(key: String, value: String, onType: (String) -> Unit) {
    val told = text(key)
    OutlinedTextField(
        value, onType, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) }, minLines = 2,
    )
}
