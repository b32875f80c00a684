import HomeroundKit
import SwiftUI

/// A patient's care plans: what is due first.
struct PlansView: View {
    let model: CarePlansModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: told("plans_title"), network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }
        ) {
            if state.loaded, state.plans.isEmpty { Text(told("plans_none")).foregroundStyle(.secondary) }
            ForEach(state.plans) { plan in
                Text(plan.title).font(.title3).accessibilityAddTraits(.isHeader)
                Text(shown(plan.about)).foregroundStyle(.secondary)
                if !plan.conflicts.isEmpty { Conflicts(rows: plan.conflicts) { model.settle(plan.id, $0, $1) } }
                Due(model: model, plan: plan)
                Activities(model: model, plan: plan)
                Goals(model: model, plan: plan)
                Block(told("plan_assignee")) {
                    People(name: told("plan_assignee"), people: state.people, chosen: plan.assignee) {
                        model.assign(plan.id, $0)
                    }
                }
            }
            Templates(model: model)
        }
    }
}

/// Parts of a line in the language in use.
func shown(_ parts: [Part]) -> String {
    let texts = parts.map { part in
        switch part {
        case .words(let words): words.text
        case .text(let text): text
        }
    }
    return texts.joined(separator: " · ")
}

/// Roles and people, one of whom answers for a plan or does an activity; or nobody in particular.
private struct People: View {
    let name: String
    let people: [Assignee]
    let chosen: Assignee?
    let assign: (Assignee?) -> Void

    var body: some View {
        Chooser(name, chosen, change: assign) {
            Text(told("patient_none")).tag(Assignee?.none)
            ForEach(choices, id: \.self) { Text(shown([named($0)])).tag(Assignee?.some($0)) }
        }
    }

    /// Whoever is chosen is among them, though not of the team any more.
    private var choices: [Assignee] {
        guard let chosen, !people.contains(chosen) else { return people }
        return people + [chosen]
    }
}

private struct Due: View {
    let model: CarePlansModel
    let plan: PlanCard

    var body: some View {
        Block(told("plan_due")) {
            ForEach(plan.kept.map(\.text), id: \.self) { Text($0).foregroundStyle(.secondary) }
            if plan.due.isEmpty { Text(told("plan_nothing_due")).foregroundStyle(.secondary) }
            ForEach(plan.due) { row in
                Divider()
                Line(row.title, row.at)
                ChipLabel(chip: row.state)
                MainButton("visit_done") { model.done(row) }
                Reasons(title: told("visit_not_done")) { model.leaveOut(row, $0, comment: $1) }
            }
        }
    }
}

private struct Activities: View {
    let model: CarePlansModel
    let plan: PlanCard

    var body: some View {
        Block(told("plan_activities")) {
            ForEach(plan.activities) { row in
                Divider()
                Line(row.title, row.instructions)
                Text(shown(row.about)).foregroundStyle(.secondary)
                ForEach(row.kept.map(\.text), id: \.self) { Text($0).foregroundStyle(.secondary) }
                if row.byHand { Text(told("plan_not_computed")).foregroundStyle(.secondary) }
                ForEach(row.progress) { one in Line(shown(one.detail), one.title) }
                if !row.resting { Telling(model: model, plan: plan.id, row: row) }
                Change(model: model, plan: plan.id, row: row)
            }
            Adding(name: told("plan_add_activity")) { model.addActivity(plan.id, $0) }
        }
    }
}

/// How an activity goes.
private struct Telling: View {
    let model: CarePlansModel
    let plan: PlanId
    let row: ActivityRow
    @State private var open = false
    @State private var comment = ""

    var body: some View {
        AlsoButton(told("activity_progress")) { open.toggle() }
        if open {
            TextField(told("visit_comment"), text: $comment, axis: .vertical).textFieldStyle(.roundedBorder)
            AlsoButton(told("task_started")) { tell(begun: true) }
            if !comment.allSatisfy(\.isWhitespace) { AlsoButton(told("plan_save")) { tell(begun: false) } }
        }
    }

    private func tell(begun: Bool) {
        open = false
        model.activityProgress(plan, row.id, begun: begun, comment: comment)
        comment = ""
    }
}

