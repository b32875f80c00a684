package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.Administration
import org.homeround.core.Coding
import org.homeround.core.Finding
import org.homeround.core.Fix
import org.homeround.core.HomeroundException
import org.homeround.core.MedicationGivenEntry
import org.homeround.core.MedicationNotGivenEntry
import org.homeround.core.NewAttachment
import org.homeround.core.NewCorrection
import org.homeround.core.NotDoneReason
import org.homeround.core.SealCheck
import org.homeround.core.SyncState
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.TimelineQuery
import org.homeround.core.Unlock
import org.homeround.core.Upload
import org.homeround.core.VisitStatus
import org.homeround.core.Vitals
import org.homeround.core.VitalsEntry
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A day of two phones over a real server process. */
class DayTest {
    private val metformin = Coding("http://www.nlm.nih.gov/research/umls/rxnorm", "861007", "Metformin 500 mg")
    private val done = TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null)

    private fun vitals(pulse: Int) = VitalsEntry(now(), vitalsOf(pulse))

    private fun vitalsOf(pulse: Int) =
        Vitals(pulse.toUShort(), null, null, null, null, null, null, null, null)

    @Test
    fun `two phones work apart, meet again and show the same visit`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val today = nina.day(nina.today()).first()
            assertEquals(listOf(site.visit), today.visits.map { it.id })
            assertEquals(VisitStatus.SCHEDULED, today.visits.single().status)

            // Apart: both are offline.
            backend.stop()
            val hers = nina.visit(site.visit)
            hers.startTravel()
            hers.checkIn(Fix(42.3575, -71.0636, 12.0))
            hers.recordVitals(vitals(78))
            hers.medicationGiven(MedicationGivenEntry(null, metformin, 500.0, "mg", null))
            hers.medicationNotGiven(MedicationNotGivenEntry(null, metformin, NotDoneReason.REFUSED, "nausea"))
            hers.editNote("Wound clean and dry. ")
            val tasks = hers.read().tasks
            hers.setTask(tasks[0].id, done)
            hers.setOutcome("Dressing changed")
            val his = theo.visit(site.visit)
            his.editNote("Walked twenty metres. ")
            his.setTask(tasks[0].id, TaskOutcome(TaskStatus.DONE, TaskResult.FAIL, null, null))
            his.setTask(tasks[1].id, done)
            val offline = nina.sync.now()
            assertIs<SyncState.Waiting>(offline.ended)
            assertTrue(nina.sync.health.first().unsent >= 8UL)
        }
    }

    @Test
    fun `a disagreement shows both values until somebody settles it, then the visit is signed`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val hers = nina.visit(site.visit)
            val his = theo.visit(site.visit)
            hers.checkIn()
            val tasks = hers.read().tasks
            hers.setTask(tasks[0].id, done)
            hers.setTask(tasks[1].id, done)
            his.setTask(tasks[0].id, TaskOutcome(TaskStatus.DONE, TaskResult.FAIL, null, null))
            assertEquals(0UL, nina.sync.now().rejected)
            theo.sync.now()
            nina.sync.now()

            val conflict = hers.read().conflicts.single()
            assertEquals("tasks", conflict.section)
            assertEquals("result", conflict.name)
            assertEquals(setOf("pass", "fail"), conflict.values.map { it.text }.toSet())
            assertEquals(setOf("Nina Alvarez", "Theo Lindqvist"), conflict.values.map { it.by.name }.toSet())
            assertTrue(conflict.values.single { it.by.me }.text == "pass")
            assertEquals(1U, nina.day(nina.today()).first().visits.single().conflicts)
            hers.complete()
            val open = assertFailsWith<HomeroundException.ConflictsOpen> { hers.sign(Unlock.Pin(Backend.PIN)) }
            assertEquals(1UL, open.open)
            hers.settle(conflict.field, conflict.values.single { it.text == "pass" }.json)
            hers.sign(Unlock.Pin(Backend.PIN))
            assertIs<SealCheck.Holds>(hers.verify())
            assertEquals("Nina Alvarez", hers.read().signatures.single().by.name)

            nina.sync.now()
            theo.sync.now()
            assertEquals(hers.read().tasks, his.read().tasks)
            assertIs<SealCheck.Holds>(his.verify())
            val signed = assertFailsWith<HomeroundException.Signed> { his.recordVitals(vitals(80)) }
            assertEquals(site.visit, signed.visit)
            hers.amend("Pulse was noted on paper", "Pulse 80. ")
            hers.sign(Unlock.Pin(Backend.PIN))
            assertEquals(VisitStatus.AMENDED, hers.read().status)
        }
    }

    @Test
    fun `what was recorded reads back with units, names and corrections`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val visit = nina.visit(site.visit)
            visit.checkIn()
            val entry = Vitals(
                78U.toUShort(), 142U.toUShort(), 88U.toUShort(), 36.8, 97U.toUByte(), 16U.toUShort(), 71.5,
                110U.toUShort(), 3U.toUByte(),
            )
            val saved = visit.recordVitals(VitalsEntry(1_795_000_000_000, entry))
            val seen = visit.read().observations.single()
            assertEquals(entry, assertIs<Finding.Vitals>(seen.finding).vitals)
            assertEquals(1_795_000_000_000, seen.measuredAtMs)
            assertTrue(seen.by.me)
            visit.correct(NewCorrection("observations", saved.entry!!, null, "wrong patient"))
            assertEquals("wrong patient", visit.read().observations.single().corrected?.reason)
            visit.medicationNotGiven(MedicationNotGivenEntry(null, metformin, NotDoneReason.REFUSED, null))
            val given = visit.read().medications.single()
            assertEquals(NotDoneReason.REFUSED, assertIs<Administration.NotGiven>(given.given).reason)

            val patient = nina.patient(site.patient)
            assertEquals("Testina Ä. Probe", patient.read().name)
            assertTrue(patient.chart.first().allergies.any { it.allergy.code.text == "Allergy to penicillin" })
            assertTrue(patient.careTeams().isNotEmpty())
            val page = patient.timeline(TimelineQuery(resource = null, from = null, limit = 2U))
            assertEquals(2, page.entries.size)
            val rest = patient.timeline(TimelineQuery(resource = null, from = page.next, limit = 200U))
            assertTrue(rest.entries.none { it in page.entries })
            val plan = nina.plan(patient.plans().first { nina.plan(it).view.first().activities.isNotEmpty() })
            assertTrue(plan.view.first().title.isNotEmpty())
            assertTrue(nina.search("probe").isNotEmpty())
        }
    }

    @Test
    fun `a flow of the day and of a visit emits again when a colleague's edit arrives`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val watching = CompletableDeferred<Unit>()
            val arrived = async(Dispatchers.Default) {
                withTimeout(60_000) {
                    nina.visit(site.visit).view.first {
                        watching.complete(Unit)
                        it.note.contains("twenty metres")
                    }
                }
            }
            watching.await()
            nina.sync.start()
            theo.visit(site.visit).editNote("Walked twenty metres. ")
            theo.sync.now()
            assertEquals("Walked twenty metres. ", arrived.await().note)
            nina.sync.stop()
        }
    }

    @Test
    fun `a photo taken offline reaches the colleague`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val photo = byteArrayOf(-1, -40, -1, -32) + ByteArray(300_000) { (it % 251).toByte() }
            val new = NewAttachment("image/jpeg", "Left heel", null, byteArrayOf(1, 2, 3))
            val saved = nina.visit(site.visit).attach(new, photo)
            assertEquals(Upload.Pending, nina.visit(site.visit).attachments.first().single().upload)
            val report = nina.sync.now()
            assertEquals(1UL, report.attachmentsSent)
            theo.sync.now()
            val his = theo.visit(site.visit)
            assertEquals("Left heel", his.attachments.first().single().caption)
            val entry = checkNotNull(saved.entry)
            his.fetchAttachment(entry)
            assertTrue(photo.contentEquals(his.attachmentBytes(entry)))
        }
    }

    @Test
    fun `signing out with unsent work is refused until it is in escrow`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            nina.visit(site.visit).checkIn()
            val unsent = assertFailsWith<HomeroundException.Unsent> { nina.session.signOut() }
            assertEquals(1UL, unsent.count)
            val escrow = nina.session.escrow()
            nina.session.signOut(escrow.receipt)
            assertEquals(org.homeround.core.SessionState.NEW, nina.session.state())
        }
    }

    @Test
    fun `typing in a field becomes the one stretch that changed`() {
        assertEquals(NoteTyping(6, 0, "very "), NoteTyping.between("Wound dry", "Wound very dry"))
        assertEquals(NoteTyping(0, 9, ""), NoteTyping.between("Wound dry", ""))
        assertEquals(null, NoteTyping.between("same", "same"))
        // Places are code points: a smiley is one.
        assertEquals(NoteTyping(2, 0, "b"), NoteTyping.between("a🙂", "a🙂b"))
    }

    @Test
    fun `typing is moved over what somebody else typed meanwhile, and neither is lost`() {
        val base = "Wound dry"
        fun both(mine: String, theirs: String): String {
            val typed = NoteTyping.between(base, mine) ?: return theirs
            return (NoteTyping.between(base, theirs)?.let(typed::over) ?: typed).into(theirs)
        }
        assertEquals("🙂 Wound dry!", both("Wound dry!", "🙂 Wound dry"))
        assertEquals("A Wound dry, clean", both("A Wound dry", "Wound dry, clean"))
        // Both replaced the same stretch: the other's words stay, and mine come after them.
        assertEquals("Wound redwet", both("Wound wet", "Wound red"))
        // Mine is all gone but what stands before the other's words.
        assertEquals("Wound,", both("", "Wound, dry"))
    }
}
