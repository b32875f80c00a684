package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.material3.FilterChip
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.homeround.core.Assignee
import org.homeround.core.EntryId
import org.homeround.core.NotDoneReason
import org.homeround.core.PlanId
import org.homeround.kit.screens.ACHIEVEMENTS
import org.homeround.kit.screens.ActivityRow
import org.homeround.kit.screens.Assignable
import org.homeround.kit.screens.CarePlansModel
import org.homeround.kit.screens.CarePlansState
import org.homeround.kit.screens.Choice
import org.homeround.kit.screens.ConflictRow
import org.homeround.kit.screens.DueRow
import org.homeround.kit.screens.GoalRow
import org.homeround.kit.screens.PlanCard
import org.homeround.kit.screens.RULES
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.achievementWords

/** What a person does with a patient's care plans. */
class PlanActions(
    val back: () -> Unit,
    val choose: () -> Unit,
    val closeChoice: () -> Unit,
    val create: (template: String) -> Unit,
    val done: (DueRow) -> Unit,
    val leaveOut: (DueRow, NotDoneReason, String) -> Unit,
    val progress: (PlanId, EntryId, achievement: String, comment: String) -> Unit,
    val activityProgress: (PlanId, EntryId, begun: Boolean, comment: String) -> Unit,
    val assign: (PlanId, Assignee?) -> Unit,
    val assignActivity: (PlanId, EntryId, Assignee?) -> Unit,
    val goal: (PlanId, text: String) -> Unit,
    val dropGoal: (PlanId, EntryId) -> Unit,
    val activity: (PlanId, title: String) -> Unit,
    val change: (PlanId, ActivityRow, title: String, start: String, rule: String) -> Unit,
    val drop: (PlanId, EntryId, reason: String) -> Unit,
    val resume: (PlanId, EntryId, reason: String) -> Unit,
    val settle: (PlanId, ConflictRow, Choice) -> Unit,
    val sync: () -> Unit,
    val dismiss: () -> Unit,
)

/** The place of a patient's care plans. */
@Composable
internal fun PlansPlace(shell: Shell, place: Place.Plans, back: () -> Unit, sync: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(place) { CarePlansModel(shell.phone, place.patient, here, shell.formats, shell.zone) }
    val state by model.state.collectAsState()
    PlanScreen(
        state,
        PlanActions(
            back = back, choose = { model.choose() }, closeChoice = { model.closeChoice() }, create = { model.create(it) },
            done = { model.done(it) }, leaveOut = { row, reason, comment -> model.leaveOut(row, reason, comment) },
            progress = { plan, goal, achievement, comment -> model.progress(plan, goal, achievement, comment) },
            activityProgress = { plan, activity, begun, comment -> model.activityProgress(plan, activity, begun, comment) },
            assign = { plan, who -> model.assign(plan, who) },
            assignActivity = { plan, activity, who -> model.assignActivity(plan, activity, who) },
            goal = { plan, text -> model.addGoal(plan, text) }, dropGoal = { plan, goal -> model.dropGoal(plan, goal) },
            activity = { plan, title -> model.addActivity(plan, title) },
            change = { plan, row, title, start, rule -> model.changeActivity(plan, row, title, start, rule) },
            drop = { plan, activity, reason -> model.dropActivity(plan, activity, reason) },
            resume = { plan, activity, reason -> model.resumeActivity(plan, activity, reason) },
            settle = { plan, conflict, choice -> model.settle(plan, conflict, choice) }, sync = sync, dismiss = { model.dismiss() },
        ),
    )
}

