package org.homeround.kit

import kotlinx.coroutines.flow.Flow
import org.homeround.core.Assignee
import org.homeround.core.Coding
import org.homeround.core.EntryId
import org.homeround.core.NotDoneReason
import org.homeround.core.PlanId
import org.homeround.core.PlanState
import org.homeround.core.PlanView
import org.homeround.core.ProgressNote
import org.homeround.core.Saved
import org.homeround.core.PlanSchedule
import org.homeround.core.TaskStatus
import org.homeround.core.Plan as Core

/** A care plan, and what is due of it. */
data class CarePlan(val view: PlanView, val state: PlanState)

/** A care plan. An edit is saved for good when its call returns. */
class Plan internal constructor(private val core: Core, private val worker: Worker) {
    /** The plan as it stands. Emits again whenever it changes. */
    val view: Flow<PlanView> get() = worker.live { core.read() }

    /** What is due, and how the plan was kept to, over so many days back and ahead, each up to 400. */
    suspend fun state(daysBack: Int = DAYS_BACK, daysAhead: Int = DAYS_AHEAD): PlanState =
        worker.run { core.state(daysBack.toUInt(), daysAhead.toUInt()) }

    /** Calls the plan otherwise. */
    suspend fun rename(title: String): Saved = worker.run { core.rename(title) }

    /** Sets the plan's status, as `on-hold`, and why. */
    suspend fun setStatus(status: String, reason: String): Saved = worker.run { core.setStatus(status, reason) }

    /** Says who answers for the plan; null: nobody in particular. */
    suspend fun assign(assignee: Assignee?): Saved = worker.run { core.assign(assignee) }

    /** Sets the IANA time zone that its activities are due in. */
    suspend fun setTimeZone(timeZone: String): Saved = worker.run { core.setTimeZone(timeZone) }

    /** Adds a goal; [due] as `YYYY-MM-DD`. */
    suspend fun addGoal(text: String, due: String? = null): Saved = worker.run { core.addGoal(text, due) }

    /** Says a goal otherwise. */
    suspend fun changeGoal(goal: EntryId, text: String, due: String?): Saved = worker.run { core.changeGoal(goal, text, due) }

    /** Drops a goal: it stays and says so. */
    suspend fun dropGoal(goal: EntryId): Saved = worker.run { core.dropGoal(goal) }

    /** Says how far a goal is, in FHIR's achievement status. */
    suspend fun setGoal(goal: EntryId, achievement: String): Saved = worker.run { core.setGoal(goal, achievement) }

    /** Adds an activity. */
    suspend fun addActivity(code: Coding, instructions: String? = null, schedule: PlanSchedule? = null): Saved =
        worker.run { core.addActivity(code, instructions, schedule) }

    /** Says what an activity is, and how it is done, otherwise. */
    suspend fun changeActivity(activity: EntryId, title: String, instructions: String?): Saved =
        worker.run { core.changeActivity(activity, title, instructions) }

    /** Sets when an activity is due; null: at no set time. */
    suspend fun setSchedule(activity: EntryId, schedule: PlanSchedule?): Saved = worker.run { core.setSchedule(activity, schedule) }

    /** Says who does an activity; null: whoever visits. */
    suspend fun assignActivity(activity: EntryId, assignee: Assignee?): Saved =
        worker.run { core.assignActivity(activity, assignee) }

    /** Drops an activity, with a reason: it stays and says so. */
    suspend fun dropActivity(activity: EntryId, reason: String): Saved = worker.run { core.dropActivity(activity, reason) }

    /** Lets an activity rest from now on, with a reason. */
    suspend fun pauseActivity(activity: EntryId, reason: String): Saved = worker.run { core.pauseActivity(activity, reason) }

    /** Lets an activity go on from now on, with a reason. */
    suspend fun resumeActivity(activity: EntryId, reason: String): Saved = worker.run { core.resumeActivity(activity, reason) }

    /** Says where an activity stands. */
    suspend fun setActivity(activity: EntryId, status: TaskStatus, progress: String? = null): Saved =
        worker.run { core.setActivity(activity, status, progress) }

    /** Records how a goal or an activity goes; earlier entries stay. */
    suspend fun recordProgress(of: EntryId, note: ProgressNote): Saved = worker.run { core.recordProgress(of, note) }

    /** Notes whether an activity was kept to. */
    suspend fun recordAdherence(activity: EntryId, kept: Boolean, comment: String? = null): Saved =
        worker.run { core.recordAdherence(activity, kept, comment) }

    /** Says what became of one occurrence outside of a visit: done, or why not. */
    suspend fun recordOccurrence(
        activity: EntryId,
        occurrence: String,
        done: Boolean,
        reason: NotDoneReason? = null,
        comment: String? = null,
    ): Saved = worker.run { core.recordOccurrence(activity, occurrence, done, reason, comment) }

    /** Settles a conflict of the plan. */
    suspend fun settle(field: String, chosenJson: String): Saved = worker.run { core.settle(field, chosenJson) }

    internal companion object {
        /** Over which adherence is shown. */
        const val DAYS_BACK = 28
        const val DAYS_AHEAD = 7

        fun look(core: (PlanId) -> Core, ids: List<PlanId>): List<CarePlan> = ids.map { id ->
            val plan = core(id)
            CarePlan(plan.read(), plan.state(DAYS_BACK.toUInt(), DAYS_AHEAD.toUInt()))
        }
    }
}
