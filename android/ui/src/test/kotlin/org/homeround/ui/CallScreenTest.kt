package org.homeround.ui

import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import java.nio.file.Path
import java.util.Locale
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.test.assertEquals
import kotlinx.coroutines.runBlocking
import org.homeround.core.ConsentDecision
import org.homeround.core.FallbackReason
import org.homeround.core.LobbyState
import org.homeround.core.VisitStatus
import org.homeround.kit.Backend
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val LINK = "https://video.example.org/room/7"

/** The call of a virtual visit by hand, over the real core, a real store and a real server, without signal. */
@OptIn(ExperimentalTestApi::class)
class CallScreenTest {
    @Test
    fun `a virtual visit is seen on the day, joined by its link, agreed to, begun and gone on with by phone`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            backend.makeVirtual(site, LINK, "617 555 0123")
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            backend.stop()
            val opened = CopyOnWriteArrayList<String>()
            val visit = { runBlocking { phone.visit(site.visit).read() } }
            runComposeUiTest {
                val shell = Shell(phone, Formats(Locale.US), "America/New_York", { now() }, open = { opened += it })
                setContent { Stage.Dressed(Look(language = "en")) { App(shell) } }
                seen("Virtual")
                press("Testina Ä. Probe")
                press("Join the call")
                until("the link") { opened == listOf(LINK) }
                press("Agrees")
                until("the consent") { visit().virtualVisit?.consent?.decision == ConsentDecision.GIVEN }
                press("Check in")
                until("the beginning") { visit().status == VisitStatus.IN_PROGRESS }
                press("Both are in the call")
                until("the call") { visit().virtualVisit?.state == LobbyState.JOINED }
                press("Go on by phone")
                press("No sound")
                until("the phone") { opened.size == 2 }
                assertEquals("tel:6175550123", opened.last())
                assertEquals(FallbackReason.NO_SOUND, visit().virtualVisit?.lobby?.last()?.reason)
                assertEquals(VisitStatus.IN_PROGRESS, visit().status)
            }
        }
    }
}
