package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
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
import androidx.compose.ui.unit.dp
import org.homeround.core.FallbackReason
import org.homeround.core.LobbyStep
import org.homeround.kit.screens.CallState
import org.homeround.kit.screens.ConsentEntry
import org.homeround.kit.screens.words

/** What a person does around the call of a virtual visit. */
class CallActions(
    /** Hands the link to the system; none: it opens none. */
    val join: (() -> Unit)?,
    val consent: (ConsentEntry, given: Boolean) -> Unit,
    val lobby: (LobbyStep) -> Unit,
    /** Goes on by phone. */
    val fallBack: (FallbackReason, comment: String) -> Unit,
)

/** The call of a virtual visit: consent, joining, who is there, and the phone where it fails. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Call(call: CallState, on: CallActions) {
    var calling by remember { mutableStateOf(false) }
    Part(text("call_title")) {
        Labels(listOfNotNull(call.consent, call.state))
        listOfNotNull(call.consentTold, call.since).forEach { Quiet(read(it)) }
        FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(10.dp)) {
            if (call.canJoin) on.join?.let { join -> Main(text("call_join"), onClick = join) }
            if (call.open) Also(text("call_fall_back")) { calling = !calling }
        }
        if (call.open && calling) {
            Fallback(call.phone) { reason, comment ->
                calling = false
                on.fallBack(reason, comment)
            }
        }
        if (call.open) Asking(call, on.consent)
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            call.steps.forEach { step -> Also(read(words(step))) { on.lobby(step) } }
        }
        call.rows.forEach { row ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            val detail = listOfNotNull(row.reason?.let { read(it) }, row.comment, read(row.told))
            Line(read(row.state), detail.joinToString(" · "))
        }
    }
}

/** The patient is asked before the visit begins, and may be asked again. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Asking(call: CallState, onConsent: (ConsentEntry, given: Boolean) -> Unit) {
    var again by remember(call.consent) { mutableStateOf(call.consent == null) }
    var form by remember(call.consent) { mutableStateOf(ConsentEntry()) }
    if (!again) {
        Also(text("consent_again")) { again = true }
        return
    }
    Text(text("consent_title"), style = MaterialTheme.typography.titleMedium)
    Choose(
        text("consent_party"),
        listOf(false to "consent_patient", true to "consent_representative").map { (representative, key) ->
            Triple(text(key), form.representative == representative) { form = form.copy(representative = representative) }
        },
    )
    if (form.representative) {
        val told = text("consent_name")
        OutlinedTextField(
            form.name, { form = form.copy(name = it) }, Modifier.fillMaxWidth().semantics { contentDescription = told },
            label = { Text(told) }, singleLine = true,
        )
    }
    Choose(
        text("consent_form"),
        listOf(false to "consent_spoken", true to "consent_written").map { (written, key) ->
            Triple(text(key), form.written == written) { form = form.copy(written = written) }
        },
    )
    FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        Main(text("consent_give"), form.ready) { onConsent(form, true) }
        Also(text("consent_decline"), form.ready) { onConsent(form, false) }
    }
}

/** Why it goes on by phone; the number is then the system's to call. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Fallback(phone: String?, onReason: (FallbackReason, comment: String) -> Unit) {
    var comment by remember { mutableStateOf("") }
    val told = text("visit_comment")
    Quiet(phone?.let { text("call_number", it) } ?: text("call_no_number"))
    OutlinedTextField(
        comment, { comment = it }, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) },
    )
    Quiet(text("call_why"))
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
        FallbackReason.entries.forEach { reason -> Also(read(words(reason))) { onReason(reason, comment) } }
    }
}
