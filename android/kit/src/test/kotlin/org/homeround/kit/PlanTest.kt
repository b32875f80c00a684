package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.Assignee
import org.homeround.core.Coding
import org.homeround.core.HomeroundException
import org.homeround.core.NewPlan
import org.homeround.core.NotDoneReason
import org.homeround.core.OccurrenceState
import org.homeround.core.PlanSchedule
import org.homeround.core.PlannedStatus
import org.homeround.core.ProgressNote
import org.homeround.core.Role
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Care plans through the binding, over a real server process. */
class PlanTest {
    private suspend fun made(phone: Homeround, patient: String, template: String = "heart-failure"): String {
        val offer = phone.planTemplates("es").first { template in it.template }
        return phone.patient(patient).createPlan(NewPlan(offer.template, null, "es", phone.today().toString(), null, null))
    }

    @Test
    fun `a plan is made of a template, fitted to the patient, and is on a colleague's phone with all of it`(@TempDir folder: Path) =
        runBlocking<Unit> {
            Backend.inFolder(folder.resolve("server")).use { backend ->
                val site = backend.day()
                val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
                val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
                val id = made(nina, site.patient)
                val plan = nina.plan(id)
                val view = plan.view.first()
                assertEquals("Insuficiencia cardíaca: vigilarse a sí mismo", view.title)
                assertEquals("America/New_York", view.timeZone)
                val activity = view.activities.first { it.schedule?.rule == "FREQ=DAILY" }
                val daily = assertNotNull(activity.schedule)
                val yearly = daily.copy(rule = "FREQ=YEARLY")
                val refused = assertFailsWith<HomeroundException.Refused> { plan.setSchedule(activity.id, yearly) }
                assertEquals("rule", refused.field)
                plan.setSchedule(activity.id, daily.copy(rule = "FREQ=WEEKLY;BYDAY=MO,TH"))
                plan.assign(Assignee.Role(Role.NURSE))
                plan.assignActivity(activity.id, Assignee.Person(site.therapist, ""))
                plan.addGoal("Walks to church", "2030-01-01")
                val goal = view.goals.first().id
                plan.recordProgress(goal, ProgressNote("improving", null, 40u, 71.5, "kg", "slower"))
                for (phone in listOf(nina, theo)) assertEquals(0UL, phone.sync.now().rejected)
                val his = theo.plan(id).view.first()
                assertEquals("FREQ=WEEKLY;BYDAY=MO,TH", his.activities.single { it.id == activity.id }.schedule?.rule)
                assertEquals(Assignee.Person(site.therapist, "Theo Lindqvist"), his.activities.single { it.id == activity.id }.assignee)
                assertEquals(Assignee.Role(Role.NURSE), his.assignee)
                assertEquals("improving", his.goals.single { it.id == goal }.achievement)
                assertEquals(listOf(40u.toUByte() to "Nina Alvarez"), his.progress.map { it.percent to it.by.name })
                assertEquals(3, his.goals.size)
            }
        }

    @Test
    fun `what a plan asks for at a visit is done once by two, and is counted`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val id = made(nina, site.patient)
            nina.plan(id).addActivity(
                Coding("", "", "Count the tablets"), "Both boxes", PlanSchedule("${nina.today()}T09:30", null, emptyList(), 60u, 60u, null),
            )
            nina.sync.now()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val (hers, his) = nina.visit(site.visit) to theo.visit(site.visit)
            val asked = hers.planned.first()
            assertEquals(asked.map { it.id }, his.planned.first().map { it.id })
            val task = asked.single { it.title == "Count the tablets" }
            assertEquals("Both boxes" to PlannedStatus.OPEN, task.instructions to task.status)
            val silent = TaskOutcome(TaskStatus.NOT_DONE, null, null, null)
            assertEquals("reason", assertFailsWith<HomeroundException.Refused> { hers.setPlannedTask(task.id, silent) }.field)
            val done = TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null)
            hers.setPlannedTask(task.id, done)
            his.setPlannedTask(task.id, done)
            val other = asked.first { it.id != task.id }
            hers.removePlannedTask(other.id)
            for (phone in listOf(nina, theo, nina)) phone.sync.now()
            assertEquals(emptyList(), hers.read().conflicts)
            assertEquals(PlannedStatus.REMOVED, his.planned.first().single { it.id == other.id }.status)
            val plan = nina.carePlans(site.patient).first().single { it.view.id == id }
            val kept = plan.state.activities.single { it.activity == task.activity }
            assertTrue(kept.occurrences.single().state in setOf(OccurrenceState.DONE, OccurrenceState.DONE_LATE))
            assertEquals(100u.toUByte(), kept.counts.percent)
            val counts = nina.adherenceBetween(now() - 86_400_000, now() + 86_400_000).single { it.plan == id }.counts
            assertEquals(plan.state.counts.done + plan.state.counts.doneLate, counts.done + counts.doneLate)
        }
    }

    @Test
    fun `an occurrence is left out with a reason beside a visit, and an activity is dropped with one`(@TempDir folder: Path) =
        runBlocking<Unit> {
            Backend.inFolder(folder.resolve("server")).use { backend ->
                val site = backend.day()
                val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
                val plan = nina.plan(made(nina, site.patient))
                val state = plan.state(0, 7)
                val coming = state.activities.first { it.occurrences.isNotEmpty() }
                val one = coming.occurrences.first()
                plan.recordOccurrence(coming.activity, one.occurrence, false, NotDoneReason.HOSPITALISED)
                val said = plan.state(0, 7).activities.single { it.activity == coming.activity }
                assertEquals(1u, said.counts.excused)
                assertEquals(null, said.counts.percent)
                plan.dropActivity(coming.activity, "not wanted")
                assertEquals("stopped", plan.view.first().activities.single { it.id == coming.activity }.lifecycle)
                assertNotNull(plan.view.first().pauses.singleOrNull { it.reason == "not wanted" && it.resting })
            }
        }
}
