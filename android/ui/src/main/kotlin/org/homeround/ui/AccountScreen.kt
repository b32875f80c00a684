package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.FilterChip
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
import androidx.compose.ui.text.input.PasswordVisualTransformation
import androidx.compose.ui.unit.dp
import org.homeround.kit.screens.AccountState
import org.homeround.kit.screens.WEEK_DAYS
import org.homeround.kit.screens.Words

/** What a person does with the account on this phone. */
class AccountActions(
    val back: () -> Unit,
    val numbers: (days: Int) -> Unit,
    /** Shows what patients said of visits. */
    val results: () -> Unit,
    val changePin: (old: String, new: String) -> Unit,
    val useSensor: (on: Boolean, pin: String) -> Unit,
    val lock: () -> Unit,
    val signOut: () -> Unit,
    val sync: () -> Unit,
    val dismiss: () -> Unit,
)

/** Who works on this phone: one's own numbers, the PIN, locking, signing out. */
@Composable
fun AccountScreen(state: AccountState, on: AccountActions) {
    Page(text("account_title"), state.network, state.problem, on.back, on.dismiss, on.sync) {
        Line(state.name, state.role?.let { read(it) }.orEmpty(), strong = true)
        state.done?.let { Text(read(it), style = MaterialTheme.typography.bodyLarge) }
        Main(text("account_lock"), onClick = on.lock)
        Numbers(state, on)
        ChangePin(state, on.changePin)
        if (state.sensor) Sensor(state, on.useSensor)
        SignOut(state, on)
    }
}

@Composable
private fun Numbers(state: AccountState, on: AccountActions) {
    Part(text("numbers_title")) {
        Row(horizontalArrangement = Arrangement.spacedBy(8.dp)) {
            for (days in listOf(WEEK_DAYS, 4 * WEEK_DAYS)) {
                FilterChip(state.numbersDays == days, { on.numbers(days) }, { Text(text("numbers_last", days)) }, Modifier.heightIn(min = TOUCH))
            }
        }
        state.numbers.forEach { Line(read(it)) }
        Quiet(text("numbers_hint"))
        Also(text("results_title"), onClick = on.results)
    }
}

@Composable
private fun ChangePin(state: AccountState, onChange: (String, String) -> Unit) {
    var old by remember(state.done) { mutableStateOf("") }
    var new by remember(state.done) { mutableStateOf("") }
    Part(text("account_pin")) {
        Secret(text("account_pin_old"), old) { old = it }
        Secret(text("account_pin_new"), new) { new = it }
        if (state.sensorOn) Quiet(text("account_pin_forgotten"))
        Main(text("account_pin_change"), !state.busy && (old.isNotEmpty() || state.sensorOn) && new.isNotEmpty()) { onChange(old, new) }
    }
}

@Composable
private fun Sensor(state: AccountState, onUse: (Boolean, String) -> Unit) {
    var pin by remember(state.done) { mutableStateOf("") }
    Part(text("account_sensor")) {
        Quiet(text(if (state.sensorOn) "account_sensor_on_hint" else "account_sensor_off_hint"))
        Secret(text("account_pin"), pin) { pin = it }
        val change = text(if (state.sensorOn) "account_sensor_stop" else "account_sensor_use")
        Main(change, !state.busy && pin.isNotEmpty()) { onUse(!state.sensorOn, pin) }
    }
}

@Composable
private fun Secret(name: String, value: String, onType: (String) -> Unit) {
    OutlinedTextField(
        value, onType, Modifier.fillMaxWidth().semantics { contentDescription = name }, label = { Text(name) }, singleLine = true,
        visualTransformation = PasswordVisualTransformation(),
        keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.NumberPassword),
    )
}

@Composable
private fun SignOut(state: AccountState, on: AccountActions) {
    var sure by remember { mutableStateOf(false) }
    Part(text("account_sign_out")) {
        Quiet(text("account_sign_out_hint"))
        if (state.holdsWork) Quiet(read(Words.counted("account_unsent", state.unsent)))
        if (sure) {
            Main(text("account_sign_out_sure"), !state.busy, on.signOut)
            Also(text("account_stay")) { sure = false }
        } else {
            Also(text("account_sign_out"), !state.busy) { sure = true }
        }
    }
}
