package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.HorizontalDivider
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
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.error
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.text.input.PasswordVisualTransformation
import androidx.compose.ui.text.style.TextDecoration
import androidx.compose.ui.unit.dp
import androidx.compose.foundation.layout.padding
import org.homeround.core.BreakReason
import org.homeround.core.Consciousness
import org.homeround.core.EntryId
import org.homeround.core.NotDoneReason
import org.homeround.core.PatientId
import org.homeround.core.PresenceReason
import org.homeround.kit.screens.Action
import org.homeround.kit.screens.Choice
import org.homeround.kit.screens.ConflictRow
import org.homeround.kit.screens.Ending
import org.homeround.kit.screens.MedicationRow
import org.homeround.kit.screens.Problem
import org.homeround.kit.screens.TaskRow
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.VitalField

/** What a person does during a visit. */
class VisitActions(
    val back: () -> Unit,
    val patient: (PatientId) -> Unit,
    val notices: () -> Unit,
    val forms: () -> Unit,
    val take: (Action, pin: String, reason: String) -> Unit,
    val finish: (EntryId) -> Unit,
    val leaveOut: (EntryId, NotDoneReason, String) -> Unit,
    /** What care plans ask for. */
    val planned: PlannedActions,
    val typeVital: (VitalField, String) -> Unit,
    val recordVitals: () -> Unit,
    /** Units, places, methods, and the second look. */
    val how: HowActions,
    val consciousness: (Consciousness?) -> Unit,
    /** Oxygen, air, or not said. */
    val oxygen: (Boolean?) -> Unit,
    val give: (MedicationRow) -> Unit,
    /** Another dose than the ordered one. */
    val dose: DoseActions,
    /** Goes on against warnings, with a reason. */
    val goOn: (reason: String) -> Unit,
    val holdBack: () -> Unit,
    /** Comparing the medication list with the home. */
    val list: ListActions,
    val withhold: (MedicationRow, NotDoneReason, String) -> Unit,
    val typeNote: (String) -> Unit,
    val saveNote: () -> Unit,
    val outcome: (String) -> Unit,
    val end: (Ending, NotDoneReason, String) -> Unit,
    val pause: (BreakReason, String) -> Unit,
    /** Photos, recordings and files. */
    val photos: PhotoActions,
    val settle: (ConflictRow, Choice) -> Unit,
    val explain: (EntryId, PresenceReason, String) -> Unit,
    /** Taking a signature by hand. */
    val signOff: SignOffActions,
    val way: WayActions,
    /** The call of a virtual visit. */
    val call: CallActions,
    val sync: () -> Unit,
    val dismiss: () -> Unit,
)

/** What a person does with a task that a care plan asks for. */
class PlannedActions(
    val finish: (EntryId) -> Unit,
    val leaveOut: (EntryId, NotDoneReason, String) -> Unit,
    /** Takes it off this visit. */
    val remove: (EntryId) -> Unit,
)

/** A visit; [card] says who the patient is in its context, [survey] what they said of it. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
fun VisitScreen(state: VisitState, on: VisitActions, survey: @Composable () -> Unit = {}, card: @Composable () -> Unit = {}) {
    var asking by remember { mutableStateOf<Action?>(null) }
    Page(state.patient, state.network, state.problem, on.back, on.dismiss, on.sync, FIGURES) {
        Quiet("${state.window} · ${state.service}")
        Quiet(state.address)
        Labels(listOf(state.status))
        state.signed?.let { Quiet(read(it)) }
        if (state.alerts.isNotEmpty()) Notice(text("visit_alerts"), state.alerts, Tone.WARNING)
        if (state.allergies.isNotEmpty()) Notice(text("visit_allergies"), state.allergies, Tone.ALARM)
        card()
        if (state.conflicts.isNotEmpty()) Conflicts(state.conflicts, on.settle)
        Way(state.way, on.way)
        state.call?.let { Call(it, on.call) }
        FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(10.dp)) {
            state.actions.forEachIndexed { at, action ->
                val label = text("action_${action.name.lowercase()}")
                val take = {
                    if (action in ASKED) asking = action else on.take(action, "", "")
                }
                if (at == 0) Main(label, onClick = take) else Also(label, onClick = take)
            }
            state.patientId?.let { patient -> Also(text("visit_patient")) { on.patient(patient) } }
            Also(text("notices_title"), onClick = on.notices)
        }
        Endings(state.endings, on.end)
        if (state.late.isNotEmpty()) Late(state.late)
        if (asking == Action.BREAK) {
            Breaks { reason, comment ->
                asking = null
                on.pause(reason, comment)
            }
        }
        asking?.takeIf { it != Action.BREAK }?.let { action ->
            Proof(action, state.sensor) { typed ->
                asking = null
                if (action == Action.SIGN) on.take(action, typed, "") else on.take(action, "", typed)
            }
        }
        Presence(state.presence, on.explain)
        Tasks(text("visit_tasks"), state.tasks, state.editable, on.finish, on.leaveOut)
        Tasks(text("visit_planned"), state.planned, state.editable, on.planned.finish, on.planned.leaveOut, on.planned.remove)
        VitalSigns(state, on)
        Medications(state, on)
        Note(state, on)
        Photos(state, on.photos)
        FormsOf(state, on.forms)
        survey()
        SignOffs(state, on.signOff)
    }
}

/** From this font scale on, nothing stands beside something else that is typed. */
private const val LARGE = 1.3f

