import Foundation
import HomeroundKit
import Testing

/// Care plans through the binding, over a real server process.
@Suite("Care plans", .serialized)
struct PlanTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func phone(_ login: String) async throws -> Homeround { try await TestPhone(folder, backend, login).ready() }

    private func made(_ phone: Homeround, _ patient: PatientId) async throws -> Plan {
        let offers = try await phone.planTemplates("es")
        let offer = try #require(offers.first { $0.template.contains("heart-failure") })
        let new = NewPlan(template: offer.template, language: "es", begins: try await phone.today())
        return try phone.plan(try await phone.patient(patient).createPlan(new))
    }

    @Test("a plan is made of a template, fitted to the patient, and is on a colleague's phone with all of it")
    func fitted() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let theo = try await phone("theo")
        let plan = try await made(nina, site.patient)
        let view = try await plan.read()
        #expect(view.title == "Insuficiencia cardíaca: vigilarse a sí mismo")
        #expect(view.timeZone == "America/New_York")
        let activity = try #require(view.activities.first { $0.schedule?.rule == "FREQ=DAILY" })
        let daily = try #require(activity.schedule)
        func by(_ rule: String) -> PlanSchedule {
            PlanSchedule(start: daily.start, rule: rule, earlyMinutes: daily.earlyMinutes, lateMinutes: daily.lateMinutes)
        }
        let (yearly, weekly) = (by("FREQ=YEARLY"), by("FREQ=WEEKLY;BYDAY=MO,TH"))
        await #expect(throws: HomeroundError.self) { try await plan.setSchedule(activity.id, yearly) }
        try await plan.setSchedule(activity.id, weekly)
        try await plan.assign(.role(role: .nurse))
        try await plan.assignActivity(activity.id, .person(id: site.therapist, name: ""))
        let goal = try #require(view.goals.first?.id)
        try await plan.recordProgress(goal, ProgressNote(achievement: "improving", percent: 40, comment: "slower"))
        for phone in [nina, theo] { #expect(try await phone.sync.now().rejected == 0) }
        let his = try await theo.plan(view.id).read()
        let there = try #require(his.activities.first { $0.id == activity.id })
        #expect(there.schedule?.rule == "FREQ=WEEKLY;BYDAY=MO,TH")
        #expect(there.assignee == .person(id: site.therapist, name: "Theo Lindqvist"))
        #expect(his.assignee == .role(role: .nurse))
        #expect(his.goals.first { $0.id == goal }?.achievement == "improving")
        #expect(his.progress.map(\.percent) == [40] && his.progress.first?.by.name == "Nina Alvarez")
    }

    @Test("what a plan asks for at a visit is done once by two, and is counted")
    func asked() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let plan = try await made(nina, site.patient)
        let start = "\(try await nina.today())T09:30"
        try await plan.addActivity(
            Coding(system: "", code: "", text: "Count the tablets"), instructions: "Both boxes",
            schedule: PlanSchedule(start: start, earlyMinutes: 60, lateMinutes: 60))
        try await nina.sync.now()
        let theo = try await phone("theo")
        let (hers, his) = (try nina.visit(site.visit), try theo.visit(site.visit))
        let tasks = try await first(hers.planned)
        #expect(try await first(his.planned).map(\.id) == tasks.map(\.id))
        let task = try #require(tasks.first { $0.title == "Count the tablets" })
        #expect(task.instructions == "Both boxes" && task.status == .open)
        let done = TaskOutcome(status: .done, result: .pass)
        try await hers.setPlannedTask(task.id, done)
        try await his.setPlannedTask(task.id, done)
        let other = try #require(tasks.first { $0.id != task.id })
        try await hers.removePlannedTask(other.id)
        for phone in [nina, theo, nina] { try await phone.sync.now() }
        #expect(try await hers.conflicts().isEmpty)
        #expect(try await first(his.planned).first { $0.id == other.id }?.status == .removed)
        let state = try await plan.state()
        let kept = try #require(state.activities.first { $0.activity == task.activity })
        #expect(kept.counts.percent == 100 && kept.occurrences.count == 1)
        let day: Int64 = 86_400_000
        let counts = try await nina.adherenceBetween(fromMs: now() - day, untilMs: now() + day)
        #expect(counts.count >= 1 && counts.contains { $0.patient == site.patient && $0.counts.done + $0.counts.doneLate == 1 })
    }

    @Test("the screen makes a plan, says how a goal goes and gives the plan to a role")
    @MainActor
    func screen() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let model = try CarePlansModel(nina, site.patient, Formats(Locale(identifier: "es_US")), zone: "America/New_York")
        await model.choose().value
        let offer = try #require(model.state.templates.first { $0.template.contains("heart-failure") })
        await model.create(offer.template).value
        func card() -> PlanCard? { model.state.plans.first { $0.title == offer.title } }
        try await until("the plan") { card() != nil }
        let made = try #require(card())
        #expect(made.activities.first?.about.contains(.words(Words("rule_day"))) == true)
        await model.assign(made.id, .role(role: .aide)).value
        let goal = try #require(made.goals.first)
        await model.progress(made.id, goal.id, "improving", comment: "a pie").value
        try await until("the progress") { card()?.goals.first?.progress.first?.detail.contains(.text("a pie")) == true }
        #expect(card()?.assignee == .role(role: .aide))
        let activity = try #require(card()?.activities.first)
        await model.changeActivity(made.id, activity, title: activity.title, start: activity.start, rule: "FREQ=WEEKLY").value
        try await until("the rule") { card()?.activities.contains { $0.rule == "FREQ=WEEKLY" } == true }
        await model.dropActivity(made.id, activity.id, reason: "no quiere").value
        try await until("the end") { card()?.activities.contains { $0.resting } == true }
        #expect(model.state.problem == nil)
    }
}
