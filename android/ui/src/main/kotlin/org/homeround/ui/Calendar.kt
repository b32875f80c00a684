package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.DatePicker
import androidx.compose.material3.DatePickerDialog
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.material3.rememberDatePickerState
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import java.time.LocalDate
import org.homeround.kit.screens.FormRowItem

/** The calendar beside a date's field: what is chosen is saved at once, and can be taken back. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Calendar(item: FormRowItem, onPick: (LocalDate?) -> Unit) {
    var open by remember(item.key) { mutableStateOf(false) }
    FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        Also("${text("form_calendar")}: ${item.title}") { open = true }
        // Several answers are taken back one by one.
        if (!item.several && item.typed.isNotEmpty()) Also("${text("form_clear")}: ${item.title}") { onPick(null) }
    }
    if (!open) return
    Days(item.day, { open = false }) { day ->
        open = false
        onPick(day)
    }
}

@OptIn(ExperimentalMaterial3Api::class)
@Composable
internal fun Days(day: LocalDate?, onClose: () -> Unit, onPick: (LocalDate) -> Unit) {
    // The picker counts days as milliseconds of UTC, wherever the phone is.
    val state = rememberDatePickerState(day?.toEpochDay()?.times(DAY_MS))
    DatePickerDialog(
        onClose,
        confirmButton = {
            val chosen = state.selectedDateMillis
            val take = { chosen?.let { onPick(LocalDate.ofEpochDay(it / DAY_MS)) } ?: Unit }
            TextButton(take, Modifier.heightIn(min = TOUCH), enabled = chosen != null) { Text(text("form_calendar_take")) }
        },
        dismissButton = { TextButton(onClose, Modifier.heightIn(min = TOUCH)) { Text(text("form_calendar_close")) } },
    ) { DatePicker(state, Modifier.verticalScroll(rememberScrollState())) }
}

private const val DAY_MS = 86_400_000L
