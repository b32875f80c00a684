package org.homeround.ui

import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertEquals
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.MessagePriority
import org.homeround.core.NewMessage
import org.homeround.kit.Backend
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Messages by hand, over the real core, a real store and a real server. */
@OptIn(ExperimentalTestApi::class)
class MessageScreenTest {
    @Test
    fun `an urgent message is found from the day, read, answered for one person, and read marks are kept`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking {
                val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
                val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
                theo.patient(site.patient).sendMessage(NewMessage("New tips for the walker?", MessagePriority.URGENT))
                theo.sync.now()
                nina.sync.now()
                nina
            }
            backend.stop()
            val messages = { runBlocking { phone.patient(site.patient).messages.first() } }
            runComposeUiTest {
                setContent { Stage.Dressed(Look(language = "en")) { App(Shell(phone, Formats(Locale.US), "America/New_York", { now() })) } }
                press("Messages (1)")
                seen("1 urgent or for you")
                press("Read and answer")
                seen("New tips for the walker?")
                until("the read mark") { messages().none { it.unread } }
                press("Answer")
                enter("Message to the care team", "I bring them")
                press("For Theo Lindqvist")
                press("Send")
                until("the answer") { messages().size == 2 }
                val (asked, answer) = messages()
                assertEquals(asked.id, answer.replyTo)
                assertEquals(listOf("Theo Lindqvist"), answer.to.map { it.name })
                press("Take back")
                enter("Why it is taken back", "wrong patient")
                press("Take it back")
                seen("Taken back: wrong patient")
            }
        }
    }
}
