package org.homeround.kit

import kotlinx.coroutines.flow.Flow
import org.homeround.core.Assessment
import org.homeround.core.Attachment
import org.homeround.core.BreakReason
import org.homeround.core.By
import org.homeround.core.Conflict
import org.homeround.core.EntryId
import org.homeround.core.FallenBack
import org.homeround.core.Fix
import org.homeround.core.HandedOver
import org.homeround.core.HandoverReason
import org.homeround.core.LateEdit
import org.homeround.core.LobbyStep
import org.homeround.core.Measure
import org.homeround.core.Measured
import org.homeround.core.MedicationCheck
import org.homeround.core.MedicationGivenEntry
import org.homeround.core.MedicationNotGivenEntry
import org.homeround.core.NewAnswer
import org.homeround.core.NewAttachment
import org.homeround.core.NewConsent
import org.homeround.core.NewCorrection
import org.homeround.core.NewFinding
import org.homeround.core.NewPresenceReason
import org.homeround.core.NewSignature
import org.homeround.core.NoFix
import org.homeround.core.NotDoneReason
import org.homeround.core.Notice
import org.homeround.core.NoticeDraft
import org.homeround.core.NoticeKind
import org.homeround.core.NoteEdit
import org.homeround.core.OrderOptions
import org.homeround.core.PersonId
import org.homeround.core.PhoneFallback
import org.homeround.core.PlannedTask
import org.homeround.core.Saved
import org.homeround.core.SealCheck
import org.homeround.core.Signer
import org.homeround.core.TaskOutcome
import org.homeround.core.Unlock
import org.homeround.core.VisitId
import org.homeround.core.VisitSurvey
import org.homeround.core.VisitView
import org.homeround.core.VisitWay
import org.homeround.core.VitalsEntry
import org.homeround.core.Visit as Core

/** A visit, for reading and for work. An edit is saved for good when its call returns. */
class Visit internal constructor(private val core: Core, private val worker: Worker) {
    /** Which visit. */
    val id: VisitId get() = core.id()

    /** Filling forms. */
    val forms: Forms = Forms(core, worker)

    /** The visit as it stands. Emits again whenever it changes, here or elsewhere. */
    val view: Flow<VisitView> get() = worker.live { core.read() }

    /** Photos, recordings and files. Emits again when that changes. */
    val attachments: Flow<List<Attachment>> get() = worker.live { core.attachments() }

    /** What came after the last signature and is not taken in; empty before any signature. */
    val late: Flow<List<LateEdit>> get() = worker.live { if (core.read().signatures.isEmpty()) emptyList() else core.awaiting() }

    /** The tasks that the patient's care plans ask for at this visit. Emits again when that changes. */
    val planned: Flow<List<PlannedTask>> get() = worker.live { core.plannedTasks() }

    /** The visit as it stands now. */
    suspend fun read(): VisitView = worker.run { core.read() }

    /** The open conflicts alone. */
    suspend fun conflicts(): List<Conflict> = worker.run { core.conflicts() }

    /** On the way. A virtual visit has none. */
    suspend fun startTravel(fix: Fix? = null): Saved = worker.run { core.startTravel(fix) }

    /**
     * Arrived in the home: begins the visit and stamps who came, when and where; without a fix, [noFix] says
     * why. A stamp that is not verified stops nothing and waits for [explainPresence].
     */
    suspend fun checkIn(fix: Fix? = null, noFix: NoFix? = null): Saved = worker.run { core.checkIn(fix, noFix) }

    /** Checks in beside colleagues, or before them: the visit's status stays. */
    suspend fun join(fix: Fix? = null, noFix: NoFix? = null): Saved = worker.run { core.join(fix, noFix) }

    /** Checks out while the visit goes on, or after it ended: the visit's status stays. */
    suspend fun leave(fix: Fix? = null, noFix: NoFix? = null): Saved = worker.run { core.leave(fix, noFix) }

    /** Gives the reason for one's own stamp that is not verified; the last one counts. */
    suspend fun explainPresence(reason: NewPresenceReason): Saved = worker.run { core.explainPresence(reason) }

    /** Interrupts the visit, and notes where and why. */
    suspend fun takeBreak(reason: BreakReason? = null, comment: String? = null, fix: Fix? = null): Saved =
        worker.run { core.takeBreak(reason, comment, fix) }

    /** Goes on after a break, and notes where. */
    suspend fun resume(fix: Fix? = null): Saved = worker.run { core.resume(fix) }

    /** Leaves the home: the visit is done and can be signed. Stamps the check-out of who is checked in. */
    suspend fun complete(fix: Fix? = null, noFix: NoFix? = null): Saved = worker.run { core.complete(fix, noFix) }

    /** Nobody was met; notes where the person was. */
    suspend fun miss(reason: NotDoneReason, comment: String? = null, fix: Fix? = null): Saved =
        worker.run { core.miss(reason, comment, fix) }