/// What an activity is, when it is due, who does it, and dropping it.
private struct Change: View {
    let model: CarePlansModel
    let plan: PlanId
    let row: ActivityRow
    @State private var open = false
    @State private var title = ""
    @State private var start = ""
    @State private var rule = ""
    @State private var reason = ""

    var body: some View {
        AlsoButton(told("plan_change")) { begin() }
        if open {
            TextField(told("plan_activity_title"), text: $title).textFieldStyle(.roundedBorder)
            TextField(told("plan_activity_start"), text: $start).textFieldStyle(.roundedBorder)
            Chooser(told("plan_activity_repeats"), rule, change: { rule = $0 }) {
                ForEach(rules) { Text($0.name.text).tag($0.rule) }
                if !rules.contains(where: { $0.rule == rule }) { Text(rule).tag(rule) }
            }
            TextField(told("plan_activity_rule"), text: $rule).textFieldStyle(.roundedBorder)
            MainButton("plan_save", enabled: !blank(title)) {
                open = false
                model.changeActivity(plan, row, title: title, start: start, rule: rule)
            }
            People(name: told("plan_activity_assignee"), people: model.state.people, chosen: row.assignee) {
                model.assignActivity(plan, row.id, $0)
            }
            TextField(told("plan_reason"), text: $reason).textFieldStyle(.roundedBorder)
            if !blank(reason) { AlsoButton(told(row.resting ? "plan_resume" : "plan_drop")) { turn() } }
        }
    }

    private func begin() {
        open.toggle()
        title = row.title
        start = row.start
        rule = row.rule
        reason = ""
    }

    private func turn() {
        open = false
        if row.resting {
            model.resumeActivity(plan, row.id, reason: reason)
        } else {
            model.dropActivity(plan, row.id, reason: reason)
        }
    }

    private func blank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
}

private struct Goals: View {
    let model: CarePlansModel
    let plan: PlanCard

    var body: some View {
        Block(told("plan_goals")) {
            ForEach(plan.goals) { goal in
                Divider()
                Line(goal.text, shown(goal.about))
                ForEach(goal.progress) { one in Line(shown(one.detail), one.title) }
                if !goal.dropped { Progress(model: model, plan: plan.id, goal: goal) }
            }
            Adding(name: told("plan_add_goal")) { model.addGoal(plan.id, $0) }
        }
    }
}

/// How a goal goes, with a word on it if one is wanted.
private struct Progress: View {
    let model: CarePlansModel
    let plan: PlanId
    let goal: GoalRow
    @State private var open = false
    @State private var comment = ""

    var body: some View {
        AlsoButton(told("goal_progress")) { open.toggle() }
        if open {
            TextField(told("visit_comment"), text: $comment, axis: .vertical).textFieldStyle(.roundedBorder)
            ForEach(achievements, id: \.self) { code in
                AlsoButton(achievementWords(code).text) {
                    open = false
                    model.progress(plan, goal.id, code, comment: comment)
                }
            }
            AlsoButton(told("goal_drop")) {
                open = false
                model.dropGoal(plan, goal.id)
            }
        }
    }
}

/// A new plan: the templates, with where they are from.
private struct Templates: View {
    let model: CarePlansModel

    var body: some View {
        if model.state.choosing {
            Block(told("plans_new")) {
                Text(told("plans_support")).foregroundStyle(.secondary)
                ForEach(model.state.templates, id: \.template) { one in
                    Divider()
                    Line(one.title, one.description)
                    Text(one.copyright).foregroundStyle(.secondary)
                    AlsoButton(Words("plans_begin", one.title).text) { model.create(one.template) }
                }
                AlsoButton(told("plans_close")) { model.closeChoice() }
            }
        } else {
            MainButton("plans_new") { model.choose() }
        }
    }
}

/// A line to type, and a button that takes it.
private struct Adding: View {
    let name: String
    let add: (String) -> Void
    @State private var typed = ""

    var body: some View {
        TextField(name, text: $typed).textFieldStyle(.roundedBorder)
        if !typed.allSatisfy(\.isWhitespace) {
            AlsoButton(name) {
                add(typed)
                typed = ""
            }
        }
    }
}
