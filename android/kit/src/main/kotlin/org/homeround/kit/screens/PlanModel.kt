package org.homeround.kit.screens

import java.time.LocalDate
import kotlinx.coroutines.CoroutineScope
import org.homeround.core.Activity
import org.homeround.core.ActivityState
import org.homeround.core.AdherenceCounts
import org.homeround.core.Assignee
import org.homeround.core.Coding
import org.homeround.core.Conflict
import org.homeround.core.EntryId
import org.homeround.core.NewPlan
import org.homeround.core.NotDoneReason
import org.homeround.core.OccurrenceState
import org.homeround.core.PatientId
import org.homeround.core.PlanId
import org.homeround.core.PlanSchedule
import org.homeround.core.PlanTemplate
import org.homeround.core.PlanView
import org.homeround.core.PlannedStatus
import org.homeround.core.PlannedTask
import org.homeround.core.PlanProgress
import org.homeround.core.ProgressNote
import org.homeround.core.Role
import org.homeround.core.SyncState
import org.homeround.core.TaskStatus
import org.homeround.kit.CarePlan
import org.homeround.kit.Homeround

/** An occurrence that is due or overdue. */
data class DueRow(val plan: PlanId, val activity: EntryId, val occurrence: String, val title: String, val at: String, val state: Chip)

/** An activity of a plan. */
data class ActivityRow(
    val id: EntryId,
    val title: String,
    val instructions: String,
    /** When it is due, as the plan writes it; empty: at no set time. */
    val start: String,
    val rule: String,
    /** How often, in words where there are some for the rule; null: at no set time, or once. */
    val repeats: Any?,
    /** Its next time, and how it was kept to: of those that count, and of each kind how many. */
    val next: Words?,
    val kept: Words?,
    val counts: Words?,
    /** Nothing can be computed of it. */
    val byHand: Boolean,
    val assignee: Any?,
    /** It was dropped, or rests. */
    val resting: Words?,
    /** Where it stands, and how it went. */
    val status: Words,
    val progress: List<ChartRow> = emptyList(),
    internal val schedule: PlanSchedule? = null,
)

/** A goal of a plan, with how it went. */
data class GoalRow(val id: EntryId, val text: String, val achievement: Words?, val due: String, val dropped: Boolean, val progress: List<ChartRow>)

/** A care plan. */
data class PlanCard(
    val id: PlanId,
    val title: String,
    val status: Words,
    val active: Boolean,
    val kept: Words,
    val counts: Words,
    val assignee: Any?,
    val due: List<DueRow>,
    val activities: List<ActivityRow>,
    val goals: List<GoalRow>,
    val conflicts: List<ConflictRow>,
)

