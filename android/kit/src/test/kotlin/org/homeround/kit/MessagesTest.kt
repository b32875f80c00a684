package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.HomeroundException
import org.homeround.core.MessagePriority
import org.homeround.core.NewMessage
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Messages within the team about a patient, over a real server process. */
class MessagesTest {
    @Test
    fun `a message written offline is read by a colleague, answered, and taken back`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val hers = nina.patient(site.patient)
            val theirs = theo.patient(site.patient)
            assertEquals("text", assertFailsWith<HomeroundException.Refused> { hers.sendMessage(NewMessage(" ", MessagePriority.ROUTINE)) }.field)
            hers.sendMessage(NewMessage("Her left leg is swollen.", MessagePriority.URGENT, visit = site.visit))
            for (phone in listOf(nina, theo)) assertEquals(0UL, phone.sync.now().rejected)
            val thread = theo.messageThreads.first().single()
            assertEquals(listOf(1U, 1U), listOf(thread.unread, thread.pressing))
            assertEquals("Nina Alvarez" to "Her left leg is swollen.", thread.last.by.name to thread.last.text)
            assertTrue(thread.patientName.isNotEmpty())
            assertNotNull(theirs.markMessagesRead())
            assertNull(theirs.markMessagesRead())
            val asked = theirs.messages.first().single()
            assertEquals(site.visit, asked.visit)
            val answer = theirs.sendMessage(NewMessage("I look after it at three.", MessagePriority.ROUTINE, replyTo = asked.id))
            for (phone in listOf(theo, nina)) assertEquals(0UL, phone.sync.now().rejected)
            val said = hers.messages.first()
            assertEquals(listOf("Her left leg is swollen.", "I look after it at three."), said.map { it.text })
            assertEquals(listOf("Theo Lindqvist"), said[0].readBy.map { it.by.name })
            assertTrue(said[1].unread)
            val entry = checkNotNull(answer.entry)
            assertEquals("by", assertFailsWith<HomeroundException.Refused> { hers.takeBackMessage(entry, "not hers") }.field)
            theirs.takeBackMessage(entry, "another patient")
            for (phone in listOf(theo, nina)) assertEquals(0UL, phone.sync.now().rejected)
            val gone = hers.messages.first()[1]
            assertEquals("another patient" to "", gone.takenBack?.reason to gone.text)
            assertEquals(0U, nina.messageThreads.first().single().unread)
        }
    }
}
