package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.FilledTonalButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import org.homeround.kit.screens.LockState
import org.homeround.kit.screens.Words

/** Choosing a PIN, unlocking, connecting the phone for the first time. */
@Composable
fun LockScreen(
    state: LockState, onDigit: (Int) -> Unit, onErase: () -> Unit, onProceed: () -> Unit, onDismiss: () -> Unit, onSensor: () -> Unit = {},
) {
    Surface(color = MaterialTheme.colorScheme.background, modifier = Modifier.fillMaxSize()) {
        Column(
            Modifier.fillMaxSize().verticalScroll(rememberScrollState()).padding(24.dp),
            horizontalAlignment = Alignment.CenterHorizontally,
            verticalArrangement = Arrangement.spacedBy(12.dp, Alignment.CenterVertically),
        ) {
            Text(text("app_name"), style = MaterialTheme.typography.titleMedium, color = MaterialTheme.colorScheme.primary)
            Text(
                read(state.title), style = MaterialTheme.typography.headlineSmall, textAlign = TextAlign.Center,
                modifier = Modifier.semantics { heading() },
            )
            Quiet(read(state.hint), Modifier.widthIn(max = 360.dp), TextAlign.Center)
            state.problem?.let { Trouble(it, onDismiss) }
            if (state.asksPin) {
                Dots(state.pin.length)
                Keys(onDigit, onErase)
            }
            Spacer(Modifier.height(4.dp))
            Main(text("lock_proceed"), state.ready, onProceed)
            if (state.offersSensor) Also(text("lock_sensor"), onClick = onSensor)
        }
    }
}

/** How many digits were entered; never which. */
@Composable
private fun Dots(count: Int) {
    val told = read(Words.counted("lock_digits", count))
    Row(
        Modifier.height(28.dp).semantics { contentDescription = told },
        horizontalArrangement = Arrangement.spacedBy(10.dp), verticalAlignment = Alignment.CenterVertically,
    ) {
        repeat(maxOf(6, count).coerceAtMost(12)) { at ->
            val scheme = MaterialTheme.colorScheme
            Surface(shape = CircleShape, color = if (at < count) scheme.primary else scheme.outlineVariant, modifier = Modifier.size(14.dp)) {}
        }
    }
}

@Composable
private fun Keys(onDigit: (Int) -> Unit, onErase: () -> Unit) {
    Column(verticalArrangement = Arrangement.spacedBy(10.dp), horizontalAlignment = Alignment.CenterHorizontally) {
        for (row in listOf(listOf(1, 2, 3), listOf(4, 5, 6), listOf(7, 8, 9))) {
            Row(horizontalArrangement = Arrangement.spacedBy(16.dp)) { row.forEach { Key(it, onDigit) } }
        }
        Row(horizontalArrangement = Arrangement.spacedBy(16.dp), verticalAlignment = Alignment.CenterVertically) {
            Spacer(Modifier.size(72.dp))
            Key(0, onDigit)
            TextButton(onErase, Modifier.size(72.dp), contentPadding = PaddingValues(0.dp)) { Text("⌫", style = MaterialTheme.typography.titleLarge, modifier = erased()) }
        }
    }
}

@Composable
private fun erased(): Modifier {
    val told = text("lock_erase")
    return Modifier.semantics { contentDescription = told }
}

@Composable
private fun Key(digit: Int, onDigit: (Int) -> Unit) {
    FilledTonalButton({ onDigit(digit) }, Modifier.size(72.dp), shape = CircleShape, contentPadding = PaddingValues(0.dp)) {
        Text("$digit", style = MaterialTheme.typography.headlineSmall)
    }
}
