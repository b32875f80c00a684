package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.material3.FilterChip
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.homeround.core.NoticeKind
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.NoticeLook
import org.homeround.kit.screens.NoticeRow
import org.homeround.kit.screens.NoticesModel
import org.homeround.kit.screens.NoticesState
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.WishesForm

/** What a person does with notices to a patient. */
class NoticeActions(
    val back: () -> Unit,
    /** Begins to write down what the patient wishes. */
    val ask: () -> Unit,
    val type: (WishesForm) -> Unit,
    val save: () -> Unit,
    val close: () -> Unit,
    /** Shows what the patient would be told. */
    val draft: (NoticeKind) -> Unit,
    val send: () -> Unit,
    val sync: () -> Unit,
    val dismiss: () -> Unit,
)

/** The place of a visit's notices. */
@Composable
internal fun NoticesPlace(shell: Shell, place: Place.Notices, back: () -> Unit, sync: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(place) { NoticesModel(shell.phone, place.visit, here, shell.formats) }
    val state by model.state.collectAsState()
    NoticesScreen(
        state,
        NoticeActions(
            back = back, ask = { model.ask() }, type = { model.type(it) }, save = { model.save() }, close = { model.close() },
            draft = { model.draft(it) }, send = { model.send() }, sync = sync, dismiss = { model.dismiss() },
        ),
    )
}

/** Telling a patient when somebody comes, and whether they want to be told. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
fun NoticesScreen(state: NoticesState, on: NoticeActions) {
    val title = listOf(text("notices_title"), state.patient).filter { it.isNotEmpty() }.joinToString(" · ")
    Page(title, state.network, state.problem, on.back, on.dismiss, on.sync, setOf("address", "quiet")) {
        Part(text("notice_wishes")) {
            val wishes = state.wishes
            if (wishes == null) {
                if (state.loaded) Quiet(text("notice_not_asked"))
            } else {
                Line(listOf(read(wishes.told), wishes.address).filter { it.isNotEmpty() }.joinToString(" · "), read(wishes.by))
                Quiet(listOf(read(wishes.language), read(wishes.quiet)).joinToString(" · "))
            }
            val form = state.form
            if (form == null) Also(text(if (wishes == null) "notice_ask" else "notice_change"), onClick = on.ask) else Wishes(state, form, on)
        }
        if (state.ahead) {
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                Also(text("notice_kind_on_my_way")) { on.draft(NoticeKind.ON_MY_WAY) }
                Also(text("notice_kind_late")) { on.draft(NoticeKind.LATE) }
            }
        }
        state.look?.let { Look(it, on) }
        if (state.loaded && state.rows.isEmpty()) Quiet(text("notices_none"))
        state.rows.forEach { Sent(it) }
    }
}

@Composable
private fun Look(look: NoticeLook, on: NoticeActions) {
    Part(look.draft.subject) {
        Text(look.draft.body.trim())
        Quiet(text("notice_signature"))
        look.waits?.let { Quiet(read(it)) }
        look.hindrance?.let { Labels(listOf(Chip(it, Tone.WARNING, Glyph.WARNING))) }
        Main(text("notice_send"), look.hindrance == null, on.send)
        Also(text("notice_close"), onClick = on.close)
    }
}

@Composable
private fun Sent(row: NoticeRow) {
    Part(read(row.told)) {
        Line(row.arrives, read(row.by))
        Labels(listOf(row.state))
        row.why?.let { Quiet(read(it)) }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Wishes(state: NoticesState, form: WishesForm, on: NoticeActions) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
        Choice("notice_yes", form.agreed) { on.type(form.copy(agreed = true)) }
        Choice("notice_no", !form.agreed) { on.type(form.copy(agreed = false)) }
        Choice("notice_representative", form.byRepresentative) { on.type(form.copy(byRepresentative = !form.byRepresentative)) }
    }
    if (form.agreed) {
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            Choice("notice_email", !form.sms) { on.type(form.copy(sms = false)) }
            Choice("notice_sms", form.sms) { on.type(form.copy(sms = true)) }
        }
        Written("notice_address", form.address) { on.type(form.copy(address = it)) }
        state.problem?.takeIf { it.field == "address" }?.let { Trouble(it, on.dismiss) }
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            Choice("notice_language_own", form.language == null) { on.type(form.copy(language = null)) }
            Choice("notice_language_en", form.language == "en") { on.type(form.copy(language = "en")) }
            Choice("notice_language_es", form.language == "es") { on.type(form.copy(language = "es")) }
        }
        Written("notice_quiet_from", form.quietFrom) { on.type(form.copy(quietFrom = it)) }
        Written("notice_quiet_until", form.quietUntil) { on.type(form.copy(quietUntil = it)) }
        state.problem?.takeIf { it.field == "quiet" }?.let { Trouble(it, on.dismiss) }
    }
    Main(text("notice_save"), onClick = on.save)
    Also(text("notice_close"), onClick = on.close)
}

@Composable
private fun Choice(key: String, chosen: Boolean, onChoose: () -> Unit) =
    FilterChip(chosen, onChoose, { Text(text(key)) }, Modifier.heightIn(min = TOUCH))

@Composable
private fun Written(key: String, value: String, onType: (String) -> Unit) {
    val told = text(key)
    OutlinedTextField(value, onType, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) })
}
