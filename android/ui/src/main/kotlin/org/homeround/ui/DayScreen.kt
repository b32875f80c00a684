package org.homeround.ui

import androidx.compose.foundation.BorderStroke
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.width
import androidx.compose.material3.Card
import androidx.compose.material3.CardDefaults
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.homeround.core.VisitId
import org.homeround.kit.screens.DayRow
import org.homeround.kit.screens.DayState

/** What a person does on the day's list. */
class DayActions(
    val open: (VisitId) -> Unit,
    val next: () -> Unit,
    val previous: () -> Unit,
    val team: (Boolean) -> Unit,
    val suggest: (Boolean) -> Unit,
    val search: () -> Unit,
    val sync: () -> Unit,
    val account: () -> Unit,
    /** The team's messages. */
    val messages: () -> Unit,
    val dismiss: () -> Unit,
    /** Making a visit that nobody booked. */
    val new: NewVisitActions,
)

/** Today, or another day. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
fun DayScreen(state: DayState, on: DayActions) {
    Page(
        state.title, state.network, state.problem, onDismiss = on.dismiss, onNetwork = on.sync,
    ) {
        FlowRow(
            Modifier.fillMaxWidth(), horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp),
        ) {
            Turn("‹", text("day_previous"), on.previous)
            FilterChip(!state.team, { on.team(false) }, { Text(text("day_mine")) }, Modifier.heightIn(min = TOUCH))
            FilterChip(state.team, { on.team(true) }, { Text(text("day_team")) }, Modifier.heightIn(min = TOUCH))
            Turn("›", text("day_next"), on.next)
            Also(text("search_title"), onClick = on.search)
            Also(text("account_title"), onClick = on.account)
            Also(if (state.messages == 0) text("messages_title") else text("messages_waiting", state.messages.toString()), onClick = on.messages)
            Also(text("new_visit_title"), onClick = on.new.start)
        }
        state.new?.let { NewVisit(it, on.new) }
        Quiet(read(state.summary))
        if (!state.team && state.order != null) {
            FilterChip(state.suggest, { on.suggest(!state.suggest) }, { Text(text("day_suggest")) }, Modifier.heightIn(min = TOUCH))
            state.order?.let { Quiet(read(it)) }
        }
        if (state.loaded && state.rows.isEmpty()) Text(text("day_empty"), style = MaterialTheme.typography.bodyLarge)
        state.rows.forEach { VisitCard(it) { on.open(it.id) } }
    }
}

@Composable
private fun Turn(mark: String, told: String, onClick: () -> Unit) {
    TextButton(onClick, Modifier.width(TOUCH).heightIn(min = TOUCH).semantics { contentDescription = told }) {
        Text(mark, style = MaterialTheme.typography.headlineSmall)
    }
}

@Composable
private fun VisitCard(row: DayRow, onOpen: () -> Unit) {
    Card(
        onOpen, Modifier.fillMaxWidth(),
        colors = CardDefaults.cardColors(containerColor = MaterialTheme.colorScheme.surface),
        border = BorderStroke(1.dp, MaterialTheme.colorScheme.outlineVariant),
    ) {
        Column(Modifier.padding(16.dp), verticalArrangement = Arrangement.spacedBy(6.dp)) {
            Row(verticalAlignment = Alignment.CenterVertically) {
                Text(row.window, style = MaterialTheme.typography.labelLarge, color = MaterialTheme.colorScheme.primary)
            }
            Text(row.patient, style = MaterialTheme.typography.titleLarge)
            Quiet(row.address)
            Quiet(row.service)
            row.arrival?.let { Text(read(it), style = MaterialTheme.typography.bodyMedium) }
            row.travel?.let { Quiet(read(it)) }
            if (row.colleagues.isNotEmpty()) Quiet(text("day_with", row.colleagues.joinToString(", ")))
            Labels(listOf(row.status) + row.notes)
        }
    }
}