/** A patient's care plans: what is due first. */
@Composable
fun PlanScreen(state: CarePlansState, on: PlanActions) {
    Page(text("plans_title"), state.network, state.problem, on.back, on.dismiss, on.sync) {
        if (state.loaded && state.plans.isEmpty()) Quiet(text("plans_none"))
        state.plans.forEach { plan ->
            Text(plan.title, style = MaterialTheme.typography.titleLarge)
            Quiet(listOfNotNull(read(plan.status), plan.assignee?.let { shown(it) }).joinToString(" · "))
            if (plan.conflicts.isNotEmpty()) Conflicts(plan.conflicts) { conflict, choice -> on.settle(plan.id, conflict, choice) }
            Due(plan, on)
            Activities(plan, state.people, on)
            Goals(plan, on)
            Part(text("plan_assignee")) { People(state.people, plan.assignee) { on.assign(plan.id, it) } }
        }
        Templates(state, on)
    }
}

@Composable
internal fun shown(what: Any): String = if (what is Words) read(what) else what.toString()

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Due(plan: PlanCard, on: PlanActions) {
    var leaving by remember { mutableStateOf<String?>(null) }
    Part(text("plan_due")) {
        Quiet(read(plan.kept))
        Quiet(read(plan.counts))
        if (plan.due.isEmpty()) Quiet(text("plan_nothing_due"))
        plan.due.forEach { row ->
            val key = "${row.activity}/${row.occurrence}"
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line(row.title, row.at, strong = true)
            Labels(listOf(row.state))
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                Main(text("visit_done")) { on.done(row) }
                Also(text("visit_not_done")) { leaving = if (leaving == key) null else key }
            }
            if (leaving == key) {
                Reasons { reason, comment ->
                    leaving = null
                    on.leaveOut(row, reason, comment)
                }
            }
        }
    }
}

@Composable
private fun Activities(plan: PlanCard, people: List<Assignable>, on: PlanActions) {
    var open by remember { mutableStateOf<EntryId?>(null) }
    var telling by remember { mutableStateOf<EntryId?>(null) }
    Part(text("plan_activities")) {
        plan.activities.forEach { row ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line(row.title, row.instructions, strong = true)
            val about = listOfNotNull(row.resting ?: row.status, row.repeats, row.next, row.assignee)
            Quiet(about.map { shown(it) }.joinToString(" · "))
            listOfNotNull(row.kept, row.counts).forEach { Quiet(read(it)) }
            if (row.byHand) Quiet(text("plan_not_computed"))
            row.progress.forEach { one -> Line(one.detail.map { shown(it) }.joinToString(" · "), one.title) }
            if (row.resting == null) Also(text("activity_progress")) { telling = if (telling == row.id) null else row.id }
            if (telling == row.id) Telling(plan.id, row, on) { telling = null }
            Also(text("plan_change")) { open = if (open == row.id) null else row.id }
            if (open == row.id) Change(plan.id, row, people, on) { open = null }
        }
        Adding(text("plan_add_activity")) { on.activity(plan.id, it) }
    }
}

/** How an activity goes. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Telling(plan: PlanId, row: ActivityRow, on: PlanActions, close: () -> Unit) {
    var comment by remember(row) { mutableStateOf("") }
    Field(text("visit_comment"), comment) { comment = it }
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        Also(text("task_started")) {
            close()
            on.activityProgress(plan, row.id, true, comment)
        }
        Also(text("plan_save"), comment.isNotBlank()) {
            close()
            on.activityProgress(plan, row.id, false, comment)
        }
    }
}

/** What an activity is, when it is due, who does it, and dropping it. */
@Composable
private fun Change(plan: PlanId, row: ActivityRow, people: List<Assignable>, on: PlanActions, close: () -> Unit) {
    var title by remember(row) { mutableStateOf(row.title) }
    var start by remember(row) { mutableStateOf(row.start) }
    var rule by remember(row) { mutableStateOf(row.rule) }
    var reason by remember(row) { mutableStateOf("") }
    Field(text("plan_activity_title"), title) { title = it }
    Field(text("plan_activity_start"), start) { start = it }
    Quiet(text("plan_activity_repeats"))
    Rules(rule) { rule = it }
    Field(text("plan_activity_rule"), rule) { rule = it }
    Main(text("plan_save"), title.isNotBlank()) {
        close()
        on.change(plan, row, title, start, rule)
    }
    Quiet(text("plan_activity_assignee"))
    People(people, row.assignee) {
        close()
        on.assignActivity(plan, row.id, it)
    }
    Field(text("plan_reason"), reason) { reason = it }
    if (row.resting == null) {
        Also(text("plan_drop"), reason.isNotBlank()) {
            close()
            on.drop(plan, row.id, reason)
        }
    } else {
        Also(text("plan_resume"), reason.isNotBlank()) {
            close()
            on.resume(plan, row.id, reason)
        }
    }
}