    /** Calls the visit off; notes where the person was, and stamps the check-out of who is checked in. */
    suspend fun cancel(reason: NotDoneReason, comment: String? = null, fix: Fix? = null): Saved =
        worker.run { core.cancel(reason, comment, fix) }

    /** How the visit came about, whether it may be there twice, to whom it was handed over. Emits again whenever that changes. */
    val way: Flow<VisitWay> get() = worker.live { core.way() }

    /** Decides that this visit is [other], entered twice: this one is called off where it can be, and keeps its records. */
    suspend fun sameVisit(other: VisitId, comment: String? = null, fix: Fix? = null): Saved =
        worker.run { core.sameVisit(other, comment, fix) }

    /** Decides that this visit and [other] are two. */
    suspend fun twoVisits(other: VisitId, comment: String? = null): Saved = worker.run { core.twoVisits(other, comment) }

    /** Who of the patient's care team may take the visit, by name. */
    suspend fun colleagues(): List<By> = worker.run { core.colleagues() }

    /** Hands the visit over to a member of the patient's care team; what is unsent goes with the next sync. */
    suspend fun handOver(to: PersonId, reason: HandoverReason, comment: String? = null): HandedOver =
        worker.run { core.handOver(to, reason, comment) }

    /** What the patient would be told now, and what speaks against it. */
    suspend fun noticeDraft(kind: NoticeKind, options: OrderOptions = OrderOptions()): NoticeDraft =
        worker.run { core.noticeDraft(kind, options) }

    /** Asks the backend to tell the patient when the visit will begin; it goes out with the other edits. */
    suspend fun notify(kind: NoticeKind, arrivesFromMs: Long, arrivesUntilMs: Long): Saved =
        worker.run { core.notify(kind, arrivesFromMs, arrivesUntilMs) }

    /** The notices to the patient, the latest first, and what became of each. Emits again whenever that changes. */
    val notices: Flow<List<Notice>> get() = worker.live { core.notices() }

    /** The links to the survey that were asked for, and what was answered, in a language. Emits again whenever that changes. */
    fun survey(language: String): Flow<VisitSurvey> = worker.live { core.survey(language) }

    /** Asks the backend to send the patient a link to the survey; it goes out with the other edits. */
    suspend fun inviteToSurvey(): Saved = worker.run { core.inviteToSurvey() }

    /** Lends the phone to the patient for the survey: until it is unlocked every other call fails with `Locked`. */
    suspend fun lendForSurvey(): SurveyDesk = worker.run { SurveyDesk(core.lendForSurvey(), worker) }

    /**
     * The link to join the call of a virtual visit by, for the system to open: keep it nowhere. Whoever has it may
     * come in. Fails with `NotFound` when there is none now.
     */
    suspend fun joinUrl(): String = worker.run { core.joinUrl() }

    /** Notes what the patient says to a virtual visit; the last word counts. */
    suspend fun recordConsent(consent: NewConsent): Saved = worker.run { core.recordConsent(consent) }

    /** Notes that one waits, that the patient is there, that both are in the call, or that it was left. */
    suspend fun noteLobby(step: LobbyStep): Saved = worker.run { core.noteLobby(step) }

    /** Goes on by phone; the visit goes on as it is. Answers the number, and the address that calls it. */
    suspend fun fallBackToPhone(fallback: PhoneFallback): FallenBack = worker.run { core.fallBackToPhone(fallback) }

    /** Records a set of vital signs. */
    suspend fun recordVitals(entry: VitalsEntry): Saved = worker.run { core.recordVitals(entry) }

    /** What a set of vital signs would say, before it is recorded. Decision support. */
    suspend fun assess(entry: VitalsEntry): Assessment = worker.run { core.assess(entry) }

    /** Records one finding, with where, how and with what it was measured. */
    suspend fun observe(measuredAtMs: Long, finding: NewFinding, measured: Measured? = null): Saved =
        worker.run { core.observe(measuredAtMs, finding, measured) }

    /** Sets a single-valued measurement; two people's different values open a conflict. */
    suspend fun setMeasure(measure: Measure): Saved = worker.run { core.setMeasure(measure) }

    /** What there is to think about before giving a dose now. Decision support. */
    suspend fun checkMedication(entry: MedicationGivenEntry): MedicationCheck = worker.run { core.checkMedication(entry) }

    /**
     * Records that a medication was given. Fails with `Warned` while a warning has no override: nothing
     * was stored; ask, and call again with a reason for each.
     */
    suspend fun medicationGiven(entry: MedicationGivenEntry): Saved = worker.run { core.medicationGiven(entry) }

    /** Records that a medication was not given, and why. */
    suspend fun medicationNotGiven(entry: MedicationNotGivenEntry): Saved =
        worker.run { core.medicationNotGiven(entry) }

    /** Says what came of a task. */
    suspend fun setTask(task: EntryId, outcome: TaskOutcome): Saved = worker.run { core.setTask(task, outcome) }

