package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.Coding
import org.homeround.core.DuplicateWhy
import org.homeround.core.HandoverReason
import org.homeround.core.HandoverState
import org.homeround.core.HomeroundException
import org.homeround.core.NewVisit
import org.homeround.core.NotDoneReason
import org.homeround.core.UnplannedReason
import org.homeround.core.VisitStatus
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Visits made on the phone, there twice, and handed over, over a real server process. */
class WayTest {
    @Test
    fun `a visit made on the phone is worked on unsent, flagged, booked by the backend and called off as a double`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val booked = checkNotNull(nina.visit(site.visit).read().summary)
            val new = NewVisit(site.patient, Coding("", "", "Wound care"), UnplannedReason.REQUESTED, null, booked.startMs, 30U)
            assertEquals("minutes", assertFailsWith<HomeroundException.Refused> { nina.newVisit(new.copy(minutes = 721U)) }.field)
            val made = nina.visit(nina.newVisit(new).visit)
            made.editNote("Dressing renewed.")
            val day = nina.day(nina.today()).first()
            assertTrue(made.id in day.visits.map { it.id })
            assertEquals(setOf(made.id, site.visit), day.likelyDuplicates.toSet())
            val twin = made.way.first().likelyDuplicates.single()
            assertEquals(site.visit to DuplicateWhy.SAME_TIME, twin.other.id to twin.why)
            for (phone in listOf(nina, theo)) assertEquals(0UL, phone.sync.now().rejected)
            val there = theo.visit(made.id)
            assertEquals("Dressing renewed.", there.read().note)
            val unplanned = checkNotNull(there.way.first().unplanned)
            assertEquals("Nina Alvarez" to UnplannedReason.REQUESTED, unplanned.by.name to unplanned.reason)
            assertEquals(listOf("Nina Alvarez"), there.read().summary?.assignees?.map { it.name })
            there.sameVisit(site.visit, "Booked already")
            for (phone in listOf(theo, nina)) assertEquals(0UL, phone.sync.now().rejected)
            val read = made.read()
            assertEquals(VisitStatus.CANCELED, read.status)
            assertEquals(NotDoneReason.DUPLICATE, read.steps.last().reason)
            assertEquals("Dressing renewed.", read.note)
            assertEquals(site.visit, made.way.first().duplicateOf)
            assertTrue(nina.day(nina.today()).first().likelyDuplicates.isEmpty())
        }
    }

    @Test
    fun `a visit is handed to a colleague unsent, and the backend books the colleague`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val visit = nina.visit(site.visit)
            val to = checkNotNull(visit.colleagues().single { it.name == "Theo Lindqvist" }.person)
            assertEquals("comment", assertFailsWith<HomeroundException.Refused> { visit.handOver(to, HandoverReason.OTHER) }.field)
            visit.editNote("Key is under the mat.")
            assertEquals(2UL, visit.handOver(to, HandoverReason.ILLNESS, "Fever").unsent)
            assertEquals(HandoverState.WAITING, visit.way.first().handover?.state)
            for (phone in listOf(nina, theo, nina)) assertEquals(0UL, phone.sync.now().rejected)
            val given = checkNotNull(theo.visit(site.visit).way.first().handover)
            assertEquals(HandoverState.DONE to "Fever", given.state to given.comment)
            assertEquals("Nina Alvarez" to HandoverReason.ILLNESS, given.by.name to given.reason)
            assertEquals(listOf("Theo Lindqvist"), theo.visit(site.visit).read().summary?.assignees?.map { it.name })
            assertNull(nina.day(nina.today()).first().visits.find { it.id == site.visit })
            assertTrue(nina.handOverDay(nina.today(), to, HandoverReason.ILLNESS).isEmpty(), "nothing of her own is left")
        }
    }
}
