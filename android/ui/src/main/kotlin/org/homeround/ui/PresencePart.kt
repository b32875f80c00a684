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
import org.homeround.core.EntryId
import org.homeround.core.PresenceReason
import org.homeround.kit.screens.PresenceRow
import org.homeround.kit.screens.StampRow
import org.homeround.kit.screens.words

/** Who was in the home, from when until when, how sure that is, and the reason that is asked for. */
@Composable
internal fun Presence(rows: List<PresenceRow>, onExplain: (EntryId, PresenceReason, String) -> Unit) {
    if (rows.isEmpty()) return
    Part(text("visit_presence")) {
        rows.forEach { row ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line(row.by, if (row.open) text("presence_here") else "", strong = true)
            if (row.overlaps) Quiet(text("presence_overlaps"))
            row.stamps.forEach { Stamp(it, onExplain) }
        }
    }
}

@Composable
private fun Stamp(stamp: StampRow, onExplain: (EntryId, PresenceReason, String) -> Unit) {
    var asking by remember(stamp.id) { mutableStateOf(false) }
    Line(read(stamp.told), stamp.causes.map { read(it) }.joinToString(", "))
    Labels(listOf(stamp.state))
    stamp.reason?.let { reason -> Quiet(read(reason) + stamp.comment?.let { " · $it" }.orEmpty()) }
    if (!stamp.asks) return
    Also(text("presence_explain")) { asking = !asking }
    if (asking) {
        PresenceReasons { reason, comment ->
            asking = false
            onExplain(stamp.id, reason, comment)
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun PresenceReasons(onReason: (PresenceReason, comment: String) -> Unit) {
    var comment by remember { mutableStateOf("") }
    val told = text("visit_comment")
    OutlinedTextField(
        comment, { comment = it }, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) },
    )
    Quiet(text("visit_reason"))
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
        PresenceReason.entries.forEach { reason -> Also(read(words(reason))) { onReason(reason, comment) } }
    }
}
