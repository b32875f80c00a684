package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.error
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp
import java.time.LocalDate
import org.homeround.core.EntryId
import org.homeround.core.FormEntry
import org.homeround.core.FormItemType
import org.homeround.core.FormOffer
import org.homeround.kit.screens.FormModel
import org.homeround.kit.screens.FormRowItem
import org.homeround.kit.screens.FormState
import org.homeround.kit.screens.FormsModel
import org.homeround.kit.screens.FormsState
import org.homeround.kit.screens.OptionRow

/** The visit's forms as they stand, and which can be begun. */
@Composable
fun FormsScreen(
    state: FormsState,
    onBack: () -> Unit,
    onOpen: (EntryId) -> Unit,
    onStart: (FormOffer) -> Unit,
    onSync: () -> Unit,
    onDismiss: () -> Unit,
) {
    Page(text("forms_title"), state.network, state.problem, onBack, onDismiss, onSync) {
        if (state.loaded && state.forms.isEmpty()) Quiet(text("forms_none"))
        state.forms.forEach { form ->
            Part(form.title) {
                Labels(listOf(form.state))
                form.scores.forEach { (title, value) -> Line(value, title) }
                Also(text("forms_open")) { onOpen(form.id) }
            }
        }
        if (!state.editable) return@Page
        Part(text("forms_start_title")) {
            state.offers.forEach { offer ->
                val from = if (offer.shipped) offer.description else text("forms_of_organisation")
                Line(offer.title, from, strong = true)
                Also("${text("forms_start")}: ${offer.title}") { onStart(offer) }
            }
        }
    }
}

/** What a person does in a form. */
class FormActions(
    val back: () -> Unit,
    val answer: (FormRowItem, Boolean) -> Unit,
    val choose: (FormRowItem, OptionRow) -> Unit,
    val type: (FormRowItem, String) -> Unit,
    /** A date from the calendar; none: the answer is taken back. */
    val pick: (FormRowItem, LocalDate?) -> Unit,
    val save: (FormRowItem) -> Unit,
    val clear: (FormEntry) -> Unit,
    val add: (FormRowItem) -> Unit,
    val remove: (FormRowItem) -> Unit,
    val complete: () -> Unit,
    val reopen: () -> Unit,
    val sync: () -> Unit,
    val dismiss: () -> Unit,
)

/** A form: every answer is saved as it is given. */
@Composable
fun FormScreen(state: FormState, on: FormActions) {
    val beside = state.items.map { it.linkId }.toSet()
    Page(state.title, state.network, state.problem, on.back, on.dismiss, on.sync, beside) {
        if (state.description.isNotEmpty()) Quiet(state.description)
        Labels(listOf(state.chip))
        if (!state.known && state.loaded) Quiet(text("form_unknown_hint"))
        state.items.forEach { Item(it, state, on) }
        if (state.strays.isNotEmpty()) {
            Part(text("form_strays")) { state.strays.forEach { (question, answer) -> Line(answer, question) } }
        }
        if (state.editable) Main(text("form_finish"), onClick = on.complete)
        if (state.completed) Also(text("form_reopen"), onClick = on.reopen)
        if (state.copyright.isNotEmpty()) Line(text("form_source"), state.copyright)
    }
}

@Composable
private fun Item(item: FormRowItem, state: FormState, on: FormActions) {
    val problem = state.problem?.takeIf { it.field == item.linkId }
    Column(Modifier.fillMaxWidth().padding(start = (minOf(item.depth, 3) * 8).dp), verticalArrangement = Arrangement.spacedBy(6.dp)) {
        Title(item)
        if (item.kind != FormItemType.GROUP && item.kind != FormItemType.DISPLAY) Question(item, state.editable, on)
        if (item.kind == FormItemType.GROUP && state.editable) {
            if (item.canAdd) Also("${text("form_add")}: ${item.title}") { on.add(item) }
            if (item.nth != null) Also("${text("form_remove")}: ${text("form_nth", item.title, item.nth.toString())}") { on.remove(item) }
        }
        val told = item.problems + listOfNotNull(problem?.words)
        told.forEach { Text(read(it), color = MaterialTheme.colorScheme.error, style = MaterialTheme.typography.bodyMedium) }
        if (item.conflict) Text(text("form_conflict"), color = MaterialTheme.colorScheme.error)
    }
}

@Composable
private fun Title(item: FormRowItem) {
    val nth = item.nth
    val title = if (nth == null) item.title else text("form_nth", item.title, nth.toString())
    val must = if (item.required && item.answerable) " · ${text("visit_required")}" else ""
    val group = item.kind == FormItemType.GROUP
    val style = if (group) MaterialTheme.typography.titleMedium else MaterialTheme.typography.bodyLarge
    Text(title + must, Modifier.semantics { if (group) heading() }, style = style)
}

