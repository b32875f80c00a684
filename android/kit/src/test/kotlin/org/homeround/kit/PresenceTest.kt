package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.homeround.core.HomeroundException
import org.homeround.core.NewPresenceReason
import org.homeround.core.NoFix
import org.homeround.core.PresenceCause
import org.homeround.core.PresenceReason
import org.homeround.core.PresenceState
import org.homeround.core.VisitStatus
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Who was in the home, over a real server process. */
class PresenceTest {
    @Test
    fun `a stamp without a place stops nothing, asks its author, and is explained later`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            backend.stop()
            val visit = nina.visit(site.visit)
            visit.checkIn(noFix = NoFix.TIMED_OUT)
            val waiting = visit.read()
            assertEquals(VisitStatus.IN_PROGRESS, waiting.status)
            assertTrue(waiting.presence.checkedIn)
            val stamp = checkNotNull(waiting.presence.attendances.single().checkIn)
            assertEquals(listOf(stamp.id), waiting.presence.reasonsNeeded)
            assertEquals(NoFix.TIMED_OUT, stamp.noFix)
            assertTrue(PresenceCause.NO_FIX in stamp.causes)
            val wordless = NewPresenceReason(stamp.id, PresenceReason.OTHER, null)
            assertEquals("comment", assertFailsWith<HomeroundException.Refused> { visit.explainPresence(wordless) }.field)
            visit.explainPresence(NewPresenceReason(stamp.id, PresenceReason.NO_COVERAGE, "In the cellar"))
            val told = visit.read().presence
            assertTrue(told.reasonsNeeded.isEmpty())
            val explained = checkNotNull(told.attendances.single().checkIn)
            assertEquals(PresenceState.EXPLAINED, explained.state)
            assertEquals(PresenceReason.NO_COVERAGE to "In the cellar", explained.reason to explained.comment)
        }
    }

    @Test
    fun `a colleague joins and leaves, and both phones show both`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val (hers, his) = nina.visit(site.visit) to theo.visit(site.visit)
            hers.checkIn()
            his.join(noFix = NoFix.DENIED)
            assertEquals("presence", assertFailsWith<HomeroundException.Refused> { his.join() }.field)
            assertEquals(VisitStatus.SCHEDULED, his.read().status)
            his.leave()
            for (phone in listOf(nina, theo, nina)) assertEquals(0UL, phone.sync.now().rejected)
            val both = hers.read().presence
            assertEquals(setOf("Nina Alvarez", "Theo Lindqvist"), both.attendances.map { it.by.name }.toSet())
            assertTrue(both.checkedIn)
            val there = his.read().presence
            assertFalse(there.checkedIn)
            assertEquals(both.attendances.map { it.checkIn?.id }, there.attendances.map { it.checkIn?.id })
        }
    }
}