/** What the care plans' screen shows. */
data class CarePlansState(
    val plans: List<PlanCard> = emptyList(),
    val templates: List<PlanTemplate> = emptyList(),
    /** Whom a plan or an activity can be given to: roles, and the patient's team. */
    val people: List<Assignable> = ROLES,
    /** A new plan is being chosen. */
    val choosing: Boolean = false,
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** FHIR's achievement statuses that a person can choose. */
val ACHIEVEMENTS: List<String> = listOf("improving", "no-change", "worsening", "achieved", "not-achieved", "not-attainable")

/** Somebody whom a plan or an activity can be given to. */
data class Assignable(val name: Any, val assignee: Assignee)

private val ROLES = listOf(Role.NURSE, Role.THERAPIST, Role.AIDE).map { Assignable(words(it), Assignee.Role(it)) }

/** Rules that a person can choose without writing one, with what they are called. */
val RULES: Map<String, Words> = mapOf(
    "" to Words("rule_once"),
    "FREQ=DAILY" to Words("rule_day"),
    "FREQ=DAILY;INTERVAL=2" to Words("rule_other_day"),
    "FREQ=WEEKLY" to Words("rule_week"),
    "FREQ=WEEKLY;INTERVAL=2" to Words("rule_other_week"),
    "FREQ=MONTHLY" to Words("rule_month"),
)

/** A patient's care plans: what is due first, how they are kept to, how goals go, and a new one. */
class CarePlansModel(
    private val phone: Homeround,
    private val patient: PatientId,
    scope: CoroutineScope,
    private val formats: Formats,
    private val zone: String,
) : Model<CarePlansState>(scope, CarePlansState()) {
    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(phone.carePlans(patient)) { state, plans -> state.copy(plans = plans.map(::card), loaded = true) }
        act {
            val team = phone.patient(patient).careTeams().flatMap { it.members }.distinctBy { it.person }
            change { state ->
                state.copy(people = ROLES + team.mapNotNull { one -> one.person?.let { Assignable(one.name, Assignee.Person(it, one.name)) } })
            }
        }
    }

    override fun failed(state: CarePlansState, problem: Problem?) = state.copy(problem = problem)

    /** Shows the templates. */
    fun choose() = act {
        val templates = phone.planTemplates(formats.language)
        change { it.copy(templates = templates, choosing = true) }
    }

    fun closeChoice() = change { it.copy(choosing = false) }

    /** Makes a plan of a template, in this phone's language, from today on, in the time of the patient's home. */
    fun create(template: String) = act {
        val begins: LocalDate = phone.today()
        phone.patient(patient).createPlan(NewPlan(template, null, formats.language, begins.toString(), null, null))
        change { it.copy(choosing = false) }
    }

    fun done(row: DueRow) = act { phone.plan(row.plan).recordOccurrence(row.activity, row.occurrence, true) }

    fun leaveOut(row: DueRow, reason: NotDoneReason, comment: String) = act {
        phone.plan(row.plan).recordOccurrence(row.activity, row.occurrence, false, reason, comment.ifBlank { null })
    }

    /** How a goal goes, in FHIR's achievement status, and in words. */
    fun progress(plan: PlanId, goal: EntryId, achievement: String, comment: String) = act {
        val note = ProgressNote(achievement, null, null, null, null, comment.ifBlank { null })
        phone.plan(plan).recordProgress(goal, note)
    }

    /** How an activity goes, in words, and whether it has begun. */
    fun activityProgress(plan: PlanId, activity: EntryId, begun: Boolean, comment: String) = act {
        val status = if (begun) TaskStatus.STARTED else null
        phone.plan(plan).recordProgress(activity, ProgressNote(null, status, null, null, null, comment.ifBlank { null }))
    }

    fun assign(plan: PlanId, who: Assignee?) = act { phone.plan(plan).assign(who) }

    fun assignActivity(plan: PlanId, activity: EntryId, who: Assignee?) = act { phone.plan(plan).assignActivity(activity, who) }

    fun addGoal(plan: PlanId, text: String) = act { phone.plan(plan).addGoal(text) }

    fun dropGoal(plan: PlanId, goal: EntryId) = act { phone.plan(plan).dropGoal(goal) }

    fun addActivity(plan: PlanId, title: String) = act { phone.plan(plan).addActivity(Coding("", "", title)) }

    /** Says what an activity is, and when it is due: [start] as `YYYY-MM-DDTHH:MM`, [rule] as RFC 5545 has it. */
    fun changeActivity(plan: PlanId, before: ActivityRow, title: String, start: String, rule: String) = act {
        val known = phone.plan(plan)
        if (title != before.title) known.changeActivity(before.id, title, before.instructions.ifBlank { null })
        if (start != before.start || rule != before.rule) known.setSchedule(before.id, schedule(before.schedule, start, rule))
    }

    /** How early and how late it may be done, and what is left out, stay as they were. */
    private fun schedule(before: PlanSchedule?, start: String, rule: String): PlanSchedule? {
        if (start.isBlank()) return null
        val of = before ?: PlanSchedule(start, null, emptyList(), 0u, 0u, null)
        return of.copy(start = start.trim(), rule = rule.trim().ifEmpty { null }, text = null)
    }

    fun dropActivity(plan: PlanId, activity: EntryId, reason: String) = act { phone.plan(plan).dropActivity(activity, reason) }

    fun resumeActivity(plan: PlanId, activity: EntryId, reason: String) = act { phone.plan(plan).resumeActivity(activity, reason) }

    fun settle(plan: PlanId, conflict: ConflictRow, choice: Choice) = act { phone.plan(plan).settle(conflict.field, choice.json) }

    private fun card(plan: CarePlan): PlanCard {
        val view = plan.view
        val here = view.timeZone ?: zone
        val titles = view.activities.associate { it.id to it.code.text }
        val due = plan.state.activities.flatMap { of ->
            of.occurrences.filter { it.state in OPEN }.map {
                it.dueMs to DueRow(view.id, of.activity, it.occurrence, titles[of.activity].orEmpty(), formats.moment(it.dueMs, here), chip(it.state))
            }
        }
        val states = plan.state.activities.associateBy { it.activity }
        return PlanCard(
            view.id, view.title, Words("plan_status_${view.status.replace('-', '_')}"), view.status == "active",
            kept(plan.state.counts), counts(plan.state.counts), view.assignee?.let(::named),
            due.sortedBy { it.first }.map { it.second },
            view.activities.map { activity(it, states[it.id], view, here) },
            view.goals.map { goal ->
                GoalRow(
                    goal.id, goal.text, goal.achievement?.let(::achievementWords), goal.due.orEmpty(), goal.lifecycle == "cancelled",
                    view.progress.filter { it.of == goal.id }.asReversed().map { progressRow(it, here) },
                )
            },
            view.conflicts.map { conflict(it) },
        )
    }

    private fun activity(one: Activity, state: ActivityState?, view: PlanView, here: String): ActivityRow {
        val computed = state?.takeIf { it.notComputed == null }?.counts
        val rule = one.schedule?.rule
        return ActivityRow(
            one.id, one.code.text, one.instructions.orEmpty(), one.schedule?.start.orEmpty(), rule.orEmpty(),
            rule?.let { RULES[it] ?: it } ?: one.schedule?.text, state?.let { next(it, here) }, computed?.let(::kept), computed?.let(::counts),
            state?.notComputed != null, one.assignee?.let(::named),
            one.lifecycle?.takeIf { it != "active" }?.let { Words("activity_${it.replace('-', '_')}") },
            Words("task_${one.status.name.lowercase()}"),
            view.progress.filter { it.of == one.id }.asReversed().map { progressRow(it, here) }, one.schedule,
        )
    }

    private fun next(state: ActivityState, zone: String): Words? {
        val coming = state.occurrences.firstOrNull { it.state == OccurrenceState.UPCOMING }
        return coming?.let { Words("plan_next", formats.moment(it.dueMs, zone)) }
    }

    private fun progressRow(one: PlanProgress, zone: String): ChartRow {
        val figure = one.value?.let { "${plain(it)} ${one.unit.orEmpty()}".trim() }
        val said = listOfNotNull(one.achievement?.let(::achievementWords), one.status?.let { Words("task_${it.name.lowercase()}") }, one.percent?.let { "$it %" }, figure, one.comment)
        return ChartRow("${formats.moment(one.atMs, zone)} · ${one.by.name}", said)
    }

    private fun conflict(conflict: Conflict) = ConflictRow(
        conflict.field, Words("section_${conflict.section}").takeIf { conflict.section in PARTS } ?: Words("field_other"), "",
        conflict.values.map { Choice(it.json, it.text, it.by.name, it.by.me, formats.moment(it.atMs, zone), it.shown) },
    )

    private companion object {
        val OPEN = setOf(OccurrenceState.DUE, OccurrenceState.OVERDUE)
        val PARTS = setOf("goals", "activities")
    }
}

