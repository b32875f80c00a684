package org.homeround.kit.screens

import org.homeround.core.ChartMedication
import org.homeround.core.EntryId
import org.homeround.core.PatientId
import org.homeround.core.Spo2Scale
import org.homeround.core.SyncState
import org.homeround.core.VisitStatus

/** A step that makes sense now. */
enum class Action { TRAVEL, CHECK_IN, BREAK, RESUME, COMPLETE, SIGN, AMEND, JOIN, LEAVE }

/** How a visit ends that does not take place. */
enum class Ending { MISS, CANCEL }

/** A task's line. */
data class TaskRow(
    val id: EntryId,
    val title: String,
    val required: Boolean,
    val done: Boolean,
    val state: Words,
    val comment: String?,
    /** How it is done, and when it is due, of one that a care plan asks for. */
    val hint: String = "",
    /** Who does one that a care plan asks for: a name or [Words]; null: whoever visits. */
    val assignee: Any? = null,
)

/** A finding's line. */
data class FindingRow(
    val lines: List<String>,
    val by: String,
    val at: String,
    val wrong: String?,
    /** The score of a set of vital signs. */
    val score: ScoreCard? = null,
    /** Figures that are worth a second look. */
    val unusual: List<UnusualRow> = emptyList(),
    /** Who told it; none: it was measured. */
    val reported: Words? = null,
)

/** A medication's line: of the chart's list, with what was done about it during this visit. */
data class MedicationRow(val medication: ChartMedication, val title: String, val dose: String, val done: Words?)

/** The line of a photo, a recording or a file. */
data class PhotoRow(
    val id: EntryId,
    val caption: String,
    val thumbnail: ByteArray?,
    val by: String,
    val state: Chip,
    val image: Boolean = true,
    val audio: Boolean = false,
)

/** What a camera gives: the picture, and a small one for lists. */
class Shot(val mediaType: String, val bytes: ByteArray, val thumbnail: ByteArray? = null)

/** A photo that is looked at, or a recording that is listened to; its bytes come when they are there. */
data class Opened(val photo: PhotoRow, val bytes: ByteArray?)

/** An answered form. */
data class FormRow(val title: String, val answers: List<Pair<String, String>>)

/** An edit that came after the signature and waits for the signer. */
data class LateRow(val by: String, val at: String, val fields: List<Words>, val told: Words)

/** One of the values of a conflict. */
data class Choice(val json: String, val text: String, val by: String, val mine: Boolean, val at: String, val shown: Boolean)

/** A field on which people disagree. */
data class ConflictRow(val field: String, val title: Words, val about: String, val choices: List<Choice>)

/** What was typed into the note and is not saved yet, and the note that it was typed into. */
data class NoteDraft(val text: String, val from: String)

/** What the visit's screen shows. */
data class VisitState(
    val loaded: Boolean = false,
    val patientId: PatientId? = null,
    val patient: String = "",
    val address: String = "",
    val window: String = "",
    val service: String = "",
    val status: Chip = chip(VisitStatus.SCHEDULED),
    val actions: List<Action> = emptyList(),
    val endings: List<Ending> = emptyList(),
    val editable: Boolean = true,
    val tasks: List<TaskRow> = emptyList(),
    /** What care plans ask for, but for what somebody took off. */
    val planned: List<TaskRow> = emptyList(),
    val findings: List<FindingRow> = emptyList(),
    val medications: List<MedicationRow> = emptyList(),
    val alerts: List<String> = emptyList(),
    val allergies: List<String> = emptyList(),
    val photos: List<PhotoRow> = emptyList(),
    val opened: Opened? = null,
    val forms: List<FormRow> = emptyList(),
    val late: List<LateRow> = emptyList(),
    val note: String = "",
    val draft: NoteDraft? = null,
    val outcome: String = "",
    val conflicts: List<ConflictRow> = emptyList(),
    val presence: List<PresenceRow> = emptyList(),
    val signed: Words? = null,
    /** Signatures by hand, and why there is none. */
    val signOffs: List<SignOffRow> = emptyList(),
    /** Whether somebody may sign by hand now. */
    val maySignOff: Boolean = false,
    /** A signature while it is taken. */
    val signing: SignOffForm? = null,
    val vitals: VitalsForm = VitalsForm(),
    /** Vital signs that wait for a second look. */
    val checking: VitalsCheck? = null,
    /** The scale that the chart names for the saturation; none: nobody decided, and scale 1 holds. */
    val spo2Scale: Spo2Scale? = null,
    /** A dose other than the ordered one, while it is typed. */
    val dosing: DoseForm? = null,
    val warned: WarnedDose? = null,
    /** The medication list while it is compared with the home. */
    val reconcile: ReconcileForm? = null,
    /** The call of a virtual visit; none: it is at the patient's home. */
    val call: CallState? = null,
    /** How it came about, whether it is there twice, who takes it over. */
    val way: WayState = WayState(),
    val unsent: Int = 0,
    /** Whether the biometric sensor may stand for the PIN under a signature. */
    val sensor: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
) {
    /** What the note's field holds. */
    val noteShown: String get() = draft?.text ?: note

    /** The form for the next set of vital signs. In a call, whose word it was stays: nobody there can measure. */
    internal fun fresh(): VitalsForm {
        val kept = if (call == null) VitalsForm() else VitalsForm(reportedBy = vitals.reportedBy, device = vitals.device)
        return kept.copy(others = vitals.others)
    }

    /** With these photos; what was opened and is not among them any more is closed. */
    internal fun with(photos: List<PhotoRow>): VisitState =
        copy(photos = photos, opened = opened?.takeIf { now -> photos.any { it.id == now.photo.id } })
}