    /** Says what came of a planned task; open takes back what stands. */
    suspend fun setPlannedTask(task: EntryId, outcome: TaskOutcome): Saved =
        worker.run { core.setPlannedTask(task, outcome) }

    /** Takes a planned task off this visit; it is due all the same, and no phone puts it back. */
    suspend fun removePlannedTask(task: EntryId, comment: String? = null): Saved =
        worker.run { core.removePlannedTask(task, comment) }

    /** Adds a task. */
    suspend fun addTask(title: String, required: Boolean = false): Saved =
        worker.run { core.addTask(title, required) }

    /** Says in words what came of the visit. */
    suspend fun setOutcome(outcome: String): Saved = worker.run { core.setOutcome(outcome) }

    /**
     * Types into the shared note. Places are counted in Unicode code points; see [NoteTyping] for what
     * a text field gives.
     */
    suspend fun editNote(insert: String, at: Int? = null, delete: Int = 0): Saved =
        worker.run { core.editNote(NoteEdit(at?.toULong(), delete.toULong(), insert)) }

    /** Answers one question of a form. */
    suspend fun answer(answer: NewAnswer): Saved = worker.run { core.answer(answer) }

    /** Marks an entry as wrong; it stays and says so. */
    suspend fun correct(correction: NewCorrection): Saved = worker.run { core.correct(correction) }

    /** Settles a conflict: the chosen value stands, the others stay in the history. */
    suspend fun settle(field: String, chosenJson: String): Saved = worker.run { core.settle(field, chosenJson) }

    /** Seals the completed visit, after asking for the PIN or the sensor once more. */
    suspend fun sign(with: Unlock): Saved = worker.run { core.sign(with) }

    /**
     * Takes somebody's signature by hand over the visit as it stands, or says why there is none. Nothing waits for
     * it; [VisitView.signOffs] says what was changed after it.
     */
    suspend fun signOff(signer: Signer, given: NewSignature): Saved = worker.run { core.signOff(signer, given) }

    /** Verifies one signature by hand as [verify] does a seal. */
    suspend fun verifySignOff(signOff: EntryId): SealCheck = worker.run { core.verifySignOff(signOff) }

    /** Verifies the seal of the last signature. */
    suspend fun verify(): SealCheck = worker.run { core.verify() }

    /** What came after the last signature and is not taken in by an amendment. */
    suspend fun awaiting(): List<LateEdit> = worker.run { core.awaiting() }

    /** Takes what came after the signature into the visit, with a reason. */
    suspend fun amend(reason: String, note: String? = null): Saved = worker.run { core.amend(reason, note) }

    /** Adds a photo, a recording or a file; bytes and entry are durable when this returns. */
    suspend fun attach(new: NewAttachment, bytes: ByteArray): Saved = worker.run { core.attach(new, bytes) }

    /** As [attach], of a file. Delete it afterwards: it is not encrypted. */
    suspend fun attachFile(new: NewAttachment, path: String): Saved = worker.run { core.attachFile(new, path) }

    /** The bytes of an attachment that is on this phone. */
    suspend fun attachmentBytes(id: EntryId): ByteArray = worker.run { core.attachmentBytes(id) }

    /** Fetches the bytes of a colleague's attachment. */
    suspend fun fetchAttachment(id: EntryId): Unit = core.fetchAttachment(id)
}

/** What changed between two texts of a field, as the note takes it. */
data class NoteTyping(val at: Int, val delete: Int, val insert: String) {
    /** The text with this typed into it. */
    fun into(text: String): String {
        val from = text.offsetByCodePoints(0, minOf(at, text.codePointCount(0, text.length)))
        val left = text.codePointCount(from, text.length)
        return text.replaceRange(from, text.offsetByCodePoints(from, minOf(delete, left)), insert)
    }

    /**
     * The same typing in a text that [other] has changed meanwhile. Where both touch the same stretch,
     * what the other typed stays.
     */
    fun over(other: NoteTyping): NoteTyping {
        val end = at + delete
        val otherEnd = other.at + other.delete
        val typed = other.insert.codePointCount(0, other.insert.length)
        return when {
            end <= other.at -> this
            at >= otherEnd -> copy(at = at + typed - other.delete)
            else -> copy(at = other.at + typed, delete = maxOf(0, end - otherEnd))
        }
    }

    companion object {
        /** The one stretch in which [after] differs from [before]; none when they are alike. */
        fun between(before: String, after: String): NoteTyping? {
            val old = before.codePoints().toArray()
            val new = after.codePoints().toArray()
            var head = 0
            while (head < old.size && head < new.size && old[head] == new[head]) head++
            var tail = 0
            while (tail < old.size - head && tail < new.size - head &&
                old[old.size - 1 - tail] == new[new.size - 1 - tail]
            ) {
                tail++
            }
            val insert = String(new, head, new.size - head - tail)
            val delete = old.size - head - tail
            return if (delete == 0 && insert.isEmpty()) null else NoteTyping(head, delete, insert)
        }
    }
}
