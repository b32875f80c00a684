package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.first
import org.homeround.core.Attachment
import org.homeround.core.BreakReason
import org.homeround.core.By
import org.homeround.core.ChartMedication
import org.homeround.core.Conflict
import org.homeround.core.Consciousness
import org.homeround.core.Drawing
import org.homeround.core.EntryId
import org.homeround.core.FallbackReason
import org.homeround.core.Fix
import org.homeround.core.HandoverReason
import org.homeround.core.HomeFinding
import org.homeround.core.HomeroundException
import org.homeround.core.LateEdit
import org.homeround.core.LobbyStep
import org.homeround.core.MedicationGivenEntry
import org.homeround.core.MedicationNotGivenEntry
import org.homeround.core.NewAttachment
import org.homeround.core.NewCorrection
import org.homeround.core.NewPresenceReason
import org.homeround.core.NotDoneReason
import org.homeround.core.PhoneFallback
import org.homeround.core.PresenceReason
import org.homeround.core.ReportedBy
import org.homeround.core.Spo2Scale
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.Unlock
import org.homeround.core.VisitId
import org.homeround.core.VisitStatus
import org.homeround.core.VisitView
import org.homeround.core.WarningOverride
import org.homeround.core.mediaTypeOf
import org.homeround.kit.Homeround
import org.homeround.kit.NoteTyping

/** The first bytes of a file, in which it says what it is. */
private const val HEAD_BYTES = 16

