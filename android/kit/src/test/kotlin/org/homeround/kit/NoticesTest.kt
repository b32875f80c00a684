package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.HomeroundException
import org.homeround.core.NewNoticeWishes
import org.homeround.core.NotSent
import org.homeround.core.NoticeChannel
import org.homeround.core.NoticeKind
import org.homeround.core.NoticeState
import org.homeround.core.QuietHours
import org.homeround.core.WishedBy
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Notices to a patient, over a real server process that has nobody who delivers. */
class NoticesTest {
    @Test
    fun `a patient who agreed is told, and what became of it comes back`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val patient = phone.patient(site.patient)
            val visit = phone.visit(site.visit)
            assertNull(patient.noticeWishes.first())
            val unasked = visit.noticeDraft(NoticeKind.ON_MY_WAY)
            assertEquals(NotSent.NOT_ASKED, unasked.hindrance)
            assertEquals(
                "notice_wishes",
                assertFailsWith<HomeroundException.Refused> { visit.notify(NoticeKind.LATE, unasked.arrivesFromMs, unasked.arrivesUntilMs) }.field,
            )
            val wishes = NewNoticeWishes(true, WishedBy.PATIENT, NoticeChannel.EMAIL, "ana@", "es", QuietHours(0U, 0U))
            assertEquals("address", assertFailsWith<HomeroundException.Refused> { patient.setNoticeWishes(wishes) }.field)
            patient.setNoticeWishes(wishes.copy(address = "ana@example.org"))
            assertEquals("ana@example.org", patient.noticeWishes.first()?.address)
            val app = wishes.copy(channel = NoticeChannel.PUSH, address = "dYx3:APA91bH-token_of.an~app")
            patient.setNoticeWishes(app)
            assertEquals(NoticeChannel.PUSH, patient.noticeWishes.first()?.channel)
            patient.setNoticeWishes(wishes.copy(address = "ana@example.org"))

            val draft = visit.noticeDraft(NoticeKind.ON_MY_WAY)
            assertNull(draft.hindrance)
            assertTrue("está en camino" in draft.body, draft.body)
            visit.notify(draft.kind, draft.arrivesFromMs, draft.arrivesUntilMs)
            assertNull(visit.notices.first().single().delivery)
            assertEquals(0UL, phone.sync.now().rejected)
            // The test's server has no relay: it says so.
            val delivery = withTimeout(60_000) {
                while (visit.notices.first().single().delivery?.state != NoticeState.NOT_SENT) {
                    phone.sync.now()
                    delay(200)
                }
                assertNotNull(visit.notices.first().single().delivery)
            }
            assertEquals(NotSent.NO_PROVIDER, delivery.reason)
        }
    }
}