/** What a person is asked about before it is done. */
private val ASKED: Set<Action> = setOf(Action.BREAK, Action.SIGN, Action.AMEND)

private val FIGURES: Set<String> = VitalField.entries.map { it.field }.toSet() + DOSE_FIELDS

@Composable
private fun Notice(title: String, lines: List<String>, tone: Tone) {
    val (behind, on) = colours(tone)
    Surface(color = behind, contentColor = on, shape = MaterialTheme.shapes.medium, modifier = Modifier.fillMaxWidth()) {
        Column(Modifier.padding(14.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
            Text(title, style = MaterialTheme.typography.labelLarge)
            lines.forEach { Text(it, style = MaterialTheme.typography.bodyLarge) }
        }
    }
}

/** The PIN for a signature, or the reason of an amendment. */
@Composable
private fun Proof(action: Action, sensor: Boolean, onProceed: (String) -> Unit) {
    val signing = action == Action.SIGN
    var typed by remember(action) { mutableStateOf("") }
    Part(text(if (signing) "visit_sign_title" else "visit_amend_title")) {
        OutlinedTextField(
            typed, { typed = it }, Modifier.fillMaxWidth(), singleLine = true,
            label = { Text(text(if (signing) "visit_sign_hint" else "visit_amend_hint")) },
            visualTransformation = if (signing) PasswordVisualTransformation() else androidx.compose.ui.text.input.VisualTransformation.None,
            keyboardOptions = KeyboardOptions(keyboardType = if (signing) KeyboardType.NumberPassword else KeyboardType.Text),
        )
        Main(text("action_${action.name.lowercase()}"), typed.isNotBlank()) { onProceed(typed) }
        if (signing && sensor) Also(text("visit_sign_sensor")) { onProceed("") }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Conflicts(conflicts: List<ConflictRow>, onSettle: (ConflictRow, Choice) -> Unit) {
    Part(text("visit_conflicts_title")) {
        Quiet(text("conflict_hint"))
        conflicts.forEach { conflict ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line(if (conflict.about.isEmpty()) read(conflict.title) else conflict.about, read(conflict.title), strong = true)
            conflict.choices.forEach { choice ->
                Surface(
                    color = MaterialTheme.colorScheme.surfaceVariant, shape = MaterialTheme.shapes.medium, modifier = Modifier.fillMaxWidth(),
                ) {
                    Column(Modifier.padding(14.dp), verticalArrangement = Arrangement.spacedBy(6.dp)) {
                        Text(line(choice.text), style = MaterialTheme.typography.titleLarge)
                        Quiet(if (choice.mine) text("conflict_mine", choice.at) else text("conflict_by", choice.by, choice.at))
                        if (choice.shown) Quiet(text("conflict_shown"))
                        Also(text("conflict_choose")) { onSettle(conflict, choice) }
                    }
                }
            }
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Tasks(
    title: String,
    tasks: List<TaskRow>,
    editable: Boolean,
    onFinish: (EntryId) -> Unit,
    onLeaveOut: (EntryId, NotDoneReason, String) -> Unit,
    onRemove: ((EntryId) -> Unit)? = null,
) {
    if (tasks.isEmpty()) return
    var leaving by remember { mutableStateOf<EntryId?>(null) }
    Part(title) {
        tasks.forEach { task ->
            TaskLine(task)
            if (!editable) return@forEach
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                if (!task.done) Main(text("visit_done")) { onFinish(task.id) }
                Also(text("visit_not_done")) { leaving = if (leaving == task.id) null else task.id }
                if (onRemove != null) Also(text("planned_remove")) { onRemove(task.id) }
            }
            if (leaving == task.id) {
                Reasons { reason, comment ->
                    leaving = null
                    onLeaveOut(task.id, reason, comment)
                }
            }
        }
    }
}

@Composable
private fun TaskLine(task: TaskRow) {
    val required = if (task.required) " · " + text("visit_required") else ""
    Line(task.title, read(task.state) + required + task.comment?.let { " · $it" }.orEmpty(), strong = true)
    if (task.hint.isNotEmpty()) Quiet(task.hint)
    task.assignee?.let { Quiet(text("planned_assignee", shown(it))) }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun VitalSigns(state: VisitState, on: VisitActions) {
    Part(text("visit_vitals")) {
        if (state.editable) {
            // Two beside each other, unless the letters are large.
            val abreast = if (LocalDensity.current.fontScale > LARGE) 1 else 2
            VitalField.entries.chunked(abreast).forEach { fields ->
                Row(horizontalArrangement = Arrangement.spacedBy(10.dp)) {
                    fields.forEach { Figure(it, state, on, Modifier.weight(1f)) }
                    if (fields.size < abreast) Spacer(Modifier.weight(1f))
                }
            }
            Teller(state.vitals, on.how)
            How(state.vitals, on.how)
            Awake(state.vitals, on)
            Scale(state.spo2Scale, on.how.scale)
            val checking = state.checking
            if (checking == null) Main(text("visit_record"), !state.vitals.empty, on.recordVitals) else LookAgain(checking, on.how)
        }
        state.findings.forEach { finding ->
            val told = listOfNotNull(finding.reported?.let { read(it) }, finding.wrong?.let { text("visit_wrong", it) })
            Line("${finding.at} · ${finding.by}", told.joinToString(" · "))
            finding.lines.forEach {
                Text(
                    line(it), style = MaterialTheme.typography.bodyLarge,
                    textDecoration = if (finding.wrong == null) null else TextDecoration.LineThrough,
                )
            }
            if (finding.wrong == null) Says(finding)
        }
    }
}

@Composable
private fun Figure(field: VitalField, state: VisitState, on: VisitActions, modifier: Modifier) {
    val problem: Problem? = state.problem?.takeIf { it.field == field.field }
    val told = problem?.let { read(it.words) }
    val name = text("vital_${field.field}")
    Column(modifier, verticalArrangement = Arrangement.spacedBy(2.dp)) {
        // Above the field and not in it: there a long name would be cut off.
        Text(name, Modifier.clearAndSetSemantics {}, style = MaterialTheme.typography.bodyMedium)
        OutlinedTextField(
            state.vitals.typed[field].orEmpty(), { on.typeVital(field, it) },
            Modifier.fillMaxWidth().semantics {
                contentDescription = "$name (${state.vitals.unit(field)})"
                told?.let { error(it) }
            },
            suffix = { Text(state.vitals.unit(field)) },
            isError = told != null,
            supportingText = told?.let { { Text(it) } },
            singleLine = true,
            keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Decimal),
        )
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Medications(state: VisitState, on: VisitActions) {
    if (state.medications.isEmpty()) return
    var leaving by remember { mutableStateOf<EntryId?>(null) }
    Part(text("visit_medications")) {
        state.medications.forEach { row ->
            val done = row.done?.let { read(it) }
            Line(row.title, listOfNotNull(row.dose.ifEmpty { null }, done).joinToString(" · "), strong = true)
            if (!state.editable) return@forEach
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                if (done == null) Main(text("visit_given")) { on.give(row) }
                Also(text("dose_other")) { on.dose.begin(row) }
                Also(text("visit_not_given")) { leaving = if (leaving == row.medication.id) null else row.medication.id }
            }
            if (leaving == row.medication.id) {
                Reasons { reason, comment ->
                    leaving = null
                    on.withhold(row, reason, comment)
                }
            }
            state.dosing?.takeIf { it.row.medication.id == row.medication.id }?.let { OtherDose(it, state.problem, on.dose) }
            state.warned?.takeIf { it.row.medication.id == row.medication.id }?.let { Think(it, on) }
        }
        if (state.editable) Compare(state.reconcile, on.list)
    }
}

@Composable
private fun Note(state: VisitState, on: VisitActions) {
    Part(text("visit_note")) {
        if (state.editable) {
            val told = text("visit_note")
            Quiet(text("visit_note_hint"))
            OutlinedTextField(
                state.noteShown, on.typeNote, Modifier.fillMaxWidth().semantics { contentDescription = told }, minLines = 3,
            )
            if (state.draft != null) Main(text("visit_save"), onClick = on.saveNote)
        } else {
            Text(state.note, style = MaterialTheme.typography.bodyLarge)
        }
    }
    Part(text("visit_outcome")) {
        Field(text("visit_outcome"), state.outcome, state.editable, on.outcome)
    }
}

/**
 * A field whose text is saved when the person says so. What comes from elsewhere replaces what was
 * not touched, and leaves alone what is being typed.
 */
@Composable
private fun Field(name: String, saved: String, editable: Boolean, onSave: (String) -> Unit) {
    var typed by remember { mutableStateOf(saved) }
    var seen by remember { mutableStateOf(saved) }
    if (seen != saved) {
        if (typed == seen) typed = saved
        seen = saved
    }
    if (!editable) {
        Text(saved, style = MaterialTheme.typography.bodyLarge)
        return
    }
    OutlinedTextField(typed, { typed = it }, Modifier.fillMaxWidth().semantics { contentDescription = name })
    if (typed != saved) Main(text("visit_save")) { onSave(typed) }
}
