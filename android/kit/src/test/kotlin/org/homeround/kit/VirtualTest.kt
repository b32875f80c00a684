package org.homeround.kit

import java.nio.file.Path
import java.util.Locale
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.ConsentDecision
import org.homeround.core.ConsentForm
import org.homeround.core.ConsentParty
import org.homeround.core.FallbackReason
import org.homeround.core.HomeroundException
import org.homeround.core.LobbyState
import org.homeround.core.LobbyStep
import org.homeround.core.NewConsent
import org.homeround.core.NoFix
import org.homeround.core.PhoneFallback
import org.homeround.core.ReportedBy
import org.homeround.core.VisitStatus
import org.homeround.kit.screens.Action
import org.homeround.kit.screens.ConsentEntry
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.VisitModel
import org.homeround.kit.screens.VitalField
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val LINK = "https://video.example.org/room/7?pwd=1"
private const val NUMBER = "+1 (617) 555-0123"

/** A virtual visit over the real core and a real server. */
class VirtualTest {
    @Test
    fun `consent, lobby and the fall-back to a phone call are noted offline and reach a colleague`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            backend.makeVirtual(site, LINK, NUMBER)
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            assertEquals(listOf(site.visit), nina.day(nina.today()).first().virtualVisits)
            val visit = nina.visit(site.visit)
            assertEquals(LINK, visit.joinUrl())
            fun refused(work: suspend () -> Unit) = assertFailsWith<HomeroundException.Refused> { runBlocking { work() } }.field
            assertEquals("virtual_visit", refused { visit.startTravel() })
            assertEquals("consent", refused { visit.checkIn() })
            val daughter = NewConsent(ConsentDecision.GIVEN, ConsentParty.REPRESENTATIVE, ConsentForm.WRITTEN)
            assertEquals("name", refused { visit.recordConsent(daughter) })
            visit.recordConsent(daughter.copy(name = "Ingrid"))
            visit.noteLobby(LobbyStep.WAITING)
            visit.checkIn()
            visit.noteLobby(LobbyStep.JOINED)
            assertEquals("comment", refused { visit.fallBackToPhone(PhoneFallback(FallbackReason.OTHER)) })
            val back = visit.fallBackToPhone(PhoneFallback(FallbackReason.NO_VIDEO))
            assertEquals(NUMBER to "tel:+16175550123", back.phone to back.phoneUrl)
            val stamp = assertNotNull(visit.read().presence.attendances.single().checkIn)
            assertEquals(NoFix.VIRTUAL to null, stamp.noFix to stamp.fix)
            for (phone in listOf(nina, theo)) assertEquals(0UL, phone.sync.now().rejected)
            val seen = assertNotNull(theo.visit(site.visit).read().virtualVisit)
            assertEquals("Ingrid" to "Nina Alvarez", seen.consent?.name to seen.consent?.by?.name)
            assertEquals(listOf(LobbyState.WAITING, LobbyState.JOINED, LobbyState.BY_PHONE), seen.lobby.map { it.state })
            assertEquals(FallbackReason.NO_VIDEO, seen.lobby.last().reason)
        }
    }

    @Test
    fun `the visit's screen asks for consent first, joins by the link, and marks what the patient told`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            backend.makeVirtual(site, LINK, NUMBER)
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val model = VisitModel(nina, site.visit, scope, Formats(Locale.US), ::now)
            val opened = CopyOnWriteArrayList<String>()
            val asked = model.state.first { it.call != null }
            assertEquals(emptyList(), asked.actions)
            assertEquals(ReportedBy.PATIENT, asked.vitals.reportedBy)
            model.join { opened += it }.join()
            model.consent(ConsentEntry(), true).join()
            model.state.first { Action.CHECK_IN in it.actions }
            model.take(Action.CHECK_IN).join()
            val begun = model.state.first { it.presence.isNotEmpty() }
            assertEquals(Words("consent_given"), begun.call?.consent?.words)
            model.typeVital(VitalField.PULSE, "88")
            model.typeDevice("Own watch")
            model.recordVitals().join()
            val told = model.state.first { it.findings.isNotEmpty() }.findings.single()
            assertEquals(Words("reported_patient"), told.reported)
            assertEquals(Words("news2_reported"), told.score?.reported)
            assertEquals(ReportedBy.PATIENT, model.state.value.vitals.reportedBy, "nobody in a call can measure")
            val kept = nina.visit(site.visit).read().observations.single()
            assertEquals("Own watch" to ReportedBy.PATIENT, kept.measured.device?.text to kept.measured.reportedBy)
            model.fallBack(FallbackReason.CONNECTION, "") { opened += it }.join()
            assertEquals(listOf(LINK, "tel:+16175550123"), opened)
            val rows = model.state.first { it.call?.rows.orEmpty().isNotEmpty() }.call?.rows
            assertEquals(Words("fallback_reason_connection"), rows?.single()?.reason)
            model.chooseTeller(null)
            model.typeVital(VitalField.PULSE, "90")
            model.recordVitals().join()
            val newest = model.state.first { it.findings.size == 2 }.findings.first()
            assertNull(newest.reported)
            assertTrue(nina.visit(site.visit).read().status == VisitStatus.IN_PROGRESS)
            scope.coroutineContext[Job]?.cancel()
        }
    }
}