private fun named(assignee: Assignee): Any = when (assignee) {
    is Assignee.Person -> assignee.name
    is Assignee.Role -> words(assignee.role)
    is Assignee.Unknown -> Words("field_other")
}

/** Of the occurrences that count, those that were done. */
private fun kept(counts: AdherenceCounts): Words =
    counts.percent?.let { Words("plan_kept", "$it %", counts.counted.toString()) } ?: Words("plan_kept_none")

/** What became of what was due, each kind by itself. */
private fun counts(of: AdherenceCounts): Words =
    Words("plan_counts", of.done.toString(), of.doneLate.toString(), of.missed.toString(), (of.skipped + of.excused).toString())

private val KNOWN = (ACHIEVEMENTS + listOf("in-progress", "sustaining", "no-progress")).toSet()

fun achievementWords(code: String): Words =
    if (code in KNOWN) Words("achievement_${code.replace('-', '_')}") else Words("achievement_other", code)

internal fun chip(state: OccurrenceState): Chip = when (state) {
    OccurrenceState.UPCOMING -> Chip(Words("occurrence_upcoming"), Tone.QUIET, Glyph.CLOCK)
    OccurrenceState.DUE -> Chip(Words("occurrence_due"), Tone.ACTIVE, Glyph.CLOCK)
    OccurrenceState.OVERDUE -> Chip(Words("occurrence_overdue"), Tone.WARNING, Glyph.WARNING)
    OccurrenceState.DONE -> Chip(Words("occurrence_done"), Tone.GOOD, Glyph.CHECK)
    OccurrenceState.DONE_LATE -> Chip(Words("occurrence_done_late"), Tone.GOOD, Glyph.CHECK)
    OccurrenceState.MISSED -> Chip(Words("occurrence_missed"), Tone.WARNING, Glyph.CROSS)
    OccurrenceState.SKIPPED -> Chip(Words("occurrence_skipped"), Tone.QUIET, Glyph.CROSS)
    OccurrenceState.RESTED -> Chip(Words("occurrence_rested"), Tone.QUIET, Glyph.PAUSE)
}

/** The tasks of care plans at a visit, but for those that somebody took off. */
internal fun planned(tasks: List<PlannedTask>, formats: Formats, zone: String): List<TaskRow> =
    tasks.filter { it.status != PlannedStatus.REMOVED }.map {
        val due = it.dueMs?.let { due -> formats.moment(due, zone) }
        val state = it.reason?.let(::words) ?: Words("planned_${it.status.name.lowercase()}")
        TaskRow(it.id, it.title, false, it.status == PlannedStatus.DONE, state, it.comment, listOfNotNull(due, it.instructions).joinToString(" · "), it.assignee?.let(::named))
    }

/** What the planned task of a conflict is called. */
internal fun plannedTitle(conflict: Conflict, state: VisitState): String =
    state.planned.find { conflict.field == "planned/${it.id}" }?.title.orEmpty()
