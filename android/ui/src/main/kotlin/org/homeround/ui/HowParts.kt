package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.error
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp
import org.homeround.core.ReportedBy
import org.homeround.core.Spo2Scale
import org.homeround.kit.screens.DoseForm
import org.homeround.kit.screens.HowChoice
import org.homeround.kit.screens.MedicationRow
import org.homeround.kit.screens.Problem
import org.homeround.kit.screens.SPO2_SCALES
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.TELLERS
import org.homeround.kit.screens.VitalField
import org.homeround.kit.screens.VitalsCheck
import org.homeround.kit.screens.VitalsForm
import org.homeround.kit.screens.methodsOf
import org.homeround.kit.screens.sitesOf
import org.homeround.kit.screens.words

/** What a person says of how figures were measured. */
class HowActions(
    /** The figure is typed in its other unit from now on. */
    val unit: (VitalField) -> Unit,
    val site: (VitalField, HowChoice) -> Unit,
    val method: (VitalField, HowChoice) -> Unit,
    val scale: (Spo2Scale) -> Unit,
    /** Records what was looked at again. */
    val confirm: () -> Unit,
    /** Back to the figures. */
    val back: () -> Unit,
    /** Who told the figures; none: they were measured. */
    val teller: (ReportedBy?) -> Unit,
    val device: (String) -> Unit,
)

/** Another dose than the ordered one. */
class DoseActions(
    val begin: (MedicationRow) -> Unit,
    val type: (DoseForm) -> Unit,
    val give: () -> Unit,
    val close: () -> Unit,
)

/** Fields of a dose, shown with what is wrong with them. */
internal val DOSE_FIELDS = setOf("dose_value", "dose_unit")

/** Units of figures that have two; where and how those were measured that were typed. */
@Composable
internal fun How(form: VitalsForm, on: HowActions) {
    VitalField.entries.forEach { field ->
        val typed = form.typed[field].orEmpty().isNotBlank()
        val other = field.other
        val name = text("vital_${field.field}")
        if (typed && other != null) {
            Choose(
                text("how_unit", name),
                listOf(field.unit to (field !in form.others), other.unit to (field in form.others)).map { (unit, chosen) ->
                    Triple(unit, chosen) { if (!chosen) on.unit(field) }
                },
            )
        }
        if (typed) HowOf("how_site", name, sitesOf(field), form.sites[field]) { on.site(field, it) }
        if (typed) HowOf("how_method", name, methodsOf(field), form.methods[field]) { on.method(field, it) }
    }
}

/** Whether the figures were measured here, or who told them, and with what they were measured then. */
@Composable
internal fun Teller(form: VitalsForm, on: HowActions) {
    val measured = Triple(text("reported_measured"), form.reportedBy == null) { on.teller(null) }
    Choose(text("reported_title"), listOf(measured) + TELLERS.map { Triple(read(words(it)), form.reportedBy == it) { on.teller(it) } })
    if (form.reportedBy == null) return
    val told = text("reported_device")
    OutlinedTextField(
        form.device, on.device, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) }, singleLine = true,
    )
}

@Composable
private fun HowOf(title: String, name: String, choices: List<HowChoice>, chosen: HowChoice?, choose: (HowChoice) -> Unit) {
    if (choices.isNotEmpty()) Choose(text(title, name), choices.map { one -> Triple(text(one.key), one == chosen) { choose(one) } })
}

/** The scale for the saturation: another one is decided only after what that means was read. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Scale(decided: Spo2Scale?, onDecide: (Spo2Scale) -> Unit) {
    var asked by remember(decided) { mutableStateOf<Spo2Scale?>(null) }
    val holds = decided ?: Spo2Scale.SCALE1
    Choose(
        text("scale_title"),
        SPO2_SCALES.map { scale -> Triple(read(words(scale)), scale == holds) { asked = scale.takeIf { it != holds } } },
    )
    asked?.let { scale ->
        Caution(text("scale_warning")) {
            Main(text("scale_decide")) {
                asked = null
                onDecide(scale)
            }
            Also(text("scale_keep")) { asked = null }
        }
    }
}

/** Figures that are worth a second look, before they are recorded. */
@Composable
internal fun LookAgain(check: VitalsCheck, on: HowActions) {
    val lines = check.unusual.map { "${read(it.name)}: ${read(it.usual)}" }
    Caution((listOf(text("check_title")) + lines).joinToString("\n")) {
        Main(text("check_confirm"), onClick = on.confirm)
        Also(text("check_back"), onClick = on.back)
    }
    check.score?.let { Score(it) }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Caution(told: String, choices: @Composable () -> Unit) {
    val (behind, front) = colours(Tone.WARNING)
    Surface(color = behind, contentColor = front, shape = MaterialTheme.shapes.medium, modifier = Modifier.fillMaxWidth()) {
        Column(Modifier.padding(14.dp), verticalArrangement = Arrangement.spacedBy(6.dp)) {
            Text(told, style = MaterialTheme.typography.bodyLarge)
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) { choices() }
        }
    }
}

/** How much was given, where it is not what was ordered. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun OtherDose(form: DoseForm, problem: Problem?, on: DoseActions) {
    DoseField("dose_value", form.value, problem, KeyboardType.Decimal) { on.type(form.copy(value = it)) }
    DoseField("dose_unit", form.unit, problem, KeyboardType.Text) { on.type(form.copy(unit = it)) }
    FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        Main(text("visit_given"), form.ready, on.give)
        Also(text("dose_close"), onClick = on.close)
    }
}

@Composable
private fun DoseField(field: String, typed: String, problem: Problem?, keys: KeyboardType, onType: (String) -> Unit) {
    val told = text(field)
    val wrong = problem?.takeIf { it.field == field }?.let { read(it.words) }
    OutlinedTextField(
        typed, onType,
        Modifier.fillMaxWidth().semantics {
            contentDescription = told
            wrong?.let { error(it) }
        },
        label = { Text(told) }, isError = wrong != null, supportingText = wrong?.let { { Text(it) } }, singleLine = true,
        keyboardOptions = KeyboardOptions(keyboardType = keys),
    )
}