/** A visit. */
class VisitModel(
    private val phone: Homeround,
    id: VisitId,
    scope: CoroutineScope,
    private val formats: Formats,
    private val now: () -> Long,
    private val place: suspend () -> Fix? = { null },
) : Model<VisitState>(scope, VisitState()) {
    private val visit = phone.visit(id)
    private var zone = "UTC"
    private var list: List<ChartMedication> = emptyList()

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(visit.view, ::take)
        follow(visit.planned) { state, tasks -> state.copy(planned = planned(tasks, formats, zone)) }
        follow(visit.attachments) { state, photos -> state.with(photos.map(::photo)) }
        follow(visit.late) { state, late -> state.copy(late = late.map(::late)) }
        follow(combine(visit.way, visit.view) { way, view -> Triple(way, view, visit.colleagues()) }) { state, (way, view, team) ->
            val unsent = view.summary?.unsent?.toInt() ?: 0
            val own = view.summary?.assignees.orEmpty().any { it.me }
            val takers = if (own && view.status in HANDED) team else emptyList()
            state.copy(way = way(way, takers, unsent, formats, view.summary?.timeZone ?: zone))
        }
        act {
            val sensor = phone.session.hasBiometric()
            change { it.copy(sensor = sensor) }
        }
        act {
            val patient = visit.read().patient
            follow(phone.patient(patient).chart) { state, chart ->
                list = chart.medications
                val standing = chart.allergies.filter { it.allergy.status.name in STANDING }
                state.copy(
                    spo2Scale = chart.spo2Scale,
                    alerts = chart.alerts.filter { it.alert.active }.map { it.alert.text },
                    allergies = standing.map { it.allergy.code.text },
                    medications = chart.medications.filter { it.medication.status == "active" }.map { row(it, state) },
                )
            }
        }
    }

    override fun failed(state: VisitState, problem: Problem?) = state.copy(problem = problem)

    /** Signing without a [pin] asks at the sensor. */
    fun take(action: Action, pin: String = "", reason: String = "") = act {
        when (action) {
            Action.TRAVEL -> visit.startTravel(place())
            Action.CHECK_IN -> visit.checkIn(place())
            Action.BREAK -> visit.takeBreak(fix = place())
            Action.RESUME -> visit.resume(place())
            Action.COMPLETE -> visit.complete(place())
            Action.SIGN -> visit.sign(if (pin.isEmpty()) Unlock.Biometric else Unlock.Pin(pin))
            Action.AMEND -> visit.amend(reason)
            Action.JOIN -> visit.join(place())
            Action.LEAVE -> visit.leave(place())
        }
    }

    fun finish(task: EntryId) = act { visit.setTask(task, TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null)) }

    fun leaveOut(task: EntryId, reason: NotDoneReason, comment: String) = act {
        visit.setTask(task, TaskOutcome(TaskStatus.NOT_DONE, null, reason, comment.ifBlank { null }))
    }

    fun finishPlanned(task: EntryId) = act {
        visit.setPlannedTask(task, TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null))
    }

    fun leaveOutPlanned(task: EntryId, reason: NotDoneReason, comment: String) = act {
        visit.setPlannedTask(task, TaskOutcome(TaskStatus.NOT_DONE, null, reason, comment.ifBlank { null }))
    }

    fun removePlanned(task: EntryId) = act { visit.removePlannedTask(task) }

    fun typeVital(field: VitalField, text: String) = changeVitals { it.with(field, text) }

    /** The figure is typed in its other unit from now on. */
    fun swapUnit(field: VitalField) = changeVitals { it.swapped(field) }

    fun chooseSite(field: VitalField, site: HowChoice) = changeVitals { it.site(field, site) }

    fun chooseMethod(field: VitalField, method: HowChoice) = changeVitals { it.method(field, method) }

    fun chooseConsciousness(level: Consciousness?) = changeVitals { it.copy(consciousness = level) }

    fun chooseOxygen(given: Boolean?) = changeVitals { it.copy(onOxygen = given) }

    /** Who told the figures; none: they were measured. */
    fun chooseTeller(by: ReportedBy?) = changeVitals { it.copy(reportedBy = by) }

    fun typeDevice(text: String) = changeVitals { it.copy(device = text) }

    /** What was changed has to be looked at anew. */
    private fun changeVitals(with: (VitalsForm) -> VitalsForm) = change { it.copy(vitals = with(it.vitals), checking = null) }

    /** Records what was typed; where a figure is worth a second look, it waits for [confirmVitals]. */
    fun recordVitals() = act { recordVitals(confirmed = false) }

    /** Records what was looked at again. */
    fun confirmVitals() = act { recordVitals(confirmed = true) }

    /** Back to the figures. */
    fun holdVitals() = change { it.copy(checking = null) }

    private suspend fun recordVitals(confirmed: Boolean) {
        val form = state.value.vitals
        val (vitals, wrong) = form.parse(formats)
        if (wrong != null) {
            change { it.copy(problem = Problem(Words("error_not_a_number"), wrong.field)) }
            return
        }
        val entry = form.entry(vitals, now())
        if (!confirmed) {
            val says = visit.assess(entry)
            val unusual = second(says, form)
            if (unusual.isNotEmpty()) {
                // What was typed meanwhile has not been looked at.
                val check = VitalsCheck(unusual, card(says))
                change { if (it.vitals == form) it.copy(checking = check) else it }
                return
            }
        }
        visit.recordVitals(entry)
        // What was typed meanwhile stays.
        change { if (it.vitals == form) it.copy(vitals = it.fresh(), checking = null) else it }
    }

    /** Decides by which scale NEWS2 judges the patient's saturation: a clinician's decision, for all visits from now on. */
    fun decideScale(scale: Spo2Scale) = act {
        val patient = state.value.patientId ?: return@act
        phone.patient(patient).setSpo2Scale(scale)
    }

    /** Gives what is ordered; where there is something to think about first, the dose waits for a reason. */
    fun give(row: MedicationRow) = act { give(row, null, emptyList()) }

    /** Begins to note another dose than the ordered one, from the ordered one. */
    fun beginDose(row: MedicationRow) = change {
        val order = row.medication.medication.dosing
        it.copy(dosing = DoseForm(row, order?.doseValue?.let(::plain).orEmpty(), order?.doseUnit.orEmpty()))
    }

    fun typeDose(form: DoseForm) = change { it.copy(dosing = form) }

    fun closeDose() = change { it.copy(dosing = null) }

    /** Gives the dose that was typed; where there is something to think about first, it waits for a reason. */
    fun giveDose() = act {
        val form = state.value.dosing ?: return@act
        val value = formats.number(form.value)
        if (value == null) {
            change { it.copy(problem = Problem(Words("error_not_a_number"), "dose_value")) }
            return@act
        }
        give(form.row, value to form.unit.trim(), emptyList())
    }

    /** Gives the dose that waits, with the reason of whoever goes on. */
    fun goOn(reason: String) = act {
        val warned = state.value.warned ?: return@act
        give(warned.row, warned.dose, warned.overrides(reason))
    }

    /** The dose that waits is not given now. */
    fun holdBack() = change { it.copy(warned = null) }

    private suspend fun give(row: MedicationRow, dose: Pair<Double, String>?, overrides: List<WarningOverride>) {
        val line = row.medication
        val order = line.medication.dosing
        val value = if (dose == null) order?.doseValue else dose.first
        val unit = if (dose == null) order?.doseUnit else dose.second
        val (asked, typed) = state.value.let { it.warned to it.dosing }
        try {
            visit.medicationGiven(MedicationGivenEntry(line.id, line.medication.code, value, unit, null, overrides))
            // A warning that came meanwhile, of another dose, waits for its own answer.
            change { it.copy(warned = it.warned.takeIf { now -> now !== asked }, dosing = it.dosing.takeIf { now -> now !== typed }) }
        } catch (warned: HomeroundException.Warned) {
            change { it.copy(warned = WarnedDose(row, warned.warnings.map { one -> row(one, formats, zone) }, dose)) }
        }
    }

    /** Begins to compare the medication list with what is in the home. */
    fun compareList() = change { it.copy(reconcile = ReconcileForm.of(list)) }

    fun answerLine(id: EntryId, finding: HomeFinding) =
        change { it.copy(reconcile = it.reconcile?.with(id) { row -> row.copy(finding = finding) }) }

    fun commentLine(id: EntryId, text: String) =
        change { it.copy(reconcile = it.reconcile?.with(id) { row -> row.copy(comment = text) }) }

    fun typeBeside(text: String) = change { it.copy(reconcile = it.reconcile?.copy(beside = text)) }

    fun closeList() = change { it.copy(reconcile = null) }

    /** Records what was found of every line; it changes none. */
    fun saveList() = act {
        val form = state.value.reconcile ?: return@act
        val patient = state.value.patientId ?: return@act
        phone.patient(patient).reconcile(form.found(visit.id))
        change { it.copy(reconcile = null) }
    }

    fun withhold(row: MedicationRow, reason: NotDoneReason, comment: String) = act {
        val medication = row.medication
        val said = comment.ifBlank { null }
        visit.medicationNotGiven(MedicationNotGivenEntry(medication.id, medication.medication.code, reason, said))
    }

    /** The note's field holds this now; it is not saved yet, and stays through whatever a colleague types meanwhile. */
    fun typeNote(text: String) = change {
        val from = it.draft?.from ?: it.note
        it.copy(draft = if (text == from) null else NoteDraft(text, from))
    }

    /** Types into the shared note what the person changed. */
    fun saveNote() = act {
        val before = state.value.note
        val draft = state.value.draft ?: return@act
        val mine = NoteTyping.between(draft.from, draft.text) ?: return@act
        val typed = NoteTyping.between(draft.from, before)?.let(mine::over) ?: mine
        change { it.copy(draft = null, note = typed.into(before)) }
        try {
            visit.editNote(typed.insert, typed.at, typed.delete)
        } catch (failure: HomeroundException) {
            // Nothing was saved: what was typed is still there to be saved.
            change { it.copy(note = before, draft = NoteDraft(it.draft?.text ?: draft.text, draft.from)) }
            throw failure
        }
    }

    fun setOutcome(text: String) = act { visit.setOutcome(text) }

    /** Why one's own stamp is not verified. */
    fun explain(stamp: EntryId, reason: PresenceReason, comment: String) = act {
        visit.explainPresence(NewPresenceReason(stamp, reason, comment.ifBlank { null }))
    }

    /** Begins to take a signature by hand. */
    fun beginSignOff() = change { it.copy(signing = SignOffForm()) }

    fun changeSignOff(form: SignOffForm) = change { it.copy(signing = form) }

    fun closeSignOff() = change { it.copy(signing = null) }

    /** Stores what was given; [drawing]: what is on the pad. */
    fun signOff(drawing: Drawing?) = act {
        val form = state.value.signing ?: return@act
        val given = form.given(drawing) ?: return@act
        visit.signOff(form.signer(), given)
        change { it.copy(signing = null) }
    }

    /** Says that a signature by hand is wrong, and why; it stays and says so. */
    fun takeBack(signOff: EntryId, reason: String) = act { visit.correct(NewCorrection("sign_offs", signOff, null, reason.trim())) }

    /** Joins the call: [open] hands the link to the system, and it is kept nowhere. */
    fun join(open: (String) -> Unit) = act { open(visit.joinUrl()) }

    /** Notes what the patient, or who decides for them, says to a virtual visit. */
    fun consent(entry: ConsentEntry, given: Boolean) = act { visit.recordConsent(entry.consent(given)) }

    fun lobby(step: LobbyStep) = act { visit.noteLobby(step) }

    /** Goes on by phone: [open] hands the number to the system. */
    fun fallBack(reason: FallbackReason, comment: String, open: (String) -> Unit) = act {
        visit.fallBackToPhone(PhoneFallback(reason, comment.ifBlank { null }, null)).phoneUrl?.let(open)
    }

    /** The visit does not take place. */
    fun end(ending: Ending, reason: NotDoneReason, comment: String) = act {
        val said = comment.ifBlank { null }
        when (ending) {
            Ending.MISS -> visit.miss(reason, said, place())
            Ending.CANCEL -> visit.cancel(reason, said, place())
        }
    }

    /** The visit is interrupted, and goes on later. */
    fun pause(reason: BreakReason, comment: String) = act { visit.takeBreak(reason, comment.ifBlank { null }, place()) }

    /** This visit is the other one, entered twice. */
    fun sameVisit(other: VisitId, comment: String) = act { visit.sameVisit(other, comment.ifBlank { null }, place()) }

    /** This visit and the other one are two. */
    fun twoVisits(other: VisitId, comment: String) = act { visit.twoVisits(other, comment.ifBlank { null }) }

    /** A colleague takes this visit, and with [day] what is left of one's own day. */
    fun handOver(to: By, reason: HandoverReason, comment: String, day: Boolean) = act {
        val person = to.person ?: return@act
        val said = comment.ifBlank { null }
        visit.handOver(person, reason, said)
        if (day) phone.handOverDay(phone.today(), person, reason, said)
    }

    fun attach(shot: Shot, caption: String) = act {
        visit.attach(NewAttachment(shot.mediaType, caption.ifBlank { null }, null, shot.thumbnail), shot.bytes)
    }

    /** Adds a file that was chosen: a recording, a document, a picture. What it is, its bytes say. */
    fun attachFile(bytes: ByteArray, caption: String) = act {
        val mediaType = mediaTypeOf(bytes.copyOf(minOf(bytes.size, HEAD_BYTES))).orEmpty()
        visit.attach(NewAttachment(mediaType, caption.ifBlank { null }, null, null), bytes)
    }

    /** Shows a photo or plays a recording; a colleague's is fetched first. */
    fun open(photo: PhotoRow) = act {
        change { it.copy(opened = Opened(photo, null)) }
        try {
            val here = visit.attachments.first().any { it.id == photo.id && it.here }
            if (!here) visit.fetchAttachment(photo.id)
            val bytes = visit.attachmentBytes(photo.id)
            change { if (it.opened?.photo?.id == photo.id) it.copy(opened = Opened(photo, bytes)) else it }
        } catch (error: Exception) {
            change { it.copy(opened = null) }
            throw error
        }
    }

    fun closePhoto() = change { it.copy(opened = null) }

    fun settle(conflict: ConflictRow, choice: Choice) = act { visit.settle(conflict.field, choice.json) }

    private fun take(state: VisitState, view: VisitView): VisitState {
        val line = view.summary
        line?.let { zone = it.timeZone }
        val begun = if (state.loaded) state.vitals else VitalsForm(reportedBy = view.virtualVisit?.let { ReportedBy.PATIENT })
        val given = state.copy(findings = emptyList(), vitals = begun)
        val shown = given.copy(
            loaded = true,
            patientId = view.patient,
            patient = line?.patientName.orEmpty(),
            address = line?.address.orEmpty(),
            window = line?.let { formats.window(it.startMs, it.endMs, it.timeZone) }.orEmpty(),
            service = line?.service.orEmpty(),
            status = chip(view.status),
            actions = actions(view),
            endings = endings(view.status),
            editable = view.status !in SEALED,
            tasks = view.tasks.map {
                val state = it.reason?.let(::words) ?: it.result?.let(::words) ?: words(it.status)
                TaskRow(it.id, it.title, it.required, it.status == TaskStatus.DONE, state, it.comment)
            },
            findings = view.observations.asReversed().map {
                FindingRow(
                    lines(it.finding), it.by.name, formats.time(it.measuredAtMs, zone), it.corrected?.reason,
                    it.assessment?.let(::card), it.assessment?.let { says -> second(says) }.orEmpty(), told(it),
                )
            },
            forms = view.forms.map { form -> FormRow(form.questionnaire, form.answers.map { it.linkId to it.text }) },
            note = view.note,
            outcome = view.outcome.orEmpty(),
            conflicts = view.conflicts.map { conflict(it, view) },
            signOffs = view.signOffs.map { signOffRow(it, formats, zone) },
            maySignOff = maySignOff(view.status),
            call = view.virtualVisit?.let { call(it, view.status, formats, zone) },
            presence = view.presence.attendances.map { presenceRow(it, formats, zone) },
            signed = view.signatures.lastOrNull()?.let { Words("visit_signed_by", it.by.name, formats.moment(it.atMs, zone)) },
            unsent = line?.unsent?.toInt() ?: 0,
        )
        val done = view.medications.associate { it.medication to given(it.given) }
        return shown.copy(medications = shown.medications.map { it.copy(done = done[it.medication.id] ?: it.done) })
    }

    private fun row(medication: ChartMedication, state: VisitState): MedicationRow {
        val before = state.medications.find { it.medication.id == medication.id }
        val one = medication.medication
        return MedicationRow(medication, one.code.text, listOfNotNull(one.dose, one.frequency).joinToString(", "), before?.done)
    }

    private fun photo(one: Attachment): PhotoRow = PhotoRow(
        one.id, one.caption.orEmpty(), one.thumbnail, one.by.name,
        when (one.upload) {
            is org.homeround.core.Upload.Sent -> Chip(Words("photo_sent"), Tone.QUIET, Glyph.CHECK)
            is org.homeround.core.Upload.Refused -> Chip(Words("photo_refused"), Tone.ALARM, Glyph.WARNING)
            is org.homeround.core.Upload.Pending -> Chip(Words("photo_pending"), Tone.QUIET, Glyph.UNSENT)
            null -> Chip(Words("photo_elsewhere"), Tone.QUIET, Glyph.ONLINE)
        },
        image = one.mediaType.startsWith("image/"), audio = one.mediaType.startsWith("audio/"),
    )

    private fun late(edit: LateEdit) = LateRow(
        edit.by.name, formats.moment(edit.atMs, zone), edit.fields.map(::fieldWords).distinct(),
        Words(if (edit.knewOfSignature) "late_knew" else "late_good_faith"),
    )

    private fun conflict(conflict: Conflict, view: VisitView): ConflictRow {
        val about = view.tasks.find { it.id == conflict.item }?.title ?: plannedTitle(conflict, state.value)
        val choices = conflict.values.map {
            Choice(it.json, readable(conflict, it.text), it.by.name, it.by.me, formats.moment(it.atMs, zone), it.shown)
        }
        return ConflictRow(conflict.field, fieldWords(conflict.field), about, choices)
    }

    /** Codes of results and statuses are keys of the string resources. */
    private fun readable(conflict: Conflict, text: String): String = if (conflict.section == "planned") "@planned_${text.ifEmpty { "open" }}" else when (conflict.name) {
        "result" -> "@result_$text"
        "status" -> if (conflict.section == "tasks") "@task_$text" else "@status_$text"
        "reason" -> "@reason_$text"
        "consent" -> "@consent_$text"
        else -> text
    }

    private companion object {
        val SEALED = setOf(VisitStatus.SIGNED, VisitStatus.AMENDED)
        val STANDING = setOf("ACTIVE", "UNCONFIRMED")

        fun endings(status: VisitStatus): List<Ending> = when (status) {
            VisitStatus.SCHEDULED, VisitStatus.TRAVELING -> Ending.entries
            VisitStatus.IN_PROGRESS -> listOf(Ending.CANCEL)
            else -> emptyList()
        }

        fun actions(view: VisitView): List<Action> = steps(view) + presenceActions(view)

        fun steps(view: VisitView): List<Action> = when (view.status) {
            VisitStatus.SCHEDULED -> view.virtualVisit?.let(::begins) ?: listOf(Action.TRAVEL, Action.CHECK_IN)
            VisitStatus.TRAVELING -> listOf(Action.CHECK_IN)
            VisitStatus.IN_PROGRESS -> listOf(Action.COMPLETE, Action.BREAK)
            VisitStatus.ON_BREAK -> listOf(Action.RESUME)
            VisitStatus.COMPLETED -> listOf(Action.SIGN)
            VisitStatus.SIGNED -> listOf(Action.AMEND)
            VisitStatus.AMENDED -> listOf(Action.SIGN, Action.AMEND)
            VisitStatus.CANCELED, VisitStatus.MISSED -> emptyList()
        }
    }
}