/** The rules that most activities follow; another one is typed. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Rules(chosen: String, onChoose: (String) -> Unit) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        RULES.forEach { (rule, name) ->
            FilterChip(chosen == rule, { onChoose(rule) }, { Text(read(name)) }, Modifier.heightIn(min = TOUCH))
        }
    }
}

@Composable
private fun Goals(plan: PlanCard, on: PlanActions) {
    var open by remember { mutableStateOf<EntryId?>(null) }
    Part(text("plan_goals")) {
        plan.goals.forEach { goal ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            val dropped = if (goal.dropped) text("goal_dropped") else null
            val due = goal.due.ifEmpty { null }?.let { text("goal_due", it) }
            Line(goal.text, listOfNotNull(dropped, goal.achievement?.let { read(it) }, due).joinToString(" · "), strong = true)
            goal.progress.forEach { one -> Line(one.detail.map { shown(it) }.joinToString(" · "), one.title) }
            if (!goal.dropped) Also(text("goal_progress")) { open = if (open == goal.id) null else goal.id }
            if (open == goal.id) Progress(plan.id, goal, on) { open = null }
        }
        Adding(text("plan_add_goal")) { on.goal(plan.id, it) }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Progress(plan: PlanId, goal: GoalRow, on: PlanActions, close: () -> Unit) {
    var comment by remember(goal) { mutableStateOf("") }
    Field(text("visit_comment"), comment) { comment = it }
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        ACHIEVEMENTS.forEach { code ->
            Also(read(achievementWords(code))) {
                close()
                on.progress(plan, goal.id, code, comment)
            }
        }
        Also(text("goal_drop")) {
            close()
            on.dropGoal(plan, goal.id)
        }
    }
}

/** Roles and people, one of whom answers for a plan or does an activity; again: nobody in particular. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun People(people: List<Assignable>, chosen: Any?, onAssign: (Assignee?) -> Unit) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        people.forEach { one ->
            val own = chosen == one.name
            FilterChip(own, { onAssign(one.assignee.takeIf { !own }) }, { Text(shown(one.name)) }, Modifier.heightIn(min = TOUCH))
        }
    }
}

@Composable
private fun Templates(state: CarePlansState, on: PlanActions) {
    if (!state.choosing) {
        Main(text("plans_new"), onClick = on.choose)
        return
    }
    Part(text("plans_new")) {
        Quiet(text("plans_support"))
        state.templates.forEach { one ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line(one.title, one.description, strong = true)
            Quiet(one.copyright)
            Also(text("plans_begin", one.title)) { on.create(one.template) }
        }
        Also(text("plans_close"), onClick = on.closeChoice)
    }
}

/** A line to type, and a button that takes it. */
@Composable
private fun Adding(label: String, onAdd: (String) -> Unit) {
    var typed by remember { mutableStateOf("") }
    Field(label, typed) { typed = it }
    Also(label, typed.isNotBlank()) {
        onAdd(typed.trim())
        typed = ""
    }
}

@Composable
private fun Field(label: String, value: String, onChange: (String) -> Unit) {
    OutlinedTextField(
        value, onChange, Modifier.fillMaxWidth().semantics { contentDescription = label }, label = { Text(label) }, singleLine = true,
    )
}
