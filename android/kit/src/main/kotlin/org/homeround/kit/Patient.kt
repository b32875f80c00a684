package org.homeround.kit

import kotlinx.coroutines.flow.Flow
import org.homeround.core.Alert
import org.homeround.core.Allergy
import org.homeround.core.AllergyStatus
import org.homeround.core.CareTeam
import org.homeround.core.ChangeQuery
import org.homeround.core.Chart
import org.homeround.core.ChartView
import org.homeround.core.Condition
import org.homeround.core.Contact
import org.homeround.core.Demographics
import org.homeround.core.Dosing
import org.homeround.core.EntryId
import org.homeround.core.Medication
import org.homeround.core.Message
import org.homeround.core.NewMessage
import org.homeround.core.NewNoticeWishes
import org.homeround.core.NewPlan
import org.homeround.core.NoticeWishes
import org.homeround.core.PatientCard
import org.homeround.core.PlanId
import org.homeround.core.Reconciliation
import org.homeround.core.Saved
import org.homeround.core.Severity
import org.homeround.core.SinceLastHere
import org.homeround.core.Spo2Scale
import org.homeround.core.TimelinePage
import org.homeround.core.TimelineQuery
import org.homeround.core.TrendPage
import org.homeround.core.TrendQuery
import org.homeround.core.VisitId
import org.homeround.core.Patient as CorePatient

/** A patient: demographics, team, timeline and the chart that the team maintains. */
class Patient internal constructor(
    private val core: CorePatient,
    private val chartOf: Chart,
    private val worker: Worker,
) {
    /** Demographics. */
    suspend fun read(): Demographics = worker.run { core.read() }

    /** The care teams with their people. */
    suspend fun careTeams(): List<CareTeam> = worker.run { core.careTeams() }

    /** The clinical timeline, newest first, a page at a time. */
    suspend fun timeline(query: TimelineQuery): TimelinePage = worker.run { core.timeline(query) }

    /** A page of one measurement over time, newest first; see `trendCode`. */
    suspend fun trend(query: TrendQuery): TrendPage = worker.run { core.trend(query) }

    /** The card of the patient, in the context of a [visit] if one is given. Emits again whenever something on it changes. */
    fun card(visit: VisitId? = null): Flow<PatientCard> = worker.live { core.card(visit) }

    /** What others changed since one was there last, a page at a time. */
    suspend fun sinceLastHere(query: ChangeQuery = ChangeQuery()): SinceLastHere = worker.run { core.sinceLastHere(query) }

    /** The care plans on this phone. */
    suspend fun plans(): List<PlanId> = worker.run { core.plans() }

    /** Makes a care plan, from a template or empty, on this phone. */
    suspend fun createPlan(plan: NewPlan): PlanId = worker.run { core.createPlan(plan) }

    /** The visits on this phone. */
    suspend fun visits(): List<VisitId> = worker.run { core.visits() }

    /** Asks for access in an emergency, with a reason that a reviewer will read. */
    suspend fun breakGlass(reason: String): Unit = core.breakGlass(reason)

    /** The chart as it stands. Emits again whenever it changes. */
    val chart: Flow<ChartView> get() = worker.live { chartOf.read() }

    /** Sets how to get into the home: `door_code`, `parking`, `directions`, `pets`, `hazards`. */
    suspend fun setHomeAccess(name: String, text: String): Saved = worker.run { chartOf.setHomeAccess(name, text) }

    /** Adds somebody to call. */
    suspend fun addContact(contact: Contact): Saved = worker.run { chartOf.addContact(contact) }

    /** Adds an allergy. */
    suspend fun addAllergy(allergy: Allergy): Saved = worker.run { chartOf.addAllergy(allergy) }

    /** Says whether an allergy stands, and how bad it is. */
    suspend fun setAllergy(allergy: EntryId, status: AllergyStatus, severity: Severity? = null): Saved =
        worker.run { chartOf.setAllergy(allergy, status, severity) }

    /** Adds a condition. */
    suspend fun addCondition(condition: Condition): Saved = worker.run { chartOf.addCondition(condition) }

    /** Sets a condition's FHIR clinical status. */
    suspend fun setCondition(condition: EntryId, status: String): Saved =
        worker.run { chartOf.setCondition(condition, status) }

    /** Adds a line to the medication list. */
    suspend fun addMedication(medication: Medication): Saved = worker.run { chartOf.addMedication(medication) }

    /** Changes a medication's dose; two people's different values open a conflict. */
    suspend fun setDose(medication: EntryId, dose: String): Saved = worker.run { chartOf.setDose(medication, dose) }

    /** Sets the figures of a medication's order, which warnings go by. */
    suspend fun setDosing(medication: EntryId, dosing: Dosing): Saved = worker.run { chartOf.setDosing(medication, dosing) }

    /** Decides by which scale NEWS2 judges the oxygen saturation; different decisions open a conflict. */
    suspend fun setSpo2Scale(scale: Spo2Scale): Saved = worker.run { chartOf.setSpo2Scale(scale) }

    /** Sets a medication's FHIR status. */
    suspend fun setMedicationStatus(medication: EntryId, status: String): Saved =
        worker.run { chartOf.setMedicationStatus(medication, status) }

    /** Adds a warning. */
    suspend fun addAlert(alert: Alert): Saved = worker.run { chartOf.addAlert(alert) }

    /** Says that `medications`, `allergies` or `conditions` were looked at and are right. */
    suspend fun review(section: String, comment: String? = null): Saved =
        worker.run { chartOf.review(section, comment) }

    /** Says what a look into the home found of the medication list; it changes no line. */
    suspend fun reconcile(found: Reconciliation, comment: String? = null): Saved =
        worker.run { chartOf.reconcile(found, comment) }

    /** The messages within the team about the patient, in order. Emits again whenever they change. */
    val messages: Flow<List<Message>> get() = worker.live { chartOf.messages() }

    /** Writes a message to the patient's care team; it goes out with the other edits. */
    suspend fun sendMessage(message: NewMessage): Saved = worker.run { chartOf.sendMessage(message) }

    /** Says that the messages that wait were shown; none when nothing waits. */
    suspend fun markMessagesRead(): Saved? = worker.run { chartOf.markMessagesRead() }

    /** Takes a message of one's own back, as one about another patient. */
    suspend fun takeBackMessage(message: EntryId, reason: String): Saved =
        worker.run { chartOf.takeBackMessage(message, reason) }

    /** Whether and how the patient wants notices; null: nobody has asked. Emits again whenever that changes. */
    val noticeWishes: Flow<NoticeWishes?> get() = worker.live { chartOf.noticeWishes() }

    /** Writes down whether and how the patient wants notices; without their word none is sent. */
    suspend fun setNoticeWishes(wishes: NewNoticeWishes): Saved = worker.run { chartOf.setNoticeWishes(wishes) }

    /** Settles a conflict of the chart. */
    suspend fun settle(field: String, chosenJson: String): Saved = worker.run { chartOf.settle(field, chosenJson) }
}