@Composable
private fun Question(item: FormRowItem, editable: Boolean, on: FormActions) {
    when {
        item.kind == FormItemType.UNSUPPORTED -> Quiet(text("form_unsupported"))
        !item.answerable || !editable -> item.answers.forEach { Line(said(item, it)) }
        item.kind == FormItemType.BOOLEAN -> YesNo(item, on)
        item.options.isNotEmpty() -> Options(item, on)
        else -> Field(item, item.title, on)
    }
}

@Composable
private fun said(item: FormRowItem, answer: FormEntry): String = when {
    item.kind == FormItemType.BOOLEAN && answer.text == "true" -> text("form_yes")
    item.kind == FormItemType.BOOLEAN && answer.text == "false" -> text("form_no")
    else -> answer.text
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun YesNo(item: FormRowItem, on: FormActions) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp)) {
        for ((yes, key) in listOf(true to "form_yes", false to "form_no")) {
            val word = text(key)
            val told = "${item.title}: $word"
            FilterChip(
                item.flag == yes, { on.answer(item, yes) }, { Text(word) },
                Modifier.heightIn(min = TOUCH).semantics { contentDescription = told },
            )
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Options(item: FormRowItem, on: FormActions) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        item.options.forEach { row ->
            val told = "${item.title}: ${row.option.text}"
            FilterChip(
                row.chosen, { on.choose(item, row) }, { Text(row.option.text) },
                Modifier.heightIn(min = TOUCH).semantics { contentDescription = told },
            )
        }
    }
    val words = item.answers.filter { answer -> item.options.none { it.option.value == answer.value } }
    words.forEach { answer ->
        Line(answer.text)
        TextButton({ on.clear(answer) }, Modifier.heightIn(min = TOUCH)) { Text("${text("form_clear")}: ${answer.text}") }
    }
    if (item.open) Field(item, text("form_own_words"), on)
}

@Composable
private fun Field(item: FormRowItem, label: String, on: FormActions) {
    val hint = when (item.kind) {
        FormItemType.DATE -> text("form_date_hint")
        FormItemType.DATE_TIME -> text("form_date_time_hint")
        FormItemType.TIME -> text("form_time_hint")
        else -> item.hint
    }
    val wrong = item.problems.map { read(it) }
    val told = if (item.nth == null) item.title else "${item.title} ${item.nth}"
    val figures = item.kind in setOf(FormItemType.INTEGER, FormItemType.DECIMAL, FormItemType.QUANTITY)
    OutlinedTextField(
        item.typed, { on.type(item, it) },
        Modifier.fillMaxWidth().semantics {
            contentDescription = told
            if (wrong.isNotEmpty()) error(wrong.joinToString())
        },
        label = { Text(listOf(label.takeIf { it != item.title } ?: "", hint).filter { it.isNotEmpty() }.joinToString(" · ")) },
        minLines = if (item.kind == FormItemType.TEXT) 3 else 1,
        keyboardOptions = KeyboardOptions(keyboardType = if (figures) KeyboardType.Decimal else KeyboardType.Text),
        isError = wrong.isNotEmpty(),
    )
    if (item.unsaved) Main("${text("visit_save")}: ${item.title}") { on.save(item) }
    if (item.kind == FormItemType.DATE) Calendar(item) { on.pick(item, it) }
    // Several answers stand below their field, each to be taken back.
    if (item.several && item.options.isEmpty()) {
        item.answers.forEach { answer ->
            TextButton({ on.clear(answer) }, Modifier.heightIn(min = TOUCH)) { Text("${answer.text} · ${text("form_clear")}") }
        }
    }
}

@Composable
internal fun FormsPlace(shell: Shell, place: Place.Forms, way: MutableList<Place>, back: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(place) { FormsModel(shell.phone, place.visit, here, shell.formats) }
    val state by model.state.collectAsState()
    val open: (EntryId) -> Unit = { way.add(Place.Form(place.visit, it)) }
    state.started?.let { begun ->
        LaunchedEffect(begun) {
            model.opened()
            open(begun)
        }
    }
    FormsScreen(state, back, open, { model.start(it) }, { way.add(Place.Sync) }, { model.dismiss() })
}

@Composable
internal fun FormPlace(shell: Shell, place: Place.Form, way: MutableList<Place>, back: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(place) { FormModel(shell.phone, place.visit, place.form, here, shell.formats) }
    val state by model.state.collectAsState()
    FormScreen(
        state,
        FormActions(
            back = { model.leave(back) }, answer = { item, yes -> model.answer(item, yes) }, choose = { item, row -> model.choose(item, row) },
            type = { item, text -> model.type(item, text) }, pick = { item, day -> model.pick(item, day) },
            save = { model.save(it) }, clear = { model.clear(it) },
            add = { model.add(it) }, remove = { model.remove(it) }, complete = { model.complete() }, reopen = { model.reopen() },
            sync = { way.add(Place.Sync) }, dismiss = { model.dismiss() },
        ),
    )
}
